//! Where the failed command's output comes from: a file, `-`, or a pipe with bytes in it.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use hfdoctor_core::log::{Log, Search};

use super::CommandError;

/// How long a silent pipe is waited for when nothing else says what to examine.
const SILENT_PIPE: Duration = Duration::from_mins(1);
/// The same when a target was named: the pipe may only be what a script happens to leave there.
const SILENT_PIPE_BESIDE_TARGET: Duration = Duration::from_secs(1);

/// Reads the log that the command line names, or standard input when it is a pipe with bytes in it.
pub fn log(option: Option<&Path>, target_named: bool) -> Result<Option<Log>, CommandError> {
    match option {
        Some(path) if path == Path::new("-") => read("-", std::io::stdin()).map(Some),
        Some(path) => {
            let name = path.display().to_string();
            let file = File::open(path).map_err(|error| CommandError::Log(name.clone(), error))?;
            if file.metadata().is_ok_and(|m| m.is_dir()) {
                return Err(CommandError::Log(name, std::io::ErrorKind::IsADirectory.into()));
            }
            read(&name, file).map(Some)
        }
        None => piped(target_named),
    }
}

/// Reads a log to its end, searched for every sign.
pub fn read(name: &str, input: impl Read) -> Result<Log, CommandError> {
    Log::read(input, &Search::new()).map_err(|error| CommandError::Log(name.to_owned(), error))
}

/// Standard input as a log. A terminal, an empty input or a pipe that stays silent is none.
fn piped(target_named: bool) -> Result<Option<Log>, CommandError> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() || is_null_device() {
        return Ok(None);
    }
    // Whether bytes will come can only be known by reading, and a read cannot be called off: it has a thread of its own.
    let (send, receive) = mpsc::sync_channel(4);
    let reader = std::thread::Builder::new().spawn(move || {
        let mut input = std::io::stdin().lock();
        loop {
            let mut block = vec![0; 256 * 1024];
            let read = input.read(&mut block).map(|length| {
                block.truncate(length);
                block
            });
            let end = !matches!(&read, Ok(block) if !block.is_empty());
            if send.send(read).is_err() || end {
                return;
            }
        }
    });
    // Without a thread a pipe could only be read by waiting for it: then there is no log that was not asked for by name.
    if reader.is_err() {
        eprintln!("hfdoctor: standard input is not read: no thread can be started; `--log -` reads it all the same");
        return Ok(None);
    }
    let patience = if target_named { SILENT_PIPE_BESIDE_TARGET } else { SILENT_PIPE };
    let first = match receive.recv_timeout(patience) {
        Ok(Ok(block)) if !block.is_empty() => block,
        // No bytes, or none that can be read: then there is no log, and the examination goes on without.
        _ => return Ok(None),
    };
    read("-", Blocks { block: first, at: 0, rest: receive }).map(Some)
}

/// Blocks from the reading thread as one stream.
struct Blocks {
    block: Vec<u8>,
    at: usize,
    rest: mpsc::Receiver<std::io::Result<Vec<u8>>>,
}

impl Read for Blocks {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.block.len() {
            match self.rest.recv() {
                Ok(block) => (self.block, self.at) = (block?, 0),
                Err(mpsc::RecvError) => return Ok(0),
            }
        }
        let length = out.len().min(self.block.len() - self.at);
        out[..length].copy_from_slice(&self.block[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

/// Whether standard input is the null device, which services and schedulers give to their commands.
#[cfg(unix)]
fn is_null_device() -> bool {
    use std::os::unix::fs::FileTypeExt;
    // The descriptor's own file, by the name that every Unix has for it.
    std::fs::metadata("/dev/stdin").is_ok_and(|m| m.file_type().is_char_device())
}

#[cfg(not(unix))]
fn is_null_device() -> bool {
    false
}
