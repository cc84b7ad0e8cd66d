//! Cutting a start-up file into words and blocks.

use super::{Leaves, Part};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    If,
    Loop,
    Case,
    Brace,
    Function,
    Subshell,
    Array,
    Arithmetic,
    /// Of fish, which ends every block with the same word.
    Any,
}

/// What the next word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Command,
    Argument,
    /// The file of a redirection, and what comes behind it.
    File {
        then_command: bool,
    },
    /// The name of a function.
    Name,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the place in the text")]
pub(super) struct Scan<'a> {
    text: &'a [u8],
    fish: bool,
    at: usize,
    pub(super) blocks: Vec<Block>,
    pub(super) parts: Vec<Part>,
    next: Next,
    /// Behind `&&`, `||` or in a pipe.
    conditional: bool,
    /// Nothing has come since `&&`, `||` or `|`: the next line goes on with the command.
    goes_on: bool,
    function: bool,
    /// An `exec` of which it is not known yet whether it has a command.
    exec: bool,
    here_documents: Vec<(Vec<u8>, bool)>,
    pub(super) lost: bool,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a [u8], fish: bool) -> Scan<'a> {
        Scan {
            text,
            fish,
            at: 0,
            blocks: Vec::new(),
            parts: vec![Part::at(0)],
            next: Next::Command,
            conditional: false,
            goes_on: false,
            function: false,
            exec: false,
            here_documents: Vec::new(),
            lost: false,
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at.checked_add(ahead)?).copied()
    }

    pub(super) fn run(&mut self) {
        while let Some(byte) = self.peek(0) {
            if self.lost {
                return;
            }
            match byte {
                b'\n' => self.line_ends(),
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\\' if self.peek(1) == Some(b'\n') => self.at += 2,
                b'#' => {
                    while self.peek(0).is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                b';' => self.ends_command(1, false),
                b'&' if self.peek(1) == Some(b'>') => self.redirects(),
                b'&' | b'|' => {
                    let twice = self.peek(1) == Some(byte);
                    self.ends_command(if twice { 2 } else { 1 }, twice || byte == b'|');
                }
                b'<' | b'>' if self.peek(1) != Some(b'(') => self.redirects(),
                b'(' => self.opens_parenthesis(self.at),
                b')' => self.closes_parenthesis(),
                _ => self.word(),
            }
        }
        if !self.here_documents.is_empty() {
            self.blocks.push(Block::Any);
        }
    }

    fn part(&mut self) -> Option<&mut Part> {
        self.parts.last_mut()
    }

    fn ends_command(&mut self, length: usize, conditional: bool) {
        self.at += length;
        self.next = if self.blocks.last() == Some(&Block::Array) { Next::Argument } else { Next::Command };
        self.conditional = conditional;
        self.goes_on = conditional;
        self.exec = false;
    }

    fn line_ends(&mut self) {
        let goes_on = self.goes_on;
        self.ends_command(1, goes_on && self.conditional);
        for (word, tabs) in std::mem::take(&mut self.here_documents) {
            if !self.passes(&word, tabs) {
                // Its end is missing, or it is not what it seemed to be.
                self.blocks.push(Block::Any);
                return;
            }
        }
        if self.blocks.is_empty() && !goes_on && !self.function {
            self.parts.push(Part::at(self.at));
        }
    }

    /// Passes over a here-document; false when the file ends before it does.
    fn passes(&mut self, word: &[u8], tabs: bool) -> bool {
        while let Some(rest) = self.text.get(self.at..).filter(|rest| !rest.is_empty()) {
            let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
            self.at = self.at.saturating_add(line.len()).saturating_add(1).min(self.text.len());
            let skipped = if tabs { line.iter().take_while(|byte| **byte == b'\t').count() } else { 0 };
            if line.get(skipped..) == Some(word) {
                return true;
            }
        }
        false
    }

    fn redirects(&mut self) {
        let here = self.text.get(self.at..).unwrap_or_default();
        let arithmetic = self.blocks.contains(&Block::Arithmetic);
        if here.starts_with(b"<<<") {
            self.at += 3;
        } else if here.starts_with(b"<<") && !self.fish && !arithmetic {
            let tabs = here.get(2) == Some(&b'-');
            self.at += if tabs { 3 } else { 2 };
            while matches!(self.peek(0), Some(b' ' | b'\t')) {
                self.at += 1;
            }
            let from = self.at;
            self.passes_word();
            let word = self.text.get(from..self.at).unwrap_or_default();
            let word = word.iter().copied().filter(|byte| !matches!(byte, b'\'' | b'"' | b'\\')).collect();
            self.here_documents.push((word, tabs));
            return;
        } else {
            while matches!(self.peek(0), Some(b'<' | b'>' | b'&' | b'|')) {
                self.at += 1;
            }
        }
        if !matches!(self.next, Next::File { .. }) {
            self.next = Next::File { then_command: self.next == Next::Command };
        }
    }

    fn opens_parenthesis(&mut self, word: usize) {
        let before = self.at.checked_sub(1).and_then(|before| self.text.get(before)).copied();
        let closes = self.text.get(self.at + 1..).unwrap_or_default().trim_ascii_start().starts_with(b")");
        let names = self.at > word || self.next == Next::Argument || self.function;
        if closes && names && !self.fish && !matches!(before, Some(b'=' | b'$')) {
            // `name()` begins a function.
            while self.peek(0).is_some_and(|byte| byte != b')') {
                self.at += 1;
            }
            self.at += 1;
            (self.function, self.next) = (true, Next::Command);
            return;
        }
        self.function = false;
        let block = match before {
            Some(b'=') => Block::Array,
            Some(b'(') if self.blocks.last() == Some(&Block::Subshell) => Block::Arithmetic,
            _ => Block::Subshell,
        };
        self.at += 1;
        self.blocks.push(block);
        self.next = if block == Block::Subshell { Next::Command } else { Next::Argument };
    }

    fn closes_parenthesis(&mut self) {
        self.at += 1;
        match self.blocks.last() {
            Some(Block::Subshell | Block::Array | Block::Arithmetic) => {
                self.blocks.pop();
                self.next = Next::Argument;
            }
            // Behind a pattern.
            _ => self.next = Next::Command,
        }
    }

    /// Passes over the rest of a word.
    fn passes_word(&mut self) {
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => return,
                b'\\' => self.at += 2,
                b'\'' => {
                    let before = self.at.checked_sub(1).and_then(|before| self.text.get(before));
                    self.passes_quote(b'\'', self.fish || before == Some(&b'$'));
                }
                b'"' => self.passes_quote(b'"', true),
                b'$' if self.peek(1) == Some(b'{') => self.passes_braces(),
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.text.len());
    }

    fn passes_quote(&mut self, quote: u8, escapes: bool) {
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match byte {
                b'\\' if escapes => self.at += 1,
                byte if byte == quote => return,
                _ => {}
            }
        }
        self.blocks.push(Block::Any);
    }

    fn passes_braces(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\'' | b'"' => {
                    self.passes_quote(byte, byte == b'"');
                    continue;
                }
                b'\\' => self.at += 1,
                b'{' => depth += 1,
                b'}' if depth <= 1 => {
                    self.at += 1;
                    return;
                }
                b'}' => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        self.blocks.push(Block::Any);
    }

    fn word(&mut self) {
        let from = self.at;
        self.passes_word();
        if self.at == from {
            // A process substitution: `<(`.
            self.at += 1;
        }
        let text = self.text;
        let word = text.get(from..self.at.min(text.len())).unwrap_or_default();
        self.goes_on = false;
        if let Some(part) = self.part() {
            part.empty = false;
        }
        if self.peek(0) == Some(b'(') && self.at > from && self.next == Next::Command && !word.ends_with(b"$") {
            self.opens_parenthesis(from);
            return;
        }
        // The number of what is redirected.
        if matches!(self.peek(0), Some(b'<' | b'>')) && word.iter().all(u8::is_ascii_digit) {
            return;
        }
        match self.next {
            Next::File { then_command } => {
                self.next = if then_command { Next::Command } else { Next::Argument };
            }
            Next::Name => (self.next, self.function) = (Next::Command, true),
            Next::Argument => {
                // `exec {log}>file` opens a file.
                let opens_file = word.starts_with(b"{") && matches!(self.peek(0), Some(b'<' | b'>'));
                if std::mem::take(&mut self.exec) && !opens_file {
                    self.leaves();
                }
            }
            Next::Command => self.command(word.strip_prefix(b"\\").unwrap_or(word)),
        }
    }

    fn command(&mut self, word: &[u8]) {
        if self.opens_or_closes(word) {
            return;
        }
        match word {
            b"then" | b"else" | b"elif" | b"do" | b"!" | b"time" | b"command" | b"builtin" | b"not" => {}
            b"and" | b"or" if self.fish => self.conditional = true,
            b"return" | b"exit" | b"logout" => {
                self.leaves();
                self.next = Next::Argument;
            }
            b"exec" => (self.exec, self.next) = (true, Next::Argument),
            b"." | b"source" | b"eval" => {
                if let Some(part) = self.part() {
                    part.reads_others = true;
                }
                self.next = Next::Argument;
            }
            word if is_assignment(word) && !self.fish => {}
            _ => self.next = Next::Argument,
        }
    }

    /// The words that open and close blocks.
    fn opens_or_closes(&mut self, word: &[u8]) -> bool {
        let closes = |scan: &mut Scan<'_>, blocks: &[Block]| {
            match scan.blocks.last() {
                Some(last) if blocks.contains(last) => _ = scan.blocks.pop(),
                _ => scan.lost = true,
            }
            scan.next = Next::Argument;
        };
        if self.fish {
            match word {
                b"if" | b"while" | b"begin" => self.blocks.push(Block::Any),
                b"for" | b"switch" => {
                    self.blocks.push(Block::Any);
                    self.next = Next::Argument;
                }
                b"function" => {
                    self.blocks.push(Block::Function);
                    self.next = Next::Argument;
                }
                b"end" => closes(self, &[Block::Any, Block::Function]),
                _ => return false,
            }
            return true;
        }
        match word {
            b"if" => self.blocks.push(Block::If),
            b"while" | b"until" => self.blocks.push(Block::Loop),
            b"for" | b"select" => {
                self.blocks.push(Block::Loop);
                self.next = Next::Argument;
            }
            b"case" => {
                self.blocks.push(Block::Case);
                self.next = Next::Argument;
            }
            b"function" => self.next = Next::Name,
            b"{" => {
                let block = if std::mem::take(&mut self.function) { Block::Function } else { Block::Brace };
                self.blocks.push(block);
            }
            b"fi" => closes(self, &[Block::If]),
            b"done" => closes(self, &[Block::Loop]),
            b"esac" => closes(self, &[Block::Case]),
            b"}" => closes(self, &[Block::Brace, Block::Function]),
            _ => return false,
        }
        true
    }

    /// The command that was just read leaves the file, where it is not in a function or in a shell of its own.
    fn leaves(&mut self) {
        if self.blocks.iter().any(|block| matches!(block, Block::Function | Block::Subshell)) || self.function {
            return;
        }
        let leaves = if self.blocks.is_empty() && !self.conditional { Leaves::Always } else { Leaves::Perhaps };
        if let Some(part) = self.part() {
            part.leaves = part.leaves.max(leaves);
        }
    }
}

fn is_assignment(word: &[u8]) -> bool {
    let name = word.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let rest = word.get(name..).unwrap_or_default();
    name > 0 && (rest.starts_with(b"=") || rest.starts_with(b"+=") || rest.starts_with(b"["))
}
