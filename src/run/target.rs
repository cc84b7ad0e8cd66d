//! What the command was to download, read from its words.

use std::path::Path;

use hfdoctor_core::hub::is_hub_host;
use hfdoctor_core::target::{RepoType, Target};

use crate::cli::Words;

/// Options of many programs whose value is a repository of models.
const MODEL_OPTIONS: &[&str] = &[
    "--model",
    "--model-id",
    "--model_id",
    "--model-path",
    "--model_name_or_path",
    "--model-name-or-path",
    "--pretrained_model_name_or_path",
    "--pretrained-model-name-or-path",
    "--repo-id",
    "--repo_id",
    "--hf-repo",
    "-hf",
    "-hfr",
    "-m",
];
/// Options of the Hub's command-line client that take no value.
const SWITCHES: &[&str] = &[
    "--quiet",
    "-q",
    "--force-download",
    "--resume-download",
    "--dry-run",
    "--no-force-download",
    "--json",
    "--no-quiet",
];
/// The names of the Hub's command-line client.
const HUB_CLIENTS: &[&str] = &["hf", "huggingface-cli"];
/// Programs that take a model after a word, with `org/name` alone.
const SERVERS: &[(&str, &str)] = &[("vllm", "serve"), ("lms", "get"), ("ollama", "pull"), ("ollama", "run")];

/// The repository that the command names, where its words leave no doubt.
pub fn target_of(words: &Words) -> Option<Target> {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    hub_client(&words).or_else(|| address(&words)).or_else(|| option(&words)).or_else(|| server(&words))
}

/// The command line as a person would type it.
pub fn command_line(words: &Words) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(&word.to_string_lossy())).collect();
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,~".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    // A line break in an argument must not become one in the log.
    let word: String = word.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The words after a program's name, wherever wrappers such as `env`, `time` or `uv run` put it.
fn after<'a, 'w>(words: &'a [&'w str], names: &[&str]) -> Option<&'a [&'w str]> {
    let at = words.iter().position(|word| names.contains(&program(word)))?;
    words.get(at + 1..)
}

/// A program's name without its directory and without the ending that Windows gives it.
fn program(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name.strip_suffix(".exe").unwrap_or(name)
}

/// `hf download org/name [FILE]... [--repo-type T] [--revision R]`.
fn hub_client(words: &[&str]) -> Option<Target> {
    let words = after(words, HUB_CLIENTS)?;
    let words = words.get(words.iter().position(|word| *word == "download")? + 1..)?;
    let (mut positional, mut repo_type, mut revision) = (Vec::new(), None, None);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if !word.starts_with('-') {
            positional.push(*word);
            continue;
        }
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None if SWITCHES.contains(word) => (*word, None),
            None => (*word, rest.next().copied()),
        };
        match name {
            "--repo-type" | "--type" => repo_type = value.and_then(repo_type_of),
            "--revision" => revision = value,
            _ => {}
        }
    }
    let (id, files) = positional.split_first()?;
    // With several files it is not known which one failed.
    let file = if let [file] = files { Some(*file) } else { None };
    Target::parse(id, repo_type, revision, file).ok().or_else(|| Target::parse(id, None, None, None).ok())
}

fn repo_type_of(word: &str) -> Option<RepoType> {
    [RepoType::Model, RepoType::Dataset, RepoType::Space, RepoType::Kernel].into_iter().find(|kind| kind.word() == word)
}

/// The address of a file or repository, as curl, wget, aria2c, git and ollama take it.
fn address(words: &[&str]) -> Option<Target> {
    words.iter().find_map(|word| {
        // Also the value of `--option=URL`, and pip's `name @ URL`.
        let start = word.find("https://").or_else(|| word.find("http://")).or_else(|| word.find("hf://"));
        let text = start.map_or(*word, |at| word.split_at(at).1);
        is_of_the_hub(text).then(|| Target::parse(text, None, None, None).ok())?
    })
}

fn is_of_the_hub(text: &str) -> bool {
    if text.starts_with("hf://") {
        return true;
    }
    let git = text.strip_prefix("git@").and_then(|rest| rest.split_once(':'));
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    let (host, path) = git.or_else(|| rest.split_once('/')).unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or(host).split(':').next().unwrap_or(host);
    is_hub_host(host.strip_prefix("www.").unwrap_or(host))
        // A mirror, whatever it is called, has the Hub's paths.
        || (!scheme.is_empty() && (path.contains("/resolve/") || host.eq_ignore_ascii_case("hf-mirror.com")))
}

/// `--model org/name` and its kin.
fn option(words: &[&str]) -> Option<Target> {
    let mut rest = words.iter().peekable();
    while let Some(word) = rest.next() {
        let value = match word.split_once('=') {
            Some((name, value)) if MODEL_OPTIONS.contains(&name) => Some(value),
            None if MODEL_OPTIONS.contains(word) => rest.peek().copied().copied(),
            _ => None,
        };
        if let Some(target) = value.and_then(repository) {
            return Some(target);
        }
    }
    None
}

fn server(words: &[&str]) -> Option<Target> {
    SERVERS.iter().find_map(|(name, verb)| {
        let (first, rest) = after(words, &[name])?.split_first()?;
        (first == verb).then(|| rest.iter().find(|word| !word.starts_with('-')).and_then(|word| repository(word)))?
    })
}

/// `org/name` that is not a directory here.
fn repository(text: &str) -> Option<Target> {
    if text.matches('/').count() != 1 || Path::new(text).exists() {
        return None;
    }
    Target::parse(text, None, None, None).ok().filter(|target| target.problem().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn target(line: &str) -> String {
        let words: Words = line.split(' ').map(Into::into).collect();
        target_of(&words).map_or_else(String::new, |target| match &target.file {
            Some(file) => format!("{target} {file}"),
            None => target.to_string(),
        })
    }

    #[test]
    fn commands_name_their_repositories() {
        for (line, expected) in [
            ("hf download org/name", "org/name"),
            ("hf download --max-workers 8 org/name config.json", "org/name config.json"),
            ("hf download org/name a.json b.json", "org/name"),
            ("hf download --quiet org/name", "org/name"),
            (
                "env HF_HUB_OFFLINE=0 /opt/venv/bin/huggingface-cli download org/name --repo-type dataset",
                "datasets/org/name",
            ),
            ("uv run hf download org/name --repo-type=space --revision=v1", "spaces/org/name@v1"),
            ("hf download gpt2", "gpt2"),
            ("curl -LO https://huggingface.co/org/name/resolve/v2/model.bin", "org/name@v2 model.bin"),
            ("aria2c -x16 https://mirror.example/org/name/resolve/main/a.bin", "org/name a.bin"),
            ("git clone https://huggingface.co/datasets/org/name", "datasets/org/name"),
            ("git clone git@hf.co:org/name", "org/name"),
            ("git clone https://user:secret@huggingface.co/org/name", "org/name"),
            ("ollama pull hf.co/org/name:Q4_K_M", "org/name"),
            ("vllm serve org/name --port 8000", "org/name"),
            ("text-generation-launcher --model-id org/name", "org/name"),
            ("llama-server -hf org/name:Q8_0", "org/name"),
            ("python train.py --model_name_or_path=org/name", "org/name"),
        ] {
            assert_eq!(target(line), expected, "{line}");
        }
    }

    #[test]
    fn other_words_name_none() {
        for line in [
            "python train.py",
            "git clone https://github.com/org/name",
            "curl https://example.com/a/b",
            "hf version",
            "hf auth login",
            "python x.py --model src/run",
            "ollama pull llama3",
            "curl https://huggingface.co/settings/tokens",
            "-hf",
            "",
        ] {
            assert_eq!(target(line), "", "{line}");
        }
    }

    #[test]
    fn the_command_line_is_quoted() {
        let words: Words = ["hf", "download", "a b", "it's", "", "*.bin", "x\ny"].map(Into::into).to_vec();
        assert_eq!(command_line(&words), r"hf download 'a b' 'it'\''s' '' '*.bin' 'x y'");
    }

    proptest! {
        #[test]
        fn any_words_are_survived(words in prop::collection::vec(".{0,30}", 0..8)) {
            let words: Words = words.into_iter().map(Into::into).collect();
            let _ = (target_of(&words), command_line(&words));
        }
    }
}
