//! Which way each of the command's two streams takes: a pseudo-terminal where this program's own is a terminal, a pipe
//! elsewhere, and one for both where both lead to the same place, so that their order is kept.

use std::io::Result;
use std::process::Stdio;

use super::capture::Stream;
use super::stream::Channel;

#[cfg(unix)]
pub use super::pty::Window;

/// A window's size is the console's own matter here.
#[cfg(not(unix))]
pub struct Window;

/// The ways, and what the command is given of them.
pub struct Plumbing {
    /// For the command's standard output.
    pub stdout: Stdio,
    /// For the command's standard error.
    pub stderr: Stdio,
    /// What the command prints, and where it goes.
    pub channels: Vec<Channel>,
    /// The pseudo-terminals' sizes.
    pub windows: Vec<Window>,
}

/// One end for the command, or two when both streams share the way.
struct Way {
    ends: Vec<Stdio>,
    channel: Channel,
    window: Option<Window>,
}

/// Lays the pipes and terminals.
pub fn lay() -> Result<Plumbing> {
    let shared = same_place();
    let mut ways = vec![way(Stream::Out, if shared { 2 } else { 1 }, shared)?];
    if !shared {
        ways.push(way(Stream::Err, 1, true)?);
    }
    let (mut ends, mut channels, mut windows) = (Vec::new(), Vec::new(), Vec::new());
    for way in ways {
        ends.extend(way.ends);
        channels.push(way.channel);
        windows.extend(way.window);
    }
    let mut ends = ends.into_iter();
    let (stdout, stderr) = (ends.next().unwrap_or_else(Stdio::null), ends.next().unwrap_or_else(Stdio::null));
    Ok(Plumbing { stdout, stderr, channels, windows })
}

fn pipe(stream: Stream, ends: usize, to_stderr: bool) -> Result<Way> {
    let (reader, writer) = std::io::pipe()?;
    let ends = (0..ends).map(|_| writer.try_clone().map(Stdio::from)).collect::<Result<_>>()?;
    let outlet = unix_or_standard::outlet(stream)?;
    let channel =
        Channel { stream, reader: Box::new(reader), entry: Box::new(writer), outlet, terminal: false, to_stderr };
    Ok(Way { ends, channel, window: None })
}

use unix_or_standard::{same_place, way};

#[cfg(unix)]
mod unix_or_standard {
    use std::fs::File;
    use std::io::{IsTerminal, Result, Write};
    use std::os::fd::{AsFd, BorrowedFd};
    use std::process::Stdio;

    use super::super::capture::Stream;
    use super::super::pty::Terminal;
    use super::super::stream::Channel;
    use super::{Way, pipe};

    /// Whether both streams lead to the same terminal, pipe or file.
    pub fn same_place() -> bool {
        let (Ok(out), Ok(err)) = (rustix::fs::fstat(std::io::stdout()), rustix::fs::fstat(std::io::stderr())) else {
            return false;
        };
        (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino)
    }

    /// Without the standard library's buffer, which would hold back an unfinished line.
    pub fn outlet(stream: Stream) -> Result<Box<dyn Write + Send>> {
        let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
        Ok(Box::new(File::from(descriptor(stream, &stdout, &stderr).try_clone_to_owned()?)))
    }

    fn descriptor<'a>(stream: Stream, stdout: &'a std::io::Stdout, stderr: &'a std::io::Stderr) -> BorrowedFd<'a> {
        match stream {
            Stream::Out => stdout.as_fd(),
            Stream::Err => stderr.as_fd(),
        }
    }

    pub fn way(stream: Stream, ends: usize, to_stderr: bool) -> Result<Way> {
        let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
        let outer = descriptor(stream, &stdout, &stderr);
        if outer.is_terminal()
            && let Ok(terminal) = Terminal::like(outer)
        {
            let ends = (0..ends).map(|_| terminal.slave().map(Stdio::from)).collect::<Result<_>>()?;
            let reader = terminal.reader()?;
            let (window, entry) = terminal.split();
            let channel = Channel { stream, reader, entry, outlet: outlet(stream)?, terminal: true, to_stderr };
            return Ok(Way { ends, channel, window: Some(window) });
        }
        // Where no pseudo-terminal can be had, the output is worth more than its look.
        pipe(stream, ends, to_stderr)
    }
}

#[cfg(not(unix))]
mod unix_or_standard {
    use std::io::{Result, Write};

    use super::super::capture::Stream;
    use super::{Way, pipe};

    /// Not known here.
    pub fn same_place() -> bool {
        false
    }

    pub fn outlet(stream: Stream) -> Result<Box<dyn Write + Send>> {
        Ok(match stream {
            Stream::Out => Box::new(std::io::stdout()),
            Stream::Err => Box::new(std::io::stderr()),
        })
    }

    /// Always a pipe: a pseudo-console here wants the keys to go through it too.
    pub fn way(stream: Stream, ends: usize, to_stderr: bool) -> Result<Way> {
        pipe(stream, ends, to_stderr)
    }
}
