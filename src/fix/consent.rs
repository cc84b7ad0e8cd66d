//! The person: agrees to fixes, types a token, is shown pages and progress.

use std::io::{self, BufRead, Write};

use hfdoctor_core::diagnosis::Risk;
use hfdoctor_core::token::Token;

use super::plan::PlannedFix;

/// What a person says to a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Apply this one.
    Yes,
    /// Leave this one out.
    No,
    /// Apply this one and all that follow.
    All,
    /// Leave out this one and all that follow.
    Stop,
}

/// Stands for the person while fixes are applied. It is asked once for every fix that would be applied.
pub trait Consent {
    /// Whether a fix may be applied.
    fn agree(&mut self, fix: &PlannedFix) -> Answer;

    /// A token typed by the person, unseen; none when nobody is there or nothing was typed.
    fn ask_token(&mut self, prompt: &str) -> Option<Token> {
        let _ = prompt;
        None
    }

    /// Opens a page for the person; whether a browser took it.
    fn open_page(&mut self, address: &str) -> bool {
        let _ = address;
        false
    }

    /// Tells how things go, such as the seconds that are left of a wait. Each text takes the place of the one before.
    fn tell(&mut self, text: &str) {
        let _ = text;
    }
}

/// Agrees to everything that the engine may apply, and asks nobody: `--yes`.
#[derive(Debug, Clone, Copy)]
pub struct Yes;

impl Consent for Yes {
    fn agree(&mut self, _: &PlannedFix) -> Answer {
        Answer::Yes
    }
}

/// Agrees to what loses nothing and can be undone, and asks nobody.
#[derive(Debug, Clone, Copy)]
pub struct SafeOnly;

impl Consent for SafeOnly {
    fn agree(&mut self, fix: &PlannedFix) -> Answer {
        if fix.risk == Risk::Safe { Answer::Yes } else { Answer::No }
    }
}

/// Asks the person at the terminal. Questions go to standard error, answers come from the terminal itself, because
/// standard input may be the log.
#[derive(Debug, Default)]
pub struct Terminal {
    /// Agree without asking, as [`Yes`] does; tokens are still asked for.
    pub agree_to_all: bool,
    told: bool,
}

impl Terminal {
    /// Somebody who is asked about every fix, or about none.
    pub fn new(agree_to_all: bool) -> Terminal {
        Terminal { agree_to_all, told: false }
    }

    fn end_line(&mut self) {
        if std::mem::take(&mut self.told) {
            let _ = writeln!(io::stderr());
        }
    }
}

impl Consent for Terminal {
    fn agree(&mut self, fix: &PlannedFix) -> Answer {
        if self.agree_to_all {
            return Answer::Yes;
        }
        self.end_line();
        for _ in 0..3 {
            let question = format!("apply `{}`: {}?", fix.id, fix.title);
            // The answers stand on a line of their own: a terminal breaks a long line anywhere.
            let question = textwrap::fill(&question, textwrap::termwidth());
            let asked =
                write!(io::stderr(), "\n{question}\n[y]es, [n]o, [a]ll, [s]top: ").and_then(|()| io::stderr().flush());
            let Some(answer) = asked.ok().and_then(|()| answer()) else { return Answer::Stop };
            match answer.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => return Answer::Yes,
                "n" | "no" => return Answer::No,
                "a" | "all" => return Answer::All,
                "s" | "stop" | "q" | "quit" => return Answer::Stop,
                _ => {}
            }
        }
        Answer::No
    }

    fn ask_token(&mut self, prompt: &str) -> Option<Token> {
        self.end_line();
        let typed = rpassword::prompt_password(format!("{prompt}: ")).ok()?;
        (!typed.trim().is_empty()).then(|| Token::new(typed.into_bytes()))
    }

    fn open_page(&mut self, address: &str) -> bool {
        // Detached: a browser in the foreground of this terminal would hold us up.
        open::that_detached(address).is_ok()
    }

    fn tell(&mut self, text: &str) {
        self.told = true;
        let _ = write!(io::stderr(), "\r{text}\u{1b}[K").and_then(|()| io::stderr().flush());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.end_line();
    }
}

/// One line typed at the terminal.
fn answer() -> Option<String> {
    let device = if cfg!(windows) { "CONIN$" } else { "/dev/tty" };
    let mut line = String::new();
    let mut input = io::BufReader::new(std::fs::File::open(device).ok()?);
    match input.read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line),
    }
}
