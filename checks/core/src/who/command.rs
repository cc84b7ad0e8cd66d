//! What the failed command asked for: the options that a remedy must keep.

use std::sync::LazyLock;

use regex::Regex;

/// The options of a download, as far as the log shows them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Files that were named.
    pub files: Vec<String>,
    /// `--include`.
    pub include: Vec<String>,
    /// `--exclude`.
    pub exclude: Vec<String>,
    /// `--local-dir`.
    pub local_dir: Option<String>,
    /// `--cache-dir`.
    pub cache_dir: Option<String>,
    /// `--revision`.
    pub revision: Option<String>,
    /// `--max-workers`, or how many connections a command opens.
    pub workers: Option<u32>,
    /// The address that was asked for.
    pub url: Option<String>,
    /// The file that the bytes were written to.
    pub output: Option<String>,
}

static HF_DOWNLOAD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:(?-u:\b)hf|huggingface-cli)(?:\.exe)? download ([^\n\r]+)").expect("a constant pattern")
});
static KEYWORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?-u:\b)(local_dir|cache_dir|revision|allow_patterns|ignore_patterns|filename) ?= ?\[?["']([^"'\n]+)["']"#,
    )
    .expect("a constant pattern")
});
static URL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"https?://[^ \t\n\r'"<>)\]`]+/resolve/[^ \t\n\r'"<>)\]`]+"#).expect("a constant pattern")
});

/// The options that a log shows: those of its last `hf download`, else of the last command, else of calls in its text.
pub fn asked(text: &str, command: Option<&str>) -> Asked {
    let mut asked = Asked::default();
    if let Some(found) = HF_DOWNLOAD.captures_iter(text).last().and_then(|found| found.get(1)) {
        of_words(&words(found.as_str()), &mut asked);
    } else {
        for found in KEYWORD.captures_iter(text) {
            let (Some(name), Some(value)) = (found.get(1), found.get(2)) else { continue };
            let value = value.as_str().to_owned();
            match name.as_str() {
                "local_dir" => asked.local_dir = Some(value),
                "cache_dir" => asked.cache_dir = Some(value),
                "revision" if value != "main" => asked.revision = Some(value),
                "allow_patterns" => asked.include = vec![value],
                "ignore_patterns" => asked.exclude = vec![value],
                "filename" => asked.files = vec![value],
                _ => {}
            }
        }
    }
    asked.url =
        URL.find_iter(text).last().map(|found| found.as_str().trim_end_matches([',', '.', ';', ':']).to_owned());
    if let Some(command) = command {
        let words = words(command);
        let after = |names: &[&str]| {
            words.iter().position(|word| names.contains(&word.as_str())).and_then(|at| words.get(at + 1)).cloned()
        };
        let number = |names: &[&str]| after(names).and_then(|value| value.parse().ok());
        asked.workers = asked.workers.or_else(|| number(&["-x", "-j", "-s", "--max-connection-per-server"]));
        asked.output =
            after(&["-o", "--output", "-O", "--output-document", "--out"]).filter(|name| !name.starts_with('-'));
    }
    asked
}

/// The words of a command, without quotes; what follows an operator of the shell is no word of it.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut open, mut begun) = (None, false);
    for c in line.chars() {
        match (open, c) {
            (Some(quote), c) if c == quote => open = None,
            (None, '"' | '\'') => (open, begun) = (Some(c), true),
            (None, ' ' | '\t') => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (None, '|' | ';' | '&' | '>' | '#' | '`') if !begun => break,
            (None, ';') => break,
            (_, c) => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words.retain(|word| word != "\\" && word != "^");
    words
}

fn of_words(words: &[String], asked: &mut Asked) {
    let mut words = words.iter().peekable();
    let mut named = false;
    while let Some(word) = words.next() {
        let (name, given) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        if !name.starts_with('-') {
            // The first is the repository.
            if named && !word.contains("...") && asked.files.len() < 16 {
                asked.files.push(word.clone());
            }
            named = true;
            continue;
        }
        let mut next = || given.clone().or_else(|| words.next_if(|word| !word.starts_with('-')).cloned());
        match name {
            "--local-dir" => asked.local_dir = next(),
            "--cache-dir" => asked.cache_dir = next(),
            "--revision" => asked.revision = next(),
            "--max-workers" => asked.workers = next().and_then(|value| value.parse().ok()),
            "--include" | "--exclude" => {
                let first = next();
                let more = std::iter::from_fn(|| words.next_if(|word| !word.starts_with('-')).cloned());
                let patterns: Vec<String> = first.into_iter().chain(more).take(16).collect();
                if name == "--include" { asked.include = patterns } else { asked.exclude = patterns }
            }
            "--token" | "--repo-type" | "--repo_type" | "--format" => {
                let _ = next();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_a_download_are_kept() {
        let asked = asked(
            "$ hf download org/name model.gguf --include '*.json' '*.txt' --local-dir \"./my dir\" --revision=v1 --max-workers 16 --token hf_x | tee log",
            None,
        );
        assert_eq!(asked.files, ["model.gguf"]);
        assert_eq!(asked.include, ["*.json", "*.txt"]);
        assert_eq!(asked.local_dir.as_deref(), Some("./my dir"));
        assert_eq!(asked.revision.as_deref(), Some("v1"));
        assert_eq!(asked.workers, Some(16));
    }

    #[test]
    fn calls_in_python_are_read_too() {
        let asked = super::asked("snapshot_download('a/b', local_dir=\"out\", allow_patterns=[\"*.gguf\"])", None);
        assert_eq!((asked.local_dir.as_deref(), asked.include), (Some("out"), vec!["*.gguf".to_owned()]));
    }

    #[test]
    fn addresses_and_outputs_of_other_programs() {
        let text = "wget https://huggingface.co/a/b/resolve/main/m.gguf -O m.gguf";
        let asked = super::asked(text, Some(text));
        assert_eq!(asked.url.as_deref(), Some("https://huggingface.co/a/b/resolve/main/m.gguf"));
        assert_eq!(asked.output.as_deref(), Some("m.gguf"));
    }

    proptest::proptest! {
        #[test]
        fn any_command_is_read(text in "(hf download )?\\PC{0,80}") {
            let _ = super::asked(&text, Some(&text));
        }
    }
}
