//! Measures the walk of a cache beside `find` and the client's own listing, and hashing beside `openssl speed`.
//!
//! `cargo bench -p hfdoctor-checks --bench cache -- walk CACHE [HF]` walks CACHE, and runs `find CACHE -printf '%s\n'`, and
//! `HF cache ls` where a program HF is given, in turn and several times, and prints the best time of each, how the times of
//! each turn compare, and the memory that the walk took. `… -- hash FILE` hashes FILE on every core, and runs
//! `openssl speed -evp sha256`. Without arguments it makes a
//! small cache of its own and walks that, so that the bench itself is known to work.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hfdoctor_checks::observe::cache::folder::Folder;
use hfdoctor_checks::observe::cache::{Bounds, Question, look};
use hfdoctor_checks::observe::integrity::hash::sha256_of;

const ROUNDS: usize = 7;

fn main() {
    // Cargo adds `--bench` of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["walk", cache] => walk(Path::new(cache), None),
        ["walk", cache, hf] => walk(Path::new(cache), Some(hf)),
        ["hash", file] => hash(Path::new(file)),
        _ => {
            let folder = tempfile::tempdir().expect("a folder");
            make(folder.path());
            walk(folder.path(), None);
        }
    }
}

/// A cache of twenty repositories with fifty files each.
fn make(root: &Path) {
    for repository in 0..20 {
        let folder = root.join(format!("models--org--m{repository}"));
        for place in ["blobs", "refs", "snapshots/1111111111111111111111111111111111111111"] {
            std::fs::create_dir_all(folder.join(place)).expect("a folder");
        }
        for file in 0..50 {
            let name = format!("{repository:020}{file:020}");
            std::fs::write(folder.join("blobs").join(&name), b"content").expect("a file");
            #[cfg(unix)]
            std::os::unix::fs::symlink(
                format!("../../blobs/{name}"),
                folder.join("snapshots/1111111111111111111111111111111111111111").join(format!("f{file}")),
            )
            .expect("a link");
        }
        std::fs::write(folder.join("refs/main"), "1111111111111111111111111111111111111111").expect("a ref");
    }
}

fn best(rounds: usize, mut run: impl FnMut()) -> Duration {
    (0..rounds)
        .map(|_| {
            let began = Instant::now();
            run();
            began.elapsed()
        })
        .min()
        .unwrap_or_default()
}

fn walk(cache: &Path, hf: Option<&str>) {
    let question = Question { root: cache.to_owned(), target: None, local: Vec::new() };
    let mut files = 0;
    let mut ours = || {
        let bounds = Bounds::until(Instant::now() + Duration::from_mins(10));
        let seen = look(&question, &bounds);
        files = seen.blobs.files + seen.links;
    };
    // Once for nothing: what is read from the disk the first time is the disk's time.
    ours();
    let (mut walks, mut finds, mut lists) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        walks.push(time(&mut ours));
        finds.push(time(|| run(Command::new("find").arg(cache).args(["-printf", "%s\\n"]))));
        if let Some(hf) = hf.filter(|_| round < 2) {
            lists.push(time(|| run(Command::new(hf).args(["cache", "ls"]).env("HF_HUB_CACHE", cache))));
        }
    }
    println!("walk: {:.1} ms at best for {files} files and links, {} at most", millis(least(&walks)), memory());
    println!("find: {:.1} ms at best, {}", millis(least(&finds)), compared(&walks, &finds));
    if !lists.is_empty() {
        println!("hf cache ls: {:.1} ms at best, {}", millis(least(&lists)), compared(&walks, &lists));
    }
}

fn time(run: impl FnOnce()) -> Duration {
    let began = Instant::now();
    run();
    began.elapsed()
}

fn least(times: &[Duration]) -> Duration {
    times.iter().copied().min().unwrap_or_default()
}

/// How many times as long as the walk the other took, turn by turn: the middle, and the ends.
fn compared(walks: &[Duration], others: &[Duration]) -> String {
    let mut ratios: Vec<f64> = walks.iter().zip(others).map(|(w, o)| o.as_secs_f64() / w.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    match ratios[..] {
        [] => String::new(),
        [first, .., last] => {
            format!("{:.2} times as long as the walk ({first:.2} to {last:.2})", ratios[ratios.len() / 2])
        }
        [only] => format!("{only:.2} times as long as the walk"),
    }
}

fn hash(file: &Path) {
    let size = std::fs::metadata(file).expect("the file").len();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let parent: PathBuf = file.parent().expect("a folder").to_owned();
    let name: &OsStr = file.file_name().expect("a name");
    let ours = best(ROUNDS, || {
        std::thread::scope(|scope| {
            for _ in 0..cores {
                scope.spawn(|| sha256_of(&Folder::open(&parent).expect("the folder"), name).expect("hashed"));
            }
        });
    });
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = (size * cores as u64) as f64 / ours.as_secs_f64() / 1e6;
    println!("ours: {rate:.0} MB/s on {cores} cores");
    let cores = cores.to_string();
    let peer = Command::new("openssl")
        .args(["speed", "-multi", &cores, "-seconds", "2", "-bytes", "262144", "-evp", "sha256"])
        .output();
    if let Ok(peer) = peer {
        print!("openssl: {}", String::from_utf8_lossy(&peer.stdout));
    }
}

fn run(command: &mut Command) {
    let ended = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(ended.is_ok(), "{command:?}: {ended:?}");
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The most memory that this process has had, where the system tells.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(str::trim);
    most.unwrap_or("unknown memory").to_owned()
}
