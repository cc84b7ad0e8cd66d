//! Nothing is lost: `--fix --yes` and `undo` killed at every step and at random times, over random caches with foreign
//! files, links that lead out, parts that are read-only, and a live downloader.
//!
//! `HFDOCTOR_KILLS` says how many processes are killed (60 otherwise), `HFDOCTOR_SEED` where the random numbers begin.
#![cfg(unix)]

mod fix_support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fix_support::*;
use hfdoctor::fix::consent::Yes;
use hfdoctor::fix::{Engine, Error, Undoing};
use hfdoctor_core::diagnosis::Action;
use sha2::{Digest, Sha256};

const TOKEN: &str = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz01234567";

/// Small, and the same everywhere for the same seed.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from_digit(u32::try_from(self.below(16)).unwrap(), 16).unwrap()).collect()
    }

    fn bytes(&mut self) -> Vec<u8> {
        (0..self.below(300)).map(|_| u8::try_from(self.below(256)).unwrap()).collect()
    }
}

/// A random cache, what the fixes are to do to it, and what must not change whatever happens.
struct Scene {
    place: Place,
    actions: Vec<Vec<Action>>,
    /// Whole and foreign files, which stay where they are.
    sacred: BTreeMap<PathBuf, Vec<u8>>,
    /// Files that fixes may move, wherever they lie meanwhile.
    movable: Vec<(PathBuf, Vec<u8>)>,
    /// Unfinished downloads that fixes may delete for good.
    useless: Vec<PathBuf>,
    /// A file that a live downloader holds.
    growing: PathBuf,
    locked: PathBuf,
}

fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn scene(seed: u64) -> Scene {
    let mut random = Random(seed);
    let place = Place::in_memory();
    let hub = place.hub();
    let outside = place.dir.path().join("outside");
    let mut sacred = BTreeMap::new();
    let mut movable = Vec::new();
    let mut targets = Vec::new();
    let mut grant = Vec::new();
    let mut useless = Vec::new();
    let mut discard = Vec::new();
    let put = |path: PathBuf, bytes: Vec<u8>| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &bytes).unwrap();
        (path, bytes)
    };
    sacred.extend([put(outside.join("theirs.incomplete"), random.bytes()), put(hub.join("notes.txt"), random.bytes())]);
    for repository in 0..=random.below(3) {
        let folder = hub.join(format!("models--org--r{repository}"));
        let (blobs, snapshot) = (folder.join("blobs"), folder.join("snapshots").join(random.hex(40)));
        fs::create_dir_all(&snapshot).unwrap();
        for number in 0..=random.below(3) {
            let bytes = random.bytes();
            let blob = blobs.join(sha256(&bytes));
            symlink(&blob, snapshot.join(format!("whole-{number}"))).unwrap();
            sacred.extend([put(blob.clone(), bytes)]);
            // A check that is wrong about a whole file must not cost it.
            if random.chance(30) {
                targets.push(blob);
            }
        }
        for _ in 0..=random.below(5) {
            let name = match random.below(3) {
                0 => format!("{}.incomplete", random.hex(64)),
                1 => format!("{}.{}.incomplete", random.hex(40), random.hex(8)),
                _ => random.hex(64),
            };
            let (path, bytes) = put(blobs.join(name), random.bytes());
            if random.chance(20) {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
                grant.push(path.clone());
            }
            movable.push((path.clone(), bytes));
            targets.push(path);
        }
        for _ in 0..random.below(3) {
            let name = format!("{}.{}.incomplete", random.hex(64), random.hex(8));
            let (path, _) = put(blobs.join(name), random.bytes());
            useless.push(path.clone());
            discard.push(path);
        }
        // Named unfinished, and whole: as a crash just before the last rename leaves it.
        if random.chance(50) {
            let bytes = random.bytes();
            let path = blobs.join(format!("{}.{}.incomplete", sha256(&bytes), random.hex(8)));
            sacred.extend([put(path.clone(), bytes)]);
            discard.push(path);
        }
        if random.chance(50) {
            let broken = snapshot.join("broken");
            symlink(blobs.join(random.hex(64)), &broken).unwrap();
            targets.push(broken);
        }
        if random.chance(40) {
            sacred.extend([put(folder.join("mine/readme"), random.bytes())]);
        }
        if random.chance(40) {
            symlink(&outside, folder.join("out")).unwrap();
            targets.push(folder.join("out/theirs.incomplete"));
        }
        if random.chance(30) {
            fs::set_permissions(&blobs, fs::Permissions::from_mode(0o555)).unwrap();
        }
    }
    // The live downloader: its file is open and grows, its lock is held.
    let etag = random.hex(64);
    let growing = hub.join(format!("models--org--live/blobs/{etag}.incomplete"));
    put(growing.clone(), b"begun".to_vec());
    let (locked, locked_bytes) =
        put(hub.join("models--org--live/blobs").join(format!("{}.incomplete", random.hex(40))), random.bytes());
    let stem = locked.file_stem().unwrap().to_str().unwrap().to_owned();
    put(hub.join(format!(".locks/models--org--live/{stem}.lock")), Vec::new());
    sacred.insert(locked.clone(), locked_bytes);
    targets.extend([growing.clone(), locked.clone()]);
    // A check that is wrong about what is whole, foreign or in use must not cost it.
    discard.extend(sacred.keys().cloned());
    discard.push(growing.clone());

    put(place.home().join(".bashrc"), b"# mine\nexport HF_HUB_OFFLINE=1\nalias l=ls".to_vec());
    if random.chance(50) {
        put(place.home().join(".profile"), b"umask 022\n".to_vec());
    }
    put(place.home().join(".cache/huggingface/token"), format!("\"{TOKEN}\"\n").into_bytes());
    put(place.home().join("pip.conf"), b"index = a\ntimeout = 1\n".to_vec());
    if random.chance(50) {
        put(place.home().join(".config/hfdoctor/env.sh"), b"# mine\nexport OLD='1'\n".to_vec());
    }
    let mut actions = vec![
        vec![Action::Quarantine { root: hub.clone(), paths: targets }],
        vec![Action::GrantOwner { root: hub.clone(), paths: grant }],
        vec![Action::Discard { root: hub, paths: discard }],
        vec![unset("HF_HUB_OFFLINE"), set("HF_ENDPOINT", "https://it's.example")],
        vec![Action::CleanToken { path: place.home().join(".cache/huggingface/token") }],
        vec![Action::EditFile { path: place.home().join("pip.conf"), from: "= 1".into(), to: "= 60".into() }],
    ];
    for at in (1..actions.len()).rev() {
        actions.swap(at, usize::try_from(random.below(at as u64 + 1)).unwrap());
    }
    fs::write(place.dir.path().join("actions.json"), serde_json::to_vec(&actions).unwrap()).unwrap();
    Scene { place, actions, sacred, movable, useless, growing, locked }
}

/// Content of every file and mode of every file and folder that is not the engine's own.
fn state(scene: &Scene) -> BTreeMap<PathBuf, (Vec<u8>, u32)> {
    let found = scene.place.contents();
    found
        .into_iter()
        .filter(|(path, _)| *path != scene.growing && !scene.useless.contains(path))
        .map(|(path, bytes)| {
            let metadata = fs::symlink_metadata(&path).unwrap();
            let mode = if metadata.is_symlink() { 0 } else { metadata.mode() };
            (path, (bytes, mode))
        })
        .collect()
}

/// Holds what a live downloader holds, and writes to it, until dropped.
struct Downloader {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<u64>>,
    growing: PathBuf,
    inode: u64,
    _lock: fs::File,
}

impl Downloader {
    fn start(scene: &Scene) -> Downloader {
        let stem = scene.locked.file_stem().unwrap().to_str().unwrap();
        let lock = fs::File::open(scene.place.hub().join(format!(".locks/models--org--live/{stem}.lock"))).unwrap();
        lock.lock().unwrap();
        let mut file = fs::OpenOptions::new().append(true).open(&scene.growing).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let inode = file.metadata().unwrap().ino();
        let thread = std::thread::spawn(move || {
            let mut written = 5;
            while !told.load(Ordering::Relaxed) {
                file.write_all(b"x").unwrap();
                written += 1;
                std::thread::sleep(Duration::from_micros(300));
            }
            written
        });
        Downloader { stop, thread: Some(thread), growing: scene.growing.clone(), inode, _lock: lock }
    }

    /// Ends the download: its file must still be the one, with every byte.
    fn end(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let written = self.thread.take().unwrap().join().unwrap();
        let found = fs::metadata(&self.growing).expect("the live download's file is gone");
        assert_eq!((found.ino(), found.len()), (self.inode, written));
    }
}

/// A process that applies or takes back, as this test's own executable.
fn process(scene: &Scene, role: &str, die_at: Option<usize>) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env("HFDOCTOR_TEST_DIR", scene.place.dir.path())
        .env("HFDOCTOR_TEST_ROLE", role)
        .env("HFDOCTOR_TEST_DIE_AT", die_at.map(|at| at.to_string()).unwrap_or_default())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until a process has begun with its work.
fn wait_until_ready(child: &mut Child) {
    let lines = BufReader::new(child.stderr.as_mut().unwrap()).lines();
    lines.map_while(Result::ok).find(|line| line.contains("ready"));
}

#[test]
#[ignore = "no test of its own: the process that the tests beside it start and kill"]
fn child() {
    let Some(dir) = std::env::var_os("HFDOCTOR_TEST_DIR").map(PathBuf::from) else { return };
    let mut world = world_in(&dir, "bash");
    let die_at: Option<usize> = std::env::var("HFDOCTOR_TEST_DIE_AT").ok().and_then(|at| at.parse().ok());
    let reached = AtomicUsize::new(0);
    world.fault = Some(Box::new(move |_| {
        if Some(reached.fetch_add(1, Ordering::Relaxed)) == die_at {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
        }
        Ok(())
    }));
    let engine = Engine::new(world);
    let names = ["one", "two", "three", "four", "five", "six"];
    let actions: Vec<Vec<Action>> = serde_json::from_slice(&fs::read(dir.join("actions.json")).unwrap()).unwrap();
    let causes: Vec<_> = names.into_iter().zip(actions).map(|(name, actions)| cause(name, actions)).collect();
    let plan = engine.plan(&causes);
    eprintln!("ready");
    let result = match std::env::var("HFDOCTOR_TEST_ROLE").as_deref() {
        Ok("apply") => engine.apply(&plan, &mut Yes).map(drop),
        Ok("purge") => engine.purge(None).map(drop),
        _ => engine.undo(None).map(drop),
    };
    assert!(matches!(result, Ok(()) | Err(Error::Busy { .. } | Error::NoRun { .. })), "{result:?}");
}

/// What holds at every moment, however a process ended.
fn nothing_is_lost(scene: &Scene, when: &str) {
    for (path, bytes) in &scene.sacred {
        assert_eq!(fs::read(path).ok().as_ref(), Some(bytes), "{when}: {}", path.display());
    }
    let everything = scene.place.contents();
    for (path, bytes) in &scene.movable {
        let name = path.file_name().unwrap();
        let kept = everything.iter().any(|(found, content)| found.file_name() == Some(name) && content == bytes);
        assert!(kept, "{when}: {} is gone", path.display());
    }
    let read = |path: &str| fs::read_to_string(scene.place.home().join(path)).unwrap();
    let token = read(".cache/huggingface/token");
    assert!([TOKEN.to_owned(), format!("\"{TOKEN}\"\n")].contains(&token), "{when}: token file");
    assert!(["index = a\ntimeout = 1\n", "index = a\ntimeout = 60\n"].contains(&read("pip.conf").as_str()), "{when}");
    assert!(read(".bashrc").contains("export HF_HUB_OFFLINE=1\nalias l=ls"), "{when}");
}

/// Takes everything back in this process: the state from before must be there again.
fn take_all_back(scene: &Scene, before: &BTreeMap<PathBuf, (Vec<u8>, u32)>, when: &str) {
    let engine = Engine::new(world_in(scene.place.dir.path(), "bash"));
    for _ in 0..10 {
        match engine.undo(None) {
            Ok(report) => {
                let bad = report.changes.iter().find(|change| change.outcome == Undoing::CouldNot);
                assert!(bad.is_none() && report.damaged == 0, "{when}: {report:?}");
            }
            Err(Error::NoRun { .. }) => break,
            Err(error) => panic!("{when}: {error}"),
        }
    }
    let after = state(scene);
    let differs: Vec<&Path> = before
        .keys()
        .chain(after.keys())
        .filter(|path| before.get(*path) != after.get(*path))
        .map(PathBuf::as_path)
        .collect();
    assert!(differs.is_empty(), "{when}: {differs:?}");
}

fn open_read_only_parts(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir() && !path.is_symlink()) {
        let _ = fs::set_permissions(&path, fs::Permissions::from_mode(0o755));
        open_read_only_parts(&path);
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn killed_at_any_time_nothing_is_lost_and_undo_brings_the_old_state() {
    let wanted = number("HFDOCTOR_KILLS", 60);
    let first = number("HFDOCTOR_SEED", 1);
    let (mut kills, mut seed) = (0, first);
    let mut by_step = 0;
    let mut deleted = 0;
    let mut usual = Duration::from_millis(20);
    while kills < wanted {
        assert!(seed < first + wanted * 4 + 40, "only {kills} of {wanted} processes could be killed");
        let mut random = Random(seed ^ 0x00C0_FFEE);
        let scene = scene(seed);
        let when = format!("seed {seed}");
        let before = state(&scene);
        let downloader = Downloader::start(&scene);
        let mut roles = vec!["apply"];
        if random.chance(50) {
            roles.push("undo");
        }
        if random.chance(25) {
            roles.push("apply");
        }
        for role in roles {
            let at_step = random.chance(50).then(|| usize::try_from(random.below(90)).unwrap());
            let mut child = process(&scene, role, at_step);
            // Now and then a second one meets the first.
            let second = random.chance(20).then(|| process(&scene, role, None));
            wait_until_ready(&mut child);
            let begun = Instant::now();
            if at_step.is_none() {
                let pause = random.below(u64::try_from(usual.as_micros()).unwrap());
                std::thread::sleep(Duration::from_micros(pause));
                let _ = child.kill();
            }
            let status = child.wait().unwrap();
            if status.signal() == Some(9) {
                kills += 1;
                by_step += u64::from(at_step.is_some());
            } else {
                assert!(status.success(), "{when}: {role}: {status}");
                usual = (begun.elapsed() + usual) / 2;
            }
            if let Some(mut second) = second {
                assert!(second.wait().unwrap().success(), "{when}: the second one");
            }
            nothing_is_lost(&scene, &when);
        }
        downloader.end();
        // The engine looks at lock files alone now; what the downloader held is sacred all the same.
        take_all_back(&scene, &before, &when);
        nothing_is_lost(&scene, &when);
        assert!(!scene.actions.is_empty());
        deleted += scene.useless.iter().filter(|path| !path.exists()).count();
        open_read_only_parts(scene.place.dir.path());
        seed += 1;
    }
    assert!(deleted > 0 || wanted < 20, "no run came so far as to delete what is useless");
    eprintln!(
        "{kills} processes killed, {by_step} of them at a chosen step, over {} random caches; {deleted} useless files deleted",
        seed - first
    );
}

#[test]
fn killed_while_it_purges_only_what_was_moved_aside_is_gone() {
    let wanted = number("HFDOCTOR_KILLS", 60).div_ceil(5);
    let first = number("HFDOCTOR_SEED", 1);
    let (mut kills, mut seed, mut purged) = (0, first, 0);
    while kills < wanted {
        assert!(seed < first + wanted * 6 + 40, "only {kills} of {wanted} processes could be killed");
        let mut random = Random(seed ^ 0x00DE_CADE);
        let scene = scene(seed);
        let when = format!("seed {seed}");
        let before = state(&scene);
        let downloader = Downloader::start(&scene);
        let engine = Engine::new(world_in(scene.place.dir.path(), "bash"));
        assert!(process(&scene, "apply", None).wait().unwrap().success(), "{when}");
        let held: Vec<PathBuf> =
            engine.runs().iter().flat_map(|run| &run.quarantined).map(|one| one.from.clone()).collect();
        let at_step = random.chance(70).then(|| usize::try_from(random.below(held.len() as u64 + 1)).unwrap());
        let mut child = process(&scene, "purge", at_step);
        let second = random.chance(20).then(|| process(&scene, "purge", None));
        wait_until_ready(&mut child);
        if at_step.is_none() {
            std::thread::sleep(Duration::from_micros(random.below(4000)));
            let _ = child.kill();
        }
        kills += u64::from(child.wait().unwrap().signal() == Some(9));
        if let Some(mut second) = second {
            assert!(second.wait().unwrap().success(), "{when}: the second one");
        }
        // What was cut off is finished, and nothing but what was moved aside is gone.
        for purge in engine.purge(None).unwrap() {
            assert_eq!(purge.could_not, [], "{when}");
        }
        assert!(engine.runs().iter().all(|run| run.quarantined.is_empty()), "{when}");
        for (path, bytes) in &scene.sacred {
            assert_eq!(fs::read(path).ok().as_ref(), Some(bytes), "{when}: {}", path.display());
        }
        downloader.end();
        let kept: BTreeMap<PathBuf, (Vec<u8>, u32)> =
            before.into_iter().filter(|(path, _)| !held.contains(path)).collect();
        take_all_back(&scene, &kept, &when);
        purged += held.len();
        open_read_only_parts(scene.place.dir.path());
        seed += 1;
    }
    assert!(purged > 0, "nothing was ever in quarantine");
    eprintln!(
        "{kills} purging processes killed over {} random caches; {purged} quarantined paths deleted",
        seed - first
    );
}
