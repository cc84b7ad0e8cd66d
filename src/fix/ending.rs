//! How far a start-up file is read: what stands behind a `return` or an `exec` is never reached.
//!
//! The file is cut into words as its shell does it, as far as blocks, quotes, comments and here-documents go. What is not
//! understood counts as reached, so that the place is then the end of the file.

mod scan;

use super::assignment::Language;
use scan::Scan;

/// Where a line that is added to a start-up file belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    /// The beginning of a line, in bytes, behind everything that is sure to be read; the file's end where nothing leaves it.
    pub at: usize,
    /// Lines from here on, in bytes, are never reached.
    pub dead: usize,
    /// A block, a quote or a here-document is still open at the end: what is added there belongs to it.
    pub open: bool,
    /// It reads other files, or runs text that it makes itself.
    pub reads_others: bool,
}

/// Finds the place for a line that is to have the last word about a variable.
pub(crate) fn of(text: &[u8], name: &str, language: Language) -> Ending {
    let whole = Ending { at: text.len(), dead: text.len(), open: false, reads_others: false };
    if language == Language::PowerShell {
        return whole;
    }
    let mut scan = Scan::new(text, language == Language::Fish);
    scan.run();
    let reads_others = scan.parts.iter().any(|part| part.reads_others);
    if scan.lost || !scan.blocks.is_empty() {
        return Ending { open: !scan.lost, reads_others, ..whole };
    }
    let dead = scan.parts.iter().position(|part| part.leaves == Leaves::Always).unwrap_or(scan.parts.len());
    let start_of = |index: usize| scan.parts.get(index).map_or(text.len(), |part| part.start);
    // Where a last block that may leave the file does not set the variable, before it is as good as behind it.
    let names_it = |index: usize| {
        let block = text.get(start_of(index)..start_of(index.saturating_add(1))).unwrap_or_default();
        !name.is_empty() && block.windows(name.len()).any(|window| window == name.as_bytes())
    };
    let mut place = dead;
    for (index, part) in scan.parts.iter().enumerate().take(dead).rev() {
        match part.leaves {
            Leaves::Perhaps if !part.reads_others && !names_it(index) => place = index,
            Leaves::Never if part.empty => {}
            _ => break,
        }
    }
    Ending { at: start_of(place), dead: start_of(dead), open: false, reads_others }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Leaves {
    Never,
    Perhaps,
    Always,
}

/// Lines that belong together: from one at which the shell is between two commands to the next such.
#[derive(Debug)]
struct Part {
    start: usize,
    leaves: Leaves,
    reads_others: bool,
    empty: bool,
}

impl Part {
    fn at(start: usize) -> Part {
        Part { start, leaves: Leaves::Never, reads_others: false, empty: true }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What stands behind the place.
    fn behind(text: &str, language: Language) -> &str {
        &text[of(text.as_bytes(), "HF_X", language).at..]
    }

    #[test]
    fn the_place_is_before_what_leaves_the_file() {
        for (text, rest) in [
            (". ~/.env\nreturn 0\n", "return 0\n"),
            (". ~/.env\nexec fish\n# end\n", "exec fish\n# end\n"),
            (". ~/.env\nA=1 exec -l zsh\n", "A=1 exec -l zsh\n"),
            (
                "a\n[ -n \"$X\" ] || Y=1 exec bash --norc -ic \"$Z\"\n\n",
                "[ -n \"$X\" ] || Y=1 exec bash --norc -ic \"$Z\"\n\n",
            ),
            ("a\nif [[ -t 1 ]]; then\n  exec fish $L\nfi\n", "if [[ -t 1 ]]; then\n  exec fish $L\nfi\n"),
            ("a\n[ -t 0 ] &&\n  return\nexport B=1\nexit\n", "exit\n"),
            ("cat <<E\nreturn\nE\nreturn\n", "return\n"),
            ("echo $((1<<2))\nreturn\n", "return\n"),
        ] {
            assert_eq!(behind(text, Language::Sh), rest, "{text}");
        }
        assert_eq!(
            behind("source x\nif status -i\n  exec zsh\nend\n", Language::Fish),
            "if status -i\n  exec zsh\nend\n"
        );
        assert_eq!(behind("function f\n  return 1\nend\nreturn\n", Language::Fish), "return\n");
    }

    #[test]
    fn otherwise_it_is_the_end() {
        for text in [
            "case $- in\n    *i*) ;;\n      *) return;;\nesac\nexport A=1\n",
            "[ -z \"$PS1\" ] && return\n. x\n",
            "f() {\n  return 1\n}\n",
            "function g { return 1; }\n",
            "function g() {\n return 1\n}\n",
            "f() (\n exit 1\n)\n",
            "a=()\nlocal b=( )\n",
            "f ()\n{\nreturn 1\n}\n",
            "exec 2>/dev/null\n",
            "exec 3<&0 {log}>file\n",
            "(exit 3)\n",
            "a=(\nreturn\n)\n",
            "text='\nreturn\n'\n",
            "x=\"$(cat 'a' 2> /dev/null)\" # return\n",
            "cat <<-'E'\nreturn\n\tE\n",
            "if a; then . b; return; fi\n",
            "if a; then\n export HF_X=1\n return\nfi\n",
            "export return=1\necho exec ls\nalias e='exec ls'\n",
            "for i in a \\\n b; do\necho $i\ndone\n",
            "[ -s \"$N/nvm.sh\" ] && \\. \"$N/nvm.sh\"\n",
            "echo ${x#y} ${#z} ${w:-'}'}\n",
            "case \"$T\" in xterm*|rxvt*) A=1 ;; *) ;; esac\n",
            "done\nreturn\n",
        ] {
            let ending = of(text.as_bytes(), "HF_X", Language::Sh);
            assert_eq!((ending.at, ending.open), (text.len(), false), "{text}");
        }
        let text = "function f\n  return 1\nend\nif a; and b\n set -gx HF_X 1\n return\nend\n";
        assert_eq!(behind(text, Language::Fish), "");
    }

    #[test]
    fn what_is_open_at_the_end_is_seen() {
        for text in ["a\nif true; then\n", "a='\n", "cat <<E\n", "f() {\n", "while a; do\n b\n"] {
            assert!(of(text.as_bytes(), "HF_X", Language::Sh).open, "{text}");
        }
        assert!(of(b"if true\n", "HF_X", Language::Fish).open);
        assert!(of(b"[ -r a ] && . a\n", "HF_X", Language::Sh).reads_others);
    }

    proptest! {
        #[test]
        fn any_file_has_a_place_at_the_beginning_of_a_line(
            text in "([ \\n;&|(){}<>'\"\\\\#$]|if|fi|case|esac|return|exec|<<E|in|a=|do|done|for|-){0,60}", fish: bool,
        ) {
            let language = if fish { Language::Fish } else { Language::Sh };
            let ending = of(text.as_bytes(), "HF_X", language);
            prop_assert!(ending.at <= text.len() && ending.at <= ending.dead);
            prop_assert!([0, text.len()].contains(&ending.at) || text.as_bytes()[ending.at - 1] == b'\n');
        }
    }
}
