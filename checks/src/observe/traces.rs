//! What a failed download left behind: the newest log of the Xet client, the newest partial file, and what it was for.
//!
//! The Python exception of a Xet download hides the network's error; the Xet client's own log has it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::cache::folder::{Folder, Kind};
use super::cache::tree::{MAX_TREE, Tree};
use super::cache::{Bounds, PartialKind, RepoName, name};
use super::processes;
use crate::case::Case;
use crate::case::settings::Settings;
use hfdoctor_core::log::{Log, Search};
use hfdoctor_core::target::From;
use hfdoctor_core::target::Target;

/// Older traces are not those of the failure that the person has just had.
pub const RECENT: Duration = Duration::from_hours(24);
/// Of a log so much is read, from its end, in bytes.
const MAX_TAIL: u64 = 512 * 1024;
/// Files of the log folder that are looked at.
const MAX_LOGS: usize = 20_000;
/// Repositories whose files are looked at for the newest partial one.
const MAX_REPOSITORIES: usize = 64;

/// What was left behind.
#[derive(Debug, Clone, Default)]
pub struct Traces {
    /// The newest recent log of the Xet client.
    pub xet_log: Option<XetLog>,
    /// The newest recent partial file.
    pub partial: Option<PartialTrace>,
}

/// A log of the Xet client.
#[derive(Debug, Clone)]
pub struct XetLog {
    /// Where it lies.
    pub path: PathBuf,
    /// When it was last written.
    pub modified: SystemTime,
    /// Errors and warnings of it in plain lines, the newest last, each once.
    pub lines: Vec<Line>,
    /// What the checks' signs find in these lines.
    pub log: Log,
    /// Whether the download went on after the last of them to its end.
    pub survived: bool,
}

/// A line of a Xet log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number in what was read, from 1.
    pub number: u64,
    /// Whether it is an error rather than a warning.
    pub error: bool,
    /// What it says, with its fields.
    pub text: String,
}

/// A partial file.
#[derive(Debug, Clone)]
pub struct PartialTrace {
    /// Where it lies.
    pub path: PathBuf,
    /// Whose it is.
    pub repository: RepoName,
    /// When it was last written.
    pub modified: SystemTime,
    /// Its size, in bytes.
    pub size: u64,
    /// The file that it is to become, where a cached listing tells.
    pub file: Option<String>,
}

/// Looks for recent traces.
pub fn look(case: &Case) -> Traces {
    let bounds = Bounds::until(Instant::now() + case.limits.timeout.mul_f64(0.5));
    Traces {
        xet_log: newest_log(&case.settings.xet_cache, case.now).and_then(|(path, modified)| read_log(&path, modified)),
        partial: newest_partial(&case.settings.hub_cache, case.now, &bounds),
    }
}

/// What was being downloaded when it broke off: a target for a bare run. It is told by the newest recent partial file, or by
/// the newest recent lock of a file that is not there.
///
/// A file that a process has open, or a partial one that was written this minute, belongs to a download that runs, not to
/// one that failed.
pub fn target(settings: &Settings, now: SystemTime) -> Option<Target> {
    let deadline = Instant::now() + Duration::from_millis(300);
    let bounds = Bounds::until(deadline);
    let partial = newest_partial(&settings.hub_cache, now, &bounds);
    let lock = newest_lock(&settings.hub_cache, now, &bounds, deadline);
    let is_newer = |lock: &PartialTrace| partial.as_ref().is_none_or(|partial| lock.modified >= partial.modified);
    let trace = match lock.filter(is_newer) {
        Some(lock) => lock,
        None => partial.filter(|partial| {
            let quiet = now.duration_since(partial.modified).unwrap_or_default();
            quiet >= Duration::from_secs(20) && !is_held(&partial.path, deadline)
        })?,
    };
    Some(Target {
        repo_type: trace.repository.kind,
        repo_id: trace.repository.id,
        revision: None,
        file: trace.file,
        tag: None,
        from: From::Cache,
    })
}

/// The newest recent lock of a file that is not in the cache, and that nobody has open. The client takes the lock before it
/// asks the storage for the file, and since huggingface_hub 1.18 nothing else is left of a download that failed there.
fn newest_lock(hub_cache: &Path, now: SystemTime, bounds: &Bounds, deadline: Instant) -> Option<PartialTrace> {
    let root = Folder::open(hub_cache).ok()?;
    let locks = root.child(OsStr::new(".locks")).ok()?;
    let mut found: Vec<PartialTrace> = Vec::new();
    let _ = locks.entries(&mut |entry, kind| {
        if kind == Kind::Folder
            && let Some((kind, id)) = name::repository(entry)
            && let Ok(folder) = locks.child(entry)
        {
            let blobs = root.child(entry).and_then(|repository| repository.child(OsStr::new("blobs"))).ok();
            let _ = folder.entries(&mut |file, of_file| {
                let etag = file.to_str().and_then(|file| file.strip_suffix(".lock"));
                if of_file == Kind::File
                    && let Some(etag) = etag
                    && blobs.as_ref().is_none_or(|blobs| blobs.meta(OsStr::new(etag)).is_err())
                    && let Ok(meta) = folder.meta(file)
                    && let Some(modified) = meta.modified.filter(|modified| is_recent(now, *modified))
                {
                    let repository = RepoName { kind, id: id.clone() };
                    let path = folder.path().join(file);
                    found.push(PartialTrace { path, repository, modified, size: 0, file: None });
                }
                bounds.go_on() && found.len() < MAX_LOGS
            });
        }
        bounds.go_on() && found.len() < MAX_LOGS
    });
    found.sort_by_key(|trace| std::cmp::Reverse(trace.modified));
    let mut newest = found.into_iter().next().filter(|trace| !is_held(&trace.path, deadline))?;
    newest.file =
        newest.path.file_stem().and_then(OsStr::to_str).and_then(|etag| file_of(&root, &newest.repository, etag));
    Some(newest)
}

fn is_held(path: &Path, deadline: Instant) -> bool {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return false };
    let identity = Folder::open(parent).and_then(|folder| folder.meta(name)).ok().and_then(|meta| meta.identity);
    identity.is_some_and(|identity| processes::open_files(deadline).by_file.contains_key(&identity))
}

fn is_recent(now: SystemTime, then: SystemTime) -> bool {
    // A time that lies ahead a little comes from a file server's clock.
    match now.duration_since(then) {
        Ok(age) => age < RECENT,
        Err(ahead) => ahead.duration() < Duration::from_hours(1),
    }
}

/// The newest recent file of the Xet client's log folder.
fn newest_log(xet_cache: &Path, now: SystemTime) -> Option<(PathBuf, SystemTime)> {
    let logs = Folder::open(xet_cache).ok()?.child(OsStr::new("logs")).ok()?;
    let mut newest: Option<(PathBuf, SystemTime)> = None;
    let mut seen = 0;
    let _ = logs.entries(&mut |entry, kind| {
        seen += 1;
        let is_log = entry.to_str().is_some_and(|e| e.starts_with("xet"))
            && Path::new(entry).extension().is_some_and(|e| e == "log");
        if is_log
            && kind == Kind::File
            && let Some(modified) = logs.meta(entry).ok().and_then(|m| m.modified)
            && is_recent(now, modified)
            && newest.as_ref().is_none_or(|(_, newest)| modified > *newest)
        {
            newest = Some((logs.path().join(entry), modified));
        }
        seen < MAX_LOGS
    });
    newest
}

fn read_log(path: &Path, modified: SystemTime) -> Option<XetLog> {
    let parent = Folder::open(path.parent()?).ok()?;
    let mut file: File = parent.file(path.file_name()?).ok()?;
    let size = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(MAX_TAIL))).ok()?;
    let mut bytes = Vec::new();
    file.take(MAX_TAIL).read_to_end(&mut bytes).ok()?;
    let (lines, survived) = parse(&String::from_utf8_lossy(&bytes));
    let text: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    let log = Log::read(text.join("\n").as_bytes(), &Search::new()).ok()?;
    Some(XetLog { path: path.to_owned(), modified, lines, log, survived })
}

/// Words of the ordinary records that a failing download writes between and after its errors: another attempt is announced,
/// the last one is given up, everything is put away. Any other record means that the download went on.
const FAILING: &[&str] = &["attempt", "retr", "error", "fail", "abort", "cancel", "shut", "drop", "teardown", "config"];

/// Warnings and errors of a log, and whether the download went on after them.
fn parse(text: &str) -> (Vec<Line>, bool) {
    /// Lines of evidence that are kept.
    const KEPT: usize = 32;
    let mut lines: Vec<Line> = Vec::new();
    let mut survived = false;
    for (number, raw) in (1_u64..).zip(text.lines()) {
        let Ok(serde_json::Value::Object(object)) = serde_json::from_str::<serde_json::Value>(raw.trim()) else {
            continue;
        };
        let level = object.get("level").and_then(serde_json::Value::as_str).unwrap_or("");
        let error = level.eq_ignore_ascii_case("error");
        let fields = object.get("fields").and_then(serde_json::Value::as_object).unwrap_or(&object);
        if !error && !level.eq_ignore_ascii_case("warn") {
            let said = fields.get("message").and_then(serde_json::Value::as_str).unwrap_or("").to_ascii_lowercase();
            survived |= !lines.is_empty() && !FAILING.iter().any(|word| said.contains(word));
            continue;
        }
        survived = false;
        let text = plain(fields);
        // A retried request says the same again and again: the last one counts.
        lines.retain(|line| line.text != text);
        lines.push(Line { number, error, text });
        if lines.len() > KEPT {
            lines.remove(0);
        }
    }
    (lines, survived)
}

/// Message and fields of a record as one line.
fn plain(fields: &serde_json::Map<String, serde_json::Value>) -> String {
    let mut parts = Vec::new();
    let word = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(message) = fields.get("message") {
        parts.push(word(message));
    }
    for (name, value) in fields {
        if !matches!(
            name.as_str(),
            "message" | "timestamp" | "level" | "filename" | "line_number" | "target" | "span" | "spans"
        ) {
            parts.push(format!("{name}: {}", word(value)));
        }
    }
    let text: String = parts.join(", ").chars().map(|c| if c.is_control() { ' ' } else { c }).take(4000).collect();
    text
}

/// The newest recent partial file of the hub cache, found by the times of the `blobs` folders.
fn newest_partial(hub_cache: &Path, now: SystemTime, bounds: &Bounds) -> Option<PartialTrace> {
    let root = Folder::open(hub_cache).ok()?;
    let mut recent = Vec::new();
    let _ = root.entries(&mut |entry, kind| {
        if kind == Kind::Folder
            && let Some((kind, id)) = name::repository(entry)
        {
            let blobs = Path::new(entry).join("blobs");
            // A folder's time is that of the last file that was made in it, not of the last byte that was written.
            if let Some(modified) = root.meta(blobs.as_os_str()).ok().and_then(|m| m.modified)
                && is_recent(now, modified)
            {
                recent.push((modified, entry.to_owned(), RepoName { kind, id }));
            }
        }
        bounds.go_on()
    });
    recent.sort_by_key(|(modified, _, _)| std::cmp::Reverse(*modified));
    let mut newest: Option<PartialTrace> = None;
    for (_, entry, repository) in recent.into_iter().take(MAX_REPOSITORIES) {
        let Ok(blobs) = root.child(&entry).and_then(|r| r.child(OsStr::new("blobs"))) else { continue };
        let _ = blobs.entries(&mut |file, kind| {
            if kind == Kind::File
                && let name::InBlobs::Partial(kind, etag) = name::in_blobs(file)
                && kind != PartialKind::Temporary
                // Beside the whole file it is what an earlier attempt left: the download has succeeded since.
                && blobs.meta(OsStr::new(etag)).is_err()
                && let Ok(meta) = blobs.meta(file)
                && let Some(modified) = meta.modified
                && is_recent(now, modified)
                && newest.as_ref().is_none_or(|n| modified > n.modified)
            {
                newest = Some(PartialTrace {
                    path: blobs.path().join(file),
                    repository: repository.clone(),
                    modified,
                    size: meta.size,
                    file: None,
                });
            }
            bounds.go_on()
        });
    }
    if let Some(newest) = &mut newest {
        let etag = match newest.path.file_name().map(name::in_blobs) {
            Some(name::InBlobs::Partial(_, etag)) => Some(etag),
            _ => None,
        };
        newest.file = etag.and_then(|etag| file_of(&root, &newest.repository, etag));
    }
    newest
}

/// The file that a blob is, by the newest cached listing.
fn file_of(root: &Folder, repository: &RepoName, etag: &str) -> Option<String> {
    let folder = root.child(OsStr::new(&name::folder(repository.kind, &repository.id))).ok()?;
    let trees = folder.child(OsStr::new("trees")).ok()?;
    let mut newest: Option<(SystemTime, OsString)> = None;
    let mut seen = 0;
    let _ = trees.entries(&mut |entry, kind| {
        seen += 1;
        if kind == Kind::File
            && let Some(modified) = trees.meta(entry).ok().and_then(|meta| meta.modified)
            && newest.as_ref().is_none_or(|(newest, _)| modified > *newest)
        {
            newest = Some((modified, entry.to_owned()));
        }
        seen < MAX_LOGS
    });
    let tree = Tree::parse(&trees.read(&newest?.1, MAX_TREE).ok()?)?;
    tree.by_etag(etag).map(|(file, _)| file.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::made_cache::{MadeCache, case};
    use proptest::prelude::*;

    const LOG: &str = concat!(
        r#"{"timestamp":"2026-11-21T20:00:00Z","level":"INFO","fields":{"message":"starting"},"filename":"a.rs","line_number":1}"#,
        "\n",
        r#"{"timestamp":"2026-11-21T20:00:01Z","level":"WARN","fields":{"message":"Request error","err":"Reqwest(dns error: failed to lookup address information)"}}"#,
        "\nnot json\n",
        r#"{"timestamp":"2026-11-21T20:00:02Z","level":"WARN","fields":{"message":"Request error","err":"Reqwest(dns error: failed to lookup address information)"}}"#,
        "\n",
        r#"{"level":"ERROR","message":"gave up","status":403}"#,
        "\n",
    );

    #[test]
    fn a_xet_log_tells_its_errors_each_once() {
        let (lines, survived) = parse(LOG);
        assert_eq!(lines.iter().map(|l| (l.number, l.error)).collect::<Vec<_>>(), [(4, false), (5, true)]);
        assert_eq!(lines[0].text, "Request error, err: Reqwest(dns error: failed to lookup address information)");
        assert_eq!(lines[1].text, "gave up, status: 403");
        assert!(!survived);
        let healed = format!("{LOG}{}\n", r#"{"level":"INFO","fields":{"message":"fetched 12 terms"}}"#);
        assert!(parse(&healed).1);
        let again = format!("{LOG}{}\n", r#"{"level":"INFO","fields":{"message":"Connection attempt 5/5"}}"#);
        assert!(!parse(&again).1);
    }

    #[test]
    fn only_recent_traces_are_seen() {
        let made = MadeCache::new();
        let log = made.write("../xet/logs/xet_20261121T200000000+0000_42.log", LOG.as_bytes());
        let partial = made.write("models--a--b/blobs/abc.incomplete", b"part");
        let case = case(made.home.path(), &[], None);
        let traces = look(&case);
        assert_eq!(traces.xet_log.map(|l| l.lines.len()), Some(2));
        assert_eq!(traces.partial.map(|p| (p.repository.id, p.size)), Some(("a/b".to_owned(), 4)));
        // Written this moment: a running download's.
        assert_eq!(target(&case.settings, SystemTime::now()), None);
        let later = SystemTime::now() + Duration::from_mins(5);
        let found = target(&case.settings, later).expect("a target");
        assert_eq!((found.repo_id.as_str(), found.file, found.from), ("a/b", None, From::Cache));
        let tree = r#"{"format_version":1,"files":{"w.bin":{"size":9,"blob_id":"abc"}}}"#;
        made.write("models--a--b/trees/1111.json", tree.as_bytes());
        assert_eq!(target(&case.settings, later).and_then(|t| t.file), Some("w.bin".to_owned()));
        // The whole file beside it: the download has succeeded since.
        let whole = made.write("models--a--b/blobs/abc", b"whole");
        assert_eq!(target(&case.settings, later), None);
        std::fs::remove_file(whole).expect("removed");
        let old = SystemTime::now() - Duration::from_hours(25);
        for path in [log, partial] {
            File::options().write(true).open(path).expect("the file").set_modified(old).expect("a time");
        }
        let traces = look(&case);
        assert!(traces.xet_log.is_none() && traces.partial.is_none());
        assert_eq!(target(&case.settings, later), None);
    }

    #[test]
    fn a_lock_without_its_file_tells_of_an_attempt() {
        let made = MadeCache::new();
        let case = case(made.home.path(), &[], None);
        made.write("models--a--b/blobs/abc", b"whole");
        made.write(".locks/models--a--b/abc.lock", b"");
        assert_eq!(target(&case.settings, SystemTime::now()), None, "the file of the lock is there");
        made.write(
            "models--a--b/trees/1111.json",
            br#"{"format_version":1,"files":{"w.bin":{"size":9,"blob_id":"def"}}}"#,
        );
        let lock = made.write(".locks/models--a--b/def.lock", b"");
        let found = target(&case.settings, SystemTime::now()).expect("a target");
        assert_eq!((found.repo_id.as_str(), found.file.as_deref()), ("a/b", Some("w.bin")));
        // Whoever has the lock open is still at it.
        let open = File::open(&lock).expect("the lock");
        if cfg!(target_os = "linux") {
            assert_eq!(target(&case.settings, SystemTime::now()), None);
        }
        drop(open);
        File::options()
            .write(true)
            .open(&lock)
            .expect("the lock")
            .set_modified(SystemTime::now() - RECENT * 2)
            .expect("a time");
        assert_eq!(target(&case.settings, SystemTime::now()), None, "it is old");
    }

    proptest! {
        #[test]
        fn any_text_is_a_log(text in "[ -~\n]{0,300}") {
            let _ = parse(&text);
        }
    }
}
