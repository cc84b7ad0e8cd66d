//! The pieces that remedies are made of, in the words of one failure.

use super::Failure;
use crate::diagnosis::{Action, Fix, Risk};
use crate::target::{RepoType, Target};
use crate::text::shell::Shell;
use crate::who::System;

/// The page on which tokens are made.
pub(super) const TOKENS: &str = "https://huggingface.co/settings/tokens";

/// What has to be allowed so that every host of a download can be reached. A wildcard of one label does not cover names
/// such as us.aws.cdn.hf.co.
pub(super) const HOSTS: &str = "port 443 to every name below huggingface.co and hf.co";

/// Opens a page.
pub(super) fn open_page(id: &'static str, title: &str, url: &str) -> Fix {
    Fix::automatic(id, Risk::Ask, title, vec![Action::OpenPage { url: url.to_owned() }]).command(url)
}

impl Failure<'_> {
    /// The shell that commands are written for.
    pub(super) fn shell(&self) -> Shell {
        self.who.shell
    }

    pub(super) fn system(&self) -> System {
        self.who.system
    }

    pub(super) fn windows(&self) -> bool {
        self.who.system == System::Windows
    }

    pub(super) fn mac(&self) -> bool {
        self.who.system == System::MacOs
    }

    /// Whether this program can apply something: the failure is of this machine, and the client reads what is changed.
    pub(super) fn applies(&self, variable: &str) -> bool {
        self.who.elsewhere.is_none() && self.who.family.reads(variable)
    }

    /// What failed to download, where it is one that the Hub can have.
    pub(super) fn target(&self) -> Option<&Target> {
        self.who.target.as_ref().filter(|target| target.problem().is_none())
    }

    /// The repository's page.
    pub(super) fn page(&self) -> Option<String> {
        self.target().map(Target::url)
    }

    /// The list of the repository's files.
    pub(super) fn files(&self) -> Option<String> {
        self.page().map(|page| format!("{page}/tree/main"))
    }

    /// The host of the failure; the Hub's where none is known.
    pub(super) fn host(&self) -> &str {
        self.who.host.as_deref().unwrap_or("huggingface.co")
    }

    /// The address of the file that was asked for.
    pub(super) fn file_url(&self) -> Option<String> {
        let of_target = || {
            let target = self.target()?;
            let file = target.file.as_ref()?;
            Some(format!("{}/resolve/{}/{file}", target.url(), target.revision()))
        };
        self.who.asked.url.clone().map(|url| url.replacen("/blob/", "/resolve/", 1)).or_else(of_target)
    }

    /// Opens the repository's page, or says in words which page it is.
    pub(super) fn repository_page(&self, id: &'static str, title: &str) -> Fix {
        match self.page() {
            Some(page) if self.who.elsewhere.is_none() => open_page(id, title, &page),
            Some(page) => Fix::manual(id, title).command(page),
            None => Fix::manual(id, title),
        }
    }

    /// Accepts the conditions of a gated repository.
    pub(super) fn conditions(&self) -> Fix {
        self.repository_page("gate-open", "accept the conditions on the repository's page, logged in to the Hub")
    }

    /// Sets a variable: by itself where that reaches the client, else as advice.
    pub(super) fn set(&self, id: &'static str, name: &str, value: &str, title: impl Into<String>) -> Fix {
        let (title, line) = (title.into(), self.shell().set(name, value));
        if !self.applies(name) {
            return Fix::manual(id, title).command(line);
        }
        if self.here.variables.get(name).is_some_and(|set| set == value) {
            return Fix::manual(id, title).note(format!("`{name}` is set so already"));
        }
        let action = Action::SetVariable { name: name.to_owned(), value: value.to_owned() };
        Fix::automatic(id, Risk::Ask, title, vec![action]).command(line)
    }

    /// Unsets variables: by itself where they are set here, else as advice.
    pub(super) fn unset(&self, id: &'static str, names: &[&str], title: impl Into<String>) -> Fix {
        let (title, line) = (title.into(), self.shell().unset(names));
        let set_here: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| self.applies(name) && self.here.variables.contains_key(*name))
            .collect();
        if set_here.is_empty() {
            return Fix::manual(id, title).command(line);
        }
        let actions = set_here.iter().map(|name| Action::UnsetVariable { name: (*name).to_owned() }).collect();
        Fix::automatic(id, Risk::Ask, title, actions).command(line)
    }

    /// Variables of the proxy that the log or this machine sets.
    pub(super) fn proxy_variables(&self) -> Vec<String> {
        let is_proxy = |name: &str| {
            let lower = name.to_ascii_lowercase();
            lower.ends_with("_proxy") && lower != "no_proxy"
        };
        let told = self.who.variables.iter().map(|(name, _)| name);
        let here = self.here.variables.keys().filter(|_| self.who.elsewhere.is_none());
        let mut names: Vec<String> = told.chain(here).filter(|name| is_proxy(name)).cloned().collect();
        names.sort();
        names.dedup();
        names
    }

    /// The command of the Hub's own client that downloads the same once more, with the options that were given.
    pub(super) fn hf_download(&self, more: &[&str]) -> Option<String> {
        let target = self.target()?;
        let asked = &self.who.asked;
        let old = self.here.old_program || self.who.hub_version.is_some_and(|version| version < (0, 34, 0));
        let mut words: Vec<String> = vec![if old { "huggingface-cli" } else { "hf" }.to_owned(), "download".to_owned()];
        words.push(target.repo_id.clone());
        words.extend(asked.files.iter().cloned());
        if asked.files.is_empty() && asked.include.is_empty() {
            words.extend(target.file.clone());
        }
        let kind = Some(target.repo_type).filter(|kind| *kind != RepoType::Model).map(RepoType::word);
        let revision = asked.revision.clone().unwrap_or_else(|| target.revision().to_owned());
        let options = [
            ("--repo-type", kind.map(str::to_owned)),
            ("--revision", Some(revision).filter(|revision| revision != "main")),
            ("--local-dir", asked.local_dir.clone()),
            ("--cache-dir", asked.cache_dir.clone()),
        ];
        for (name, value) in options {
            words.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
        }
        for (name, values) in [("--include", &asked.include), ("--exclude", &asked.exclude)] {
            if !values.is_empty() {
                words.push(name.to_owned());
                words.extend(values.iter().cloned());
            }
        }
        words.extend(more.iter().map(|word| (*word).to_owned()));
        Some(self.shell().command(words.iter().map(String::as_str)))
    }

    /// Adds the command of the Hub's own client, where it is known what to download.
    pub(super) fn with_download(&self, fix: Fix, more: &[&str]) -> Fix {
        match self.hf_download(more) {
            Some(command) => fix.command(command),
            None => fix,
        }
    }

    /// curl, which Windows's PowerShell has under another name.
    pub(super) fn curl(&self) -> &'static str {
        if self.windows() { "curl.exe" } else { "curl" }
    }

    /// Nothing, where commands cannot be written to.
    pub(super) fn null(&self) -> &'static str {
        if self.windows() { "NUL" } else { "/dev/null" }
    }

    /// A request that shows how far the way to a host goes.
    pub(super) fn probe(&self, url: &str) -> String {
        format!("{} -sS -o {} -w \"%{{http_code}}\" {}", self.curl(), self.null(), self.shell().word(url))
    }
}
