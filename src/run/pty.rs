//! Pseudo-terminals for the command's output, so that progress bars and colours look as they do without this program.
//!
//! Only the output goes through them. Standard input, the controlling terminal, the session and the process group stay the
//! person's own: keys, Ctrl-C, Ctrl-Z and Ctrl-\ take the way they always take, jobs can be stopped and continued, and the
//! person's terminal is never put into another mode that could be left behind.

use std::fs::{File, OpenOptions};
use std::io::{Error, Read, Result, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

use portable_pty::{MasterPty, PtySize, native_pty_system};
use rustix::termios::{OptionalActions, OutputModes, tcgetattr, tcgetwinsize, tcsetattr};

/// A pseudo-terminal that stands in for one of the person's terminals.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    slave: File,
    outer: OwnedFd,
}

impl Terminal {
    /// Opens one of the same size and settings as `outer`.
    pub fn like(outer: impl AsFd) -> Result<Terminal> {
        let pair = native_pty_system().openpty(size(&outer)).map_err(Error::other)?;
        let name = pair.master.tty_name().ok_or_else(|| Error::other("the pseudo-terminal has no name"))?;
        // It must not become the controlling terminal of a process that has none, such as a container's first.
        let no_control = rustix::fs::OFlags::NOCTTY.bits().cast_signed();
        let slave = OpenOptions::new().read(true).write(true).custom_flags(no_control).open(name)?;
        let mut settings = tcgetattr(&outer)?;
        // The outer terminal turns line feeds into new lines; done twice it would show in recordings.
        settings.output_modes.remove(OutputModes::OPOST);
        tcsetattr(&slave, OptionalActions::Now, &settings)?;
        Ok(Terminal { master: pair.master, slave, outer: outer.as_fd().try_clone_to_owned()? })
    }

    /// The end for the command.
    pub fn slave(&self) -> Result<File> {
        self.slave.try_clone()
    }

    /// What the command prints.
    pub fn reader(&self) -> Result<Box<dyn Read + Send>> {
        self.master.try_clone_reader().map_err(Error::other)
    }

    /// The handle that follows the outer terminal's size, and the command's end for the marker.
    pub fn split(self) -> (Window, Box<dyn Write + Send>) {
        (Window { master: self.master, outer: self.outer }, Box::new(self.slave))
    }
}

/// The size of a pseudo-terminal, which follows the person's.
pub struct Window {
    master: Box<dyn MasterPty + Send>,
    outer: OwnedFd,
}

impl Window {
    /// Takes over the outer terminal's size.
    pub fn follow(&self) {
        // A size that cannot be set leaves the old one: lines may wrap at the wrong column.
        let _ = self.master.resize(size(&self.outer));
    }
}

fn size(terminal: impl AsFd) -> PtySize {
    tcgetwinsize(terminal).map_or_else(
        |_| PtySize::default(),
        |size| PtySize {
            rows: size.ws_row,
            cols: size.ws_col,
            pixel_width: size.ws_xpixel,
            pixel_height: size.ws_ypixel,
        },
    )
}
