//! Repositories.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::content::{Content, FileSpec};
use crate::text;

/// One repository.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "the Hub knows these as separate switches")]
pub struct Repo {
    /// `owner/name`, or a short canonical name.
    pub id: String,
    /// Model, dataset or space.
    #[serde(default, rename = "type")]
    pub kind: RepoType,
    /// Seen only by its owner and the owning organisation's members.
    #[serde(default)]
    pub private: bool,
    /// The account or organisation; the part of the id before the slash if not given.
    owner: Option<String>,
    /// Whether its files are behind a licence.
    #[serde(default)]
    pub gated: Gate,
    /// Where each account stands with the licence; who is not named never asked.
    #[serde(default)]
    pub access: BTreeMap<String, Access>,
    /// The Hub has taken it down.
    #[serde(default)]
    pub disabled: bool,
    /// Its files answer 403 `This model is not available in your region.`; its record does not.
    #[serde(default)]
    pub region_blocked: bool,
    /// `extra_gated_eu_disallowed` in the record's card data.
    #[serde(default)]
    pub eu_disallowed: bool,
    /// Former ids, answered by a redirect.
    #[serde(default)]
    pub renamed_from: Vec<String>,
    /// The commit of `main`; derived from the id if not given.
    commit: Option<String>,
    /// Further branches (or `refs/…`) and their commits; an empty commit means that of `main`.
    #[serde(default)]
    branches: BTreeMap<String, String>,
    /// Tags and their commits; an empty commit means that of `main`.
    #[serde(default)]
    tags: BTreeMap<String, String>,
    /// Files by path, the same in every revision unless the file says otherwise.
    #[serde(default)]
    pub files: BTreeMap<String, FileSpec>,
    /// So many small files more, named `part/00000.json` and so on.
    #[serde(default)]
    pub many: usize,
}

impl Repo {
    /// An empty public model.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            id: id.into(),
            kind: RepoType::Model,
            private: false,
            owner: None,
            gated: Gate::Open,
            access: BTreeMap::new(),
            disabled: false,
            region_blocked: false,
            eu_disallowed: false,
            renamed_from: Vec::new(),
            commit: None,
            branches: BTreeMap::new(),
            tags: BTreeMap::new(),
            files: BTreeMap::new(),
            many: 0,
        }
    }

    /// Makes the many small files, once.
    pub(crate) fn fill_up(&mut self) {
        for number in 0..std::mem::take(&mut self.many) {
            self.files.insert(format!("part/{number:05}.json"), "{}\n".into());
        }
    }

    /// The same with one more file.
    #[must_use]
    pub fn with_file(mut self, path: &str, file: impl Into<FileSpec>) -> Self {
        self.files.insert(path.into(), file.into());
        self
    }

    /// The account or organisation it belongs to.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.owner.as_deref().unwrap_or_else(|| self.id.split_once('/').map_or("huggingface", |(owner, _)| owner))
    }

    /// The commit of `main`.
    #[must_use]
    pub fn commit(&self) -> String {
        self.commit.clone().unwrap_or_else(|| text::sha1(format!("commit {} {}", self.kind.path(), self.id).as_bytes()))
    }

    /// Branches and their commits, `main` first.
    #[must_use]
    pub fn branches(&self) -> Vec<(String, String)> {
        let others = self.branches.iter().filter(|(name, _)| *name != "main");
        std::iter::once(("main".to_owned(), self.commit()))
            .chain(others.map(|(name, commit)| (name.clone(), self.filled(commit))))
            .collect()
    }

    /// Tags and their commits.
    #[must_use]
    pub fn tags(&self) -> Vec<(String, String)> {
        self.tags.iter().map(|(name, commit)| (name.clone(), self.filled(commit))).collect()
    }

    fn filled(&self, commit: &str) -> String {
        if commit.is_empty() { self.commit() } else { commit.to_owned() }
    }

    /// The commit that a revision (branch, tag, commit or at least seven digits of one) names.
    #[must_use]
    pub fn resolve(&self, revision: &str) -> Option<String> {
        let named = self.branches().into_iter().chain(self.tags()).collect::<Vec<_>>();
        named
            .iter()
            .find(|(name, _)| name == revision || format!("refs/heads/{name}") == revision)
            .or_else(|| named.iter().find(|(_, commit)| revision.len() >= 7 && commit.starts_with(revision)))
            .map(|(_, commit)| commit.clone())
    }

    /// Whether a file is part of a revision: it is in all of them, or one of those it is in is the same commit.
    fn holds(&self, revision: &str, file: &FileSpec) -> bool {
        let only_at = file.only_at();
        only_at.is_empty() || {
            let commit = self.resolve(revision);
            only_at.iter().any(|at| self.resolve(at) == commit)
        }
    }

    /// The files of a revision.
    pub(crate) fn files_at<'a>(&'a self, revision: &'a str) -> impl Iterator<Item = (&'a str, Content<'a>)> {
        self.files
            .iter()
            .filter(move |(_, file)| self.holds(revision, file))
            .map(|(path, file)| (path.as_str(), file.content()))
    }

    /// One file of a revision.
    pub(crate) fn file_at(&self, revision: &str, path: &str) -> Option<Content<'_>> {
        self.files.get(path).filter(|file| self.holds(revision, file)).map(FileSpec::content)
    }

    /// The name under which a client's cache keeps the file: the SHA-256 of an LFS file, the git SHA-1 of any other.
    #[must_use]
    pub fn etag(&self, path: &str) -> Option<String> {
        self.files.get(path).map(|file| file.content().etag())
    }
}

/// The types of repository that people download from.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum RepoType {
    /// A model: no prefix in URLs.
    #[default]
    Model,
    /// A dataset: `/datasets/…`.
    Dataset,
    /// A space: `/spaces/…`.
    Space,
}

impl RepoType {
    /// The type's word in the Hub's texts.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Dataset => "dataset",
            Self::Space => "space",
        }
    }

    /// The type's path segment in API routes.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Model => "models",
            Self::Dataset => "datasets",
            Self::Space => "spaces",
        }
    }

    /// The prefix of pages and resolve URLs.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Model => "",
            Self::Dataset => "datasets/",
            Self::Space => "spaces/",
        }
    }

    /// The type of a path segment.
    #[must_use]
    pub fn of_path(segment: &str) -> Option<Self> {
        [Self::Model, Self::Dataset, Self::Space].into_iter().find(|kind| kind.path() == segment)
    }
}

/// Whether a licence stands before the files, and who lets people in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gate {
    /// Not gated.
    #[default]
    Open,
    /// Access is granted as soon as the terms are accepted.
    Auto,
    /// The owner reviews each request.
    Manual,
}

impl Gate {
    /// The record's `gated` value.
    #[must_use]
    pub fn value(self) -> serde_json::Value {
        match self {
            Self::Open => false.into(),
            Self::Auto => "auto".into(),
            Self::Manual => "manual".into(),
        }
    }
}

impl<'de> Deserialize<'de> for Gate {
    /// As the record writes it: `false`, `"auto"` or `"manual"`.
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Word {
            Flag(bool),
            Text(String),
        }
        match Word::deserialize(from)? {
            Word::Flag(false) => Ok(Self::Open),
            Word::Text(text) if text == "auto" => Ok(Self::Auto),
            Word::Text(text) if text == "manual" => Ok(Self::Manual),
            _ => Err(serde::de::Error::custom("gated is false, \"auto\" or \"manual\"")),
        }
    }
}

/// Where an account stands with a licence.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Never asked.
    #[default]
    None,
    /// Let in.
    Granted,
    /// Waiting for the owner.
    Pending,
    /// Refused by the owner.
    Rejected,
    /// The owner asks everybody to ask again (2026).
    Reset,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_are_branches_tags_and_commits() {
        let repo: Repo =
            toml::from_str("id = 'a/b'\n[branches]\ndev = 'dddddddddddddddddddddddddddddddddddddddd'\n[tags]\nv1 = ''")
                .unwrap();
        assert_eq!(repo.resolve("main"), Some(repo.commit()));
        assert_eq!(repo.resolve("v1"), Some(repo.commit()));
        assert_eq!(repo.resolve("ddddddd").as_deref(), Some("d".repeat(40).as_str()));
        assert_eq!(repo.resolve(&repo.commit()), Some(repo.commit()));
        assert_eq!(repo.resolve("nope"), None);
    }

    #[test]
    fn only_the_hubs_words_describe_a_gate() {
        assert!(toml::from_str::<Repo>("id = 'a/b'\ngated = true").is_err());
        assert_eq!(toml::from_str::<Repo>("id = 'a/b'\ngated = 'auto'").unwrap().gated, Gate::Auto);
    }
}
