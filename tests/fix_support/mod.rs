//! A home directory, a cache and an engine, made for one test.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hfdoctor::fix::consent::Yes;
use hfdoctor::fix::{Applied, Engine, FixWorld, Outcome, Plan};
use hfdoctor_checks::case::Environment;
use hfdoctor_core::diagnosis::{Action, Cause, Certainty, Finding, Fix, Ranked, Risk};

pub struct Place {
    pub dir: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Place {
        Place::in_dir(tempfile::tempdir().unwrap())
    }

    /// In memory where the system has such a place: for tests that force much to disk, which a disk makes slow.
    pub fn in_memory() -> Place {
        Place::in_dir(tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap()))
    }

    fn in_dir(dir: tempfile::TempDir) -> Place {
        for folder in ["home", "home/.cache/huggingface/hub", "outside"] {
            std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        Place { dir }
    }

    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub fn hub(&self) -> PathBuf {
        self.home().join(".cache/huggingface/hub")
    }

    pub fn world(&self) -> FixWorld {
        world_in(self.dir.path(), "bash")
    }

    pub fn world_of(&self, shell: &str) -> FixWorld {
        world_in(self.dir.path(), shell)
    }

    pub fn engine(&self) -> Engine {
        Engine::new(self.world())
    }

    /// Writes a file below the home directory.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.home().join(path)).unwrap()
    }

    /// Every file and link below the place but the engine's own, with its content or target.
    pub fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        contents(self.dir.path())
    }
}

pub fn world_in(dir: &Path, shell: &str) -> FixWorld {
    let home = dir.join("home");
    let environment = Environment::new(
        [("HOME".into(), home.clone().into_os_string()), ("SHELL".into(), format!("/bin/{shell}").into())],
        None,
    );
    FixWorld::new(&environment, vec![home.join(".cache/huggingface/hub")], false)
}

pub fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let own = path.ends_with(".local/state/hfdoctor");
            let metadata = std::fs::symlink_metadata(&path).unwrap();
            if metadata.is_symlink() {
                let target = std::fs::read_link(&path).unwrap();
                found.insert(path, target.into_os_string().into_encoded_bytes());
            } else if metadata.is_dir() && !own {
                folders.push(path);
            } else if metadata.is_file() {
                found.insert(path.clone(), std::fs::read(&path).unwrap_or_default());
            }
        }
    }
    found
}

/// A cause with one fix of these actions.
pub fn cause(id: &'static str, actions: Vec<Action>) -> Ranked {
    with_fix(Cause::PartialCache, Fix::automatic(id, Risk::Safe, id, actions))
}

pub fn with_fix(cause: Cause, fix: Fix) -> Ranked {
    Ranked {
        finding: Finding::new(cause, Certainty::Confirmed, cause.id()).fix(fix),
        check: "test",
        explains: Vec::new(),
    }
}

pub fn set(name: &str, value: &str) -> Action {
    Action::SetVariable { name: name.to_owned(), value: value.to_owned() }
}

pub fn unset(name: &str) -> Action {
    Action::UnsetVariable { name: name.to_owned() }
}

pub fn quarantine(root: &Path, paths: &[&str]) -> Action {
    Action::Quarantine { root: root.to_owned(), paths: paths.iter().map(|path| root.join(path)).collect() }
}

pub fn plan_of(engine: &Engine, actions: Vec<Action>) -> Plan {
    engine.plan(&[cause("fix", actions)])
}

/// Plans and applies one fix, agreed to.
pub fn apply(engine: &Engine, actions: Vec<Action>) -> Applied {
    let plan = plan_of(engine, actions);
    let mut applied = engine.apply(&plan, &mut Yes).unwrap();
    assert_eq!(applied.len(), 1, "{plan:?}");
    applied.remove(0)
}

/// The reason why a fix was skipped; panics when it was not.
pub fn skipped(applied: &Applied) -> &str {
    match &applied.outcome {
        Outcome::Skipped(why) => why,
        other => panic!("{other:?}"),
    }
}
