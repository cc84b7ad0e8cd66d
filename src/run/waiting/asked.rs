//! Which lock files are asked for again and again: `filelock`, which the Hub's client uses, opens the file anew for every
//! attempt, some ten to twenty times a second.

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::time::Duration;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};

/// How long is listened.
const LISTEN: Duration = Duration::from_millis(500);
/// So many attempts are no chance visit.
pub const ATTEMPTS: usize = 3;
/// Events that are read at most.
const EVENTS: usize = 4096;

/// Of these files, the ones that somebody opens again and again; none of them where the system does not tell.
pub fn again_and_again<'a>(files: &[&'a str]) -> Vec<&'a str> {
    listen(files).unwrap_or_default()
}

fn listen<'a>(files: &[&'a str]) -> rustix::io::Result<Vec<&'a str>> {
    let listener = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
    let mut watched: BTreeMap<i32, (&str, usize)> = BTreeMap::new();
    for file in files {
        // Several events of one kind without another between them would come as one.
        if let Ok(number) = inotify::add_watch(&listener, *file, WatchFlags::OPEN | WatchFlags::CLOSE) {
            watched.insert(number, (*file, 0));
        }
    }
    if watched.is_empty() {
        return Ok(Vec::new());
    }
    std::thread::sleep(LISTEN);
    let mut buffer = [MaybeUninit::<u8>::uninit(); 4096];
    let mut reader = Reader::new(&listener, &mut buffer);
    // It ends when there is nothing more to read.
    for _ in 0..EVENTS {
        let Ok(event) = reader.next() else { break };
        if event.events().contains(ReadFlags::OPEN)
            && let Some((_, attempts)) = watched.get_mut(&event.wd())
        {
            *attempts += 1;
        }
    }
    Ok(watched.into_values().filter(|(_, attempts)| *attempts >= ATTEMPTS).map(|(file, _)| file).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_file_that_is_opened_again_and_again_is_told_from_one_that_is_not() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let [asked, quiet] = ["asked.lock", "quiet.lock"].map(|name| {
            let path = dir.path().join(name);
            std::fs::write(&path, "").expect("it is writable");
            path.to_str().expect("it is UTF-8").to_owned()
        });
        let done = Arc::new(AtomicBool::new(false));
        let (path, until) = (asked.clone(), Arc::clone(&done));
        let asker = std::thread::spawn(move || {
            while !until.load(Ordering::SeqCst) {
                let _ = std::fs::File::open(&path);
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        let found = again_and_again(&[&asked, &quiet, "/no/such/file"]);
        done.store(true, Ordering::SeqCst);
        asker.join().expect("it ends");
        assert_eq!(found, [asked.as_str()]);
    }
}
