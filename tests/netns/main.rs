//! The network with real parts: each file below `worlds/` describes two network namespaces, one with a Hub, a resolver
//! and what else a network has, one with a person's machine. The real Python client and the built program run in the
//! second: where a cause is expected the client fails, the program names the cause first, without a log and with the
//! client's own, and what it advises makes the client succeed; elsewhere both find nothing wrong.
//!
//! Needs root, iproute2, nftables, dnsmasq and a Python with huggingface_hub in `HFDOCTOR_CLIENT_PYTHON`, and for some
//! worlds tinyproxy, mitmdump and libfaketime. What is not there is left out, and said. No packet leaves the namespaces.

mod far;
mod parts;
mod people;
mod space;
mod world;

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};

use self::far::FarSide;
use self::parts::Parts;
use self::people::{Outcome, Person};
use self::space::Space;
use self::world::World;

fn main() {
    // The same program, started anew within the far namespace, is the Hub there.
    if std::env::var_os(far::ROLE).is_some() {
        return far::serve();
    }
    let mut arguments = Arguments::from_args();
    // Most of a world's time is waiting for something that never answers.
    arguments.test_threads = arguments.test_threads.or(Some(6));
    let parts = Parts::find();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/netns/worlds");
    let worlds = World::all(&root).expect("the worlds can be read");
    if parts.usable() && !arguments.list {
        space::sweep();
    }
    let trials = worlds
        .into_iter()
        .map(|(name, world)| {
            if let Some(lacking) = parts.lacking(&world) {
                // Said loudly: a world that cannot be made has proved nothing.
                eprintln!("LEFT OUT: {name}: {lacking}");
                return Trial::test(name, || Ok(())).with_ignored_flag(true);
            }
            let parts = parts.clone();
            Trial::test(name.clone(), move || run(&name, &world, &parts))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn run(name: &str, world: &World, parts: &Parts) -> Result<(), Failed> {
    let space = Space::new()?;
    let far = FarSide::start(world, &space, parts)?;
    let person = Person::new(world, &space, &far, parts)?;
    let client = person.download(&[])?;
    let mut wrong = Vec::new();
    let should_work = world.client_works.unwrap_or(world.first.is_none());
    if client.success != should_work {
        wrong.push(format!("the client ended well: {}, expected: {should_work}", client.success));
    }
    let log = (!client.success).then_some(client.stderr.as_str());
    let (plain, logged) = std::thread::scope(|scope| {
        let logged = log.map(|log| scope.spawn(|| person.ask(Some(log))));
        let plain = person.ask(None);
        (plain, logged.map(|handle| handle.join().expect("it does not panic")))
    });
    let mut told = Vec::new();
    let (plain, logged) = (plain?, logged.transpose()?);
    for (when, outcome) in [("without a log", Some(&plain)), ("with the client's log", logged.as_ref())] {
        let Some(outcome) = outcome else { continue };
        told.push(format!("{when}: {} in {:.1} s", outcome.first().unwrap_or("no cause"), outcome.seconds));
        wrong.extend(judge(world, outcome).into_iter().map(|what| format!("{when}: {what}")));
    }
    if let Some(remedy) = &world.remedy {
        let commands = plain.commands(remedy);
        if commands.is_empty() {
            wrong.push(format!("no fix `{remedy}` with a command is named"));
        } else {
            let again = person.download(&world.completed(&commands))?;
            told.push(format!("after `{}` the client works: {}", commands.join("; "), again.success));
            if !again.success {
                wrong.push(format!("after {commands:?} the client still fails:\n{}", again.stderr));
            }
        }
    }
    eprintln!("{name}: client works: {}; {}", client.success, told.join("; "));
    if wrong.is_empty() {
        return Ok(());
    }
    let reports = [Some(&plain), logged.as_ref()].into_iter().flatten().map(|outcome| outcome.page.as_str());
    let reports: Vec<&str> = reports.collect();
    let far = far.said();
    Err(format!(
        "{}\n--- the client ---\n{}\n--- the program ---\n{}\n--- the far side ---\n{far}",
        wrong.join("\n"),
        client.stderr,
        reports.join("\n")
    )
    .into())
}

/// What differs from what the world expects.
fn judge(world: &World, outcome: &Outcome) -> Vec<String> {
    let mut wrong = Vec::new();
    let expected = world.first.as_deref();
    if outcome.first() != expected {
        wrong.push(format!("the first cause is {:?}, expected: {expected:?}", outcome.first()));
    }
    let code = i32::from(expected.is_some());
    if outcome.code != Some(code) {
        wrong.push(format!("the exit code is {:?}, expected: {code}", outcome.code));
    }
    wrong
}
