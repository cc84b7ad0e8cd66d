use super::*;
use crate::diagnosis::Risk;
use crate::target::Target;
use crate::text::shell::Shell;
use crate::who::{FAMILIES, System};

const SYSTEMS: [System; 4] = [System::Linux, System::MacOs, System::Windows, System::Unknown];

/// Every remedy there is, with who it is for.
fn every(look: impl Fn(Cause, &Who, &Fix)) {
    let target = Target::parse("acme/llama", None, None, None).unwrap();
    for cause in Cause::all() {
        for family in FAMILIES {
            for system in SYSTEMS {
                for named in [false, true] {
                    for shell in [Shell::Posix, Shell::PowerShell, Shell::Cmd] {
                        if (shell == Shell::Posix) == (system == System::Windows) {
                            continue;
                        }
                        let mut who = Who { family: *family, shell, ..Who::assumed(system) };
                        who.target = named.then(|| target.clone());
                        who.host = named.then(|| "cdn-lfs-us-1.hf.co".to_owned());
                        let fixes = remedies(cause, &Failure { who: &who, here: &Here::default(), said: "" });
                        assert!(!fixes.is_empty(), "{cause:?} {family:?}");
                        for fix in &fixes {
                            look(cause, &who, fix);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_command_can_be_pasted_as_it_stands() {
    every(|cause, who, fix| {
        for command in &fix.commands {
            assert!(!command.contains(" # "), "{cause:?} {:?}: {command}", who.family);
            for placeholder in ["ORG/NAME", "HOST:PORT", "hf_...", "PATH/OF", "/path/", "OWNER/", "***"] {
                assert!(!command.contains(placeholder), "{cause:?} {:?}: {command}", who.family);
            }
        }
    });
}

#[test]
fn each_system_gets_its_own_commands() {
    every(|cause, who, fix| {
        for command in &fix.commands {
            if who.system == System::Windows {
                for posix in ["export ", "unset ", "sudo ", "getent", "fuser", "df ", "ls ", "rm ", "/etc/"] {
                    assert!(
                        !command.starts_with(posix) && !command.contains("/etc/"),
                        "{cause:?} {:?}: {command}",
                        who.family
                    );
                }
            }
            if who.system == System::MacOs {
                for linux in ["timedatectl", "getent", "resolvectl", "update-ca-certificates", "systemctl"] {
                    assert!(!command.contains(linux), "{cause:?} {:?}: {command}", who.family);
                }
            }
        }
    });
}

#[test]
fn no_family_gets_pythons_commands() {
    every(|cause, who, fix| {
        if who.family == Family::Python || cause == Cause::NotADownload {
            return;
        }
        for command in &fix.commands {
            for python in
                ["pip install", "hf download", "hf auth", "huggingface-cli", "snapshot_download", "HF_HUB_", "HF_XET_"]
            {
                assert!(!command.contains(python), "{cause:?} {:?}: {command}", who.family);
            }
        }
        assert!(
            fix.risk == Risk::Manual
                || fix.actions.iter().all(|action| matches!(action, crate::diagnosis::Action::OpenPage { .. }))
        );
    });
}

#[test]
fn keeping_and_taking_anew_are_never_said_together() {
    every(|cause, _, fix| {
        let words = format!("{} {}", fix.title, fix.note.as_deref().unwrap_or_default());
        let anew = fix.commands.iter().any(|command| command.contains("--force-download"));
        assert!(!(anew && words.contains("is kept")), "{cause:?}: {words}");
    });
}

#[test]
fn what_was_asked_for_is_kept() {
    let who = Who {
        target: Some(Target::parse("datasets/acme/data", None, None, None).unwrap()),
        asked: crate::who::asked(
            "hf download acme/data a.bin --local-dir 'my dir' --include '*.txt' --revision v2",
            None,
        ),
        ..Who::assumed(System::Linux)
    };
    let failure = Failure { who: &who, here: &Here::default(), said: "" };
    assert_eq!(
        failure.hf_download(&[]).as_deref(),
        Some("hf download acme/data a.bin --repo-type dataset --revision v2 --local-dir 'my dir' --include '*.txt'")
    );
}
