//! Variables in the start-up files of every shell.

use super::*;

#[test]
fn a_variable_is_set_for_new_shells_and_taken_back() {
    let place = Place::new();
    place.write(".bashrc", "alias ll='ls -l'");
    place.write(".profile", "umask 022\n");
    let before = place.contents();
    let engine = place.engine();
    let applied = apply(&engine, vec![set("HF_ENDPOINT", "https://it's.example")]);
    assert_eq!(applied.outcome, Outcome::Applied);
    assert_eq!(applied.shell_lines, [r"export HF_ENDPOINT='https://it'\''s.example'"]);
    assert!(place.read(".config/hfdoctor/env.sh").contains("export HF_ENDPOINT="));
    for file in [".bashrc", ".profile"] {
        assert_eq!(place.read(file).matches("hfdoctor/env.sh").count(), 2, "one line that names the file twice");
    }
    // A second time nothing is written.
    let again = apply(&engine, vec![set("HF_ENDPOINT", "https://it's.example")]);
    assert!(skipped(&again).contains("nothing"), "{again:?}");
    undo(&engine);
    assert_eq!(place.contents(), before);
}

#[cfg(unix)]
#[test]
fn a_fresh_shell_has_the_variable() {
    let place = Place::new();
    place.write(".bashrc", "export HF_HUB_OFFLINE=1\n");
    apply(&place.engine(), vec![set("HF_ENDPOINT", "https://a b"), unset("HF_HUB_OFFLINE")]);
    for arguments in [&["-lc"][..], &["-ic"]] {
        let output = std::process::Command::new("bash")
            .args(arguments)
            .arg("printf '%s|%s' \"$HF_ENDPOINT\" \"${HF_HUB_OFFLINE-none}\"")
            .env_clear()
            .env("HOME", place.home())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .output();
        let Ok(output) = output else { return };
        assert_eq!(String::from_utf8_lossy(&output.stdout), "https://a b|none", "{arguments:?}");
    }
}

/// What a fresh interactive bash has, in a home whose `.bashrc` has set the variable by way of another file.
#[cfg(unix)]
fn in_bash(place: &Place) -> Option<String> {
    in_shell(place, "bash", &["-ic", "printf %s \"${HF_HUB_OFFLINE-none}\""])
}

#[cfg(unix)]
#[test]
fn a_fresh_bash_whose_file_is_left_early_has_the_variable_all_the_same() {
    for ending in [
        "return 0\n",
        "return 0\n# behind it\nexport HF_HUB_OFFLINE=1\n",
        "[ -n \"$PS1\" ] && return\n",
        "[ -n \"$AGAIN\" ] || AGAIN=1 exec bash --norc -ic \"$BASH_EXECUTION_STRING\"\n",
        "if [ -z \"$AGAIN\" ]; then\n  export AGAIN=1\n  exec bash --norc -ic \"$BASH_EXECUTION_STRING\"\nfi\n",
        "case $- in\n  *i*) ;;\n  *) return;;\nesac\nf() {\n  return 1\n}\n",
    ] {
        let place = Place::new();
        let rc = format!(". ~/.hfenv\n{ending}");
        place.write(".bashrc", &rc);
        place.write(".hfenv", "HF_HUB_OFFLINE=1; export HF_HUB_OFFLINE\n");
        let engine = place.engine();
        match in_bash(&place) {
            Some(before) => assert_eq!(before, "1", "{ending}"),
            None => return,
        }
        let applied = apply(&engine, vec![unset("HF_HUB_OFFLINE")]);
        assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
        assert_eq!(in_bash(&place).as_deref(), Some("none"), "{ending}");
        undo(&engine);
        assert_eq!(place.read(".bashrc"), rc);
    }
}

#[cfg(unix)]
#[test]
fn what_could_not_work_in_a_new_shell_is_not_begun() {
    for (rc, linked, says) in [
        (". ~/.hfenv\nreadonly HF_HUB_OFFLINE=1\nexport HF_HUB_OFFLINE\n", false, "~/.bashrc:2 makes"),
        ("declare -rx HF_HUB_OFFLINE=1\n", false, "~/.bashrc:1 makes"),
        (". ~/.hfenv\nif true; then\n", false, "never closed"),
        ("export HF_HUB_OFFLINE=1\n", true, "unset HF_HUB_OFFLINE"),
    ] {
        let place = Place::new();
        let path = place.write(".bashrc", rc);
        if linked {
            fs::hard_link(path, place.home().join("dotfiles")).unwrap();
        }
        let before = place.contents();
        let applied = apply(&place.engine(), vec![unset("HF_HUB_OFFLINE")]);
        assert!(skipped(&applied).contains(says), "{applied:?}");
        assert!(applied.variables.is_empty() && applied.undo.is_none(), "{applied:?}");
        assert_eq!(place.contents(), before);
    }
}

#[cfg(unix)]
#[test]
fn a_login_file_that_cannot_be_edited_keeps_no_other_shell_from_having_it() {
    let place = Place::new();
    place.write(".bashrc", "export HF_HUB_OFFLINE=1\n");
    let login = place.write(".profile", ". ~/.bashrc\n");
    fs::hard_link(login, place.home().join("dotfiles")).unwrap();
    let applied = apply(&place.engine(), vec![unset("HF_HUB_OFFLINE")]);
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    assert!(in_bash(&place).is_none_or(|now| now == "none"));
}

#[cfg(unix)]
#[test]
fn a_home_that_does_not_exist_is_not_made() {
    let place = Place::new();
    let mut world = place.world();
    let missing = place.home().join("missing");
    (world.home, world.config_dir) = (missing.clone(), missing.join(".config"));
    world.state_dir = missing.join(".local/state/hfdoctor");
    let engine = Engine::new(world);
    let refused = engine.apply(&plan_of(&engine, vec![set("A", "1")]), &mut Yes).unwrap_err();
    assert!(refused.to_string().contains("does not exist"), "{refused}");
    // The journal has a place elsewhere; the start-up files have none.
    let mut world = place.world();
    (world.home, world.config_dir) = (missing.clone(), missing.join(".config"));
    let applied = apply(&Engine::new(world), vec![set("A", "1")]);
    assert!(skipped(&applied).contains("does not exist"), "{applied:?}");
    assert!(!missing.exists());
}

#[test]
fn every_shell_gets_its_own_language() {
    for (shell, env, start, line) in [
        ("zsh", "env.sh", ".zshenv", "export A='1'"),
        ("fish", "env.fish", ".config/fish/conf.d/hfdoctor.fish", "set -gx A '1'"),
        ("pwsh", "env.ps1", ".config/powershell/profile.ps1", "$env:A = '1'"),
        ("dash", "env.sh", ".profile", "export A='1'"),
    ] {
        let place = Place::new();
        let before = place.contents();
        let engine = Engine::new(place.world_of(shell));
        let applied = apply(&engine, vec![set("A", "1")]);
        assert_eq!(applied.shell_lines, [line], "{shell}");
        assert!(place.read(&format!(".config/hfdoctor/{env}")).contains(line), "{shell}");
        assert!(place.read(start).contains(env), "{shell}");
        undo(&engine);
        assert_eq!(place.contents(), before, "{shell}");
    }
}

#[test]
fn the_one_plain_line_that_sets_a_variable_is_set_aside() {
    let place = Place::new();
    let old = "if true; then\nexport HF_HUB_OFFLINE=1\nfi\n";
    place.write(".bashrc", old);
    place.write(".profile", "");
    let engine = place.engine();
    let applied = apply(&engine, vec![unset("HF_HUB_OFFLINE")]);
    assert!(place.read(".bashrc").contains(": # set aside by hfdoctor: export HF_HUB_OFFLINE=1\nfi"));
    assert!(applied.notes.iter().any(|note| note.contains(".bashrc:2")), "{applied:?}");
    undo(&engine);
    assert_eq!(place.read(".bashrc"), old);
}

#[test]
fn what_is_not_understood_is_shown_and_left() {
    let place = Place::new();
    let old = "[ -n \"$X\" ] && export HF_TOKEN=secretsecret\n";
    place.write(".bashrc", old);
    let applied = apply(&place.engine(), vec![unset("HF_TOKEN")]);
    assert!(place.read(".bashrc").starts_with(old));
    assert!(applied.notes.iter().any(|note| note.contains(".bashrc:1") && !note.contains("secret")), "{applied:?}");
}

#[test]
fn taking_back_an_older_run_keeps_what_later_ones_need() {
    let place = Place::new();
    place.write(".profile", "");
    place.write(".bashrc", "");
    let engine = place.engine();
    let first = apply(&engine, vec![set("A", "1")]).undo.unwrap();
    let second = apply(&engine, vec![set("B", "2")]).undo.unwrap();
    let report = engine.undo(Some(&first)).unwrap();
    assert!(report.changes.iter().any(|change| change.outcome == Undoing::Kept), "{report:?}");
    let env = place.read(".config/hfdoctor/env.sh");
    assert!(env.contains("export B='2'") && !env.contains("export A="), "{env}");
    assert!(place.read(".bashrc").contains("env.sh"));
    engine.undo(Some(&second)).unwrap();
    assert_eq!((place.read(".bashrc"), place.read(".profile")), (String::new(), String::new()));
}

#[test]
fn a_later_edit_by_the_person_survives_undo() {
    let place = Place::new();
    place.write(".bashrc", "a=1\n");
    place.write(".profile", "");
    let engine = place.engine();
    apply(&engine, vec![set("A", "1")]);
    let now = place.read(".bashrc");
    place.write(".bashrc", format!("{now}b=2\n"));
    undo(&engine);
    assert_eq!(place.read(".bashrc"), "a=1\nb=2\n");
}

#[test]
fn answers_are_heeded() {
    struct Says(Vec<Answer>);
    impl Consent for Says {
        fn agree(&mut self, _: &PlannedFix) -> Answer {
            self.0.pop().unwrap()
        }
    }
    let place = Place::new();
    let engine = place.engine();
    let variable = |id: &'static str| Fix::automatic(id, Risk::Safe, id, vec![set(&id.to_uppercase(), "1")]);
    let mut first = with_fix(Cause::OfflineMode, variable("a"));
    first.finding.fixes.push(variable("b"));
    let causes = [first, with_fix(Cause::LockStuck, variable("c")), with_fix(Cause::DiskFull, variable("d"))];
    let plan = engine.plan(&causes);
    // No to the best fix of the first cause: its second one is offered. Then stop.
    let mut says = Says(vec![Answer::Stop, Answer::Yes, Answer::No]);
    let outcomes: Vec<_> =
        engine.apply(&plan, &mut says).unwrap().into_iter().map(|one| (one.fix_id, one.outcome)).collect();
    assert_eq!(outcomes.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    assert_eq!(outcomes.iter().filter(|(_, outcome)| *outcome == Outcome::Applied).count(), 1);
    assert_eq!(outcomes[1].1, Outcome::Applied);
    let all = engine.apply(&plan, &mut Says(vec![Answer::All])).unwrap();
    assert_eq!(all.iter().map(|one| one.fix_id).collect::<Vec<_>>(), ["a", "c", "d"]);
    assert!(all.iter().all(|one| one.outcome == Outcome::Applied), "{all:?}");
}

#[test]
fn two_at_once_do_not_meet() {
    let place = Place::new();
    let lock = place.write(".local/state/hfdoctor/lock", "4711");
    let file = fs::File::open(lock).unwrap();
    file.lock().unwrap();
    let engine = place.engine();
    let plan = plan_of(&engine, vec![set("A", "1")]);
    let busy = engine.apply(&plan, &mut Yes).unwrap_err();
    assert!(busy.to_string().contains("4711"), "{busy}");
    assert!(matches!(engine.undo(None), Err(Error::Busy { .. })));
    assert!(matches!(engine.purge(None), Err(Error::Busy { .. })));
    drop(file);
    assert!(engine.apply(&plan, &mut Yes).is_ok());
}

#[test]
fn without_a_home_nothing_is_written_to_the_working_directory() {
    let place = Place::new();
    let mut world = place.world();
    world.home = std::path::PathBuf::new();
    let engine = Engine::new(world);
    let plan = plan_of(&engine, vec![set("A", "1")]);
    assert!(engine.apply(&plan, &mut Yes).unwrap_err().to_string().contains("no home"));
}

#[cfg(unix)]
#[test]
fn what_a_shell_would_never_read_is_not_written_and_not_claimed() {
    for (shell, lines) in [
        ("tcsh", ["setenv HF_ENDPOINT 'https://a'", "unsetenv HF_HUB_OFFLINE"]),
        ("nu", ["$env.HF_ENDPOINT = 'https://a'", "hide-env --ignore-errors HF_HUB_OFFLINE"]),
        ("xonsh", ["$HF_ENDPOINT = 'https://a'", "${...}.pop('HF_HUB_OFFLINE', None)"]),
        ("elvish", ["set-env HF_ENDPOINT 'https://a'", "unset-env HF_HUB_OFFLINE"]),
        ("nologin", ["export HF_ENDPOINT='https://a'", "unset HF_HUB_OFFLINE"]),
    ] {
        let place = Place::new();
        place.write(".profile", "export HF_HUB_OFFLINE=1\n");
        let before = place.contents();
        let engine = Engine::new(place.world_of(shell));
        let plan = plan_of(&engine, vec![set("HF_ENDPOINT", "https://a"), unset("HF_HUB_OFFLINE")]);
        assert!(plan.is_empty(), "{shell}");
        assert_eq!(
            (&plan.fixes[0].place, plan.fixes[0].commands.as_slice()),
            (&hfdoctor::fix::Place::Manual, &lines.map(str::to_owned)[..])
        );
        assert!(engine.apply(&plan, &mut Yes).unwrap().is_empty(), "{shell}");
        assert_eq!(place.contents(), before, "{shell}");
    }
}

/// The lines of a program's output, in a fresh shell of a home.
#[cfg(unix)]
fn in_shell(place: &Place, program: &str, arguments: &[&str]) -> Option<String> {
    let output = std::process::Command::new(program)
        .args(arguments)
        .env_clear()
        .env("HOME", place.home())
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output();
    let Ok(output) = output else {
        eprintln!("LEFT OUT: there is no {program} here");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(unix)]
#[test]
fn a_fresh_fish_has_the_variables_and_undo_gives_back_its_own() {
    let show = "printf '%s|' (env | grep '^HF_' | sort)";
    let place = Place::new();
    let config = "# mine\nset -gx HF_HUB_OFFLINE 1\n";
    place.write(".config/fish/config.fish", config);
    if in_shell(&place, "fish", &["-l", "-c", "set -Ux HF_UNIVERSAL 1"]).is_none() {
        return;
    }
    let engine = Engine::new(place.world_of("fish"));
    assert_eq!(in_shell(&place, "fish", &["-l", "-c", show]).as_deref(), Some("HF_HUB_OFFLINE=1|HF_UNIVERSAL=1|"));
    let universal = apply(&engine, vec![unset("HF_UNIVERSAL")]);
    assert!(skipped(&universal).contains("set -Ue HF_UNIVERSAL"), "{universal:?}");
    let applied = apply(&engine, vec![set("HF_ENDPOINT", "https://it's a b"), unset("HF_HUB_OFFLINE")]);
    assert_eq!(applied.outcome, Outcome::Applied);
    assert!(place.read(".config/fish/config.fish").contains(": # set aside by hfdoctor: set -gx HF_HUB_OFFLINE 1\n"));
    for arguments in [&["-l", "-c", show], &["-c", show][..]] {
        assert_eq!(
            in_shell(&place, "fish", arguments).as_deref(),
            Some("HF_ENDPOINT=https://it's a b|HF_UNIVERSAL=1|")
        );
    }
    undo(&engine);
    assert_eq!(place.read(".config/fish/config.fish"), config);
    assert_eq!(in_shell(&place, "fish", &["-l", "-c", show]).as_deref(), Some("HF_HUB_OFFLINE=1|HF_UNIVERSAL=1|"));
}

#[cfg(unix)]
#[test]
fn a_fresh_zsh_has_the_variables() {
    let place = Place::new();
    place.write(".zshrc", "export HF_HUB_OFFLINE=1\n");
    let engine = Engine::new(place.world_of("zsh"));
    apply(&engine, vec![set("HF_ENDPOINT", "https://a b"), unset("HF_HUB_OFFLINE")]);
    let show = "print -n \"$HF_ENDPOINT|${HF_HUB_OFFLINE-none}\"";
    for arguments in [&["-l", "-c", show], &["-i", "-c", show]] {
        match in_shell(&place, "zsh", arguments) {
            Some(shown) => assert_eq!(shown, "https://a b|none", "{arguments:?}"),
            None => return,
        }
    }
}

#[test]
fn a_plain_line_of_powershell_is_set_aside() {
    let place = Place::new();
    let old = "$env:HF_HUB_OFFLINE = '1'\nSet-Alias l ls\n";
    place.write(".config/powershell/profile.ps1", old);
    let engine = Engine::new(place.world_of("pwsh"));
    apply(&engine, vec![unset("HF_HUB_OFFLINE")]);
    let profile = place.read(".config/powershell/profile.ps1");
    assert!(profile.starts_with("$null # set aside by hfdoctor: $env:HF_HUB_OFFLINE = '1'\n"), "{profile}");
    assert!(profile.contains("env.ps1"), "{profile}");
    assert!(place.read(".config/hfdoctor/env.ps1").contains("$env:HF_HUB_OFFLINE = $null"));
    undo(&engine);
    assert_eq!(place.read(".config/powershell/profile.ps1"), old);
}
