//! A file of the target that lies in storage: what the endpoint answers to HEAD on it.

use url::Url;

use super::http::{Answer, Ask, Http};
use super::hub::{self, PUBLIC_MODEL};
use super::{Observations, Seen, Unseen};
use crate::case::Case;

/// File name endings of weights and tables: what is stored as LFS or Xet, not as a git blob.
const LARGE: &[&str] = &[
    ".safetensors",
    ".gguf",
    ".bin",
    ".pt",
    ".pth",
    ".onnx",
    ".parquet",
    ".h5",
    ".msgpack",
    ".ckpt",
    ".tar",
    ".zip",
    ".arrow",
];

/// A file and the endpoint's answer to HEAD on it.
#[derive(Debug, Clone)]
pub struct LargeFile {
    /// Its path in the repository.
    pub path: String,
    /// The answer, whatever its status.
    pub answer: Answer,
}

/// Asks for the file that the target names, else for the first large one of its record. None when it has no large file.
pub(super) async fn look(case: &Case, observations: &Observations, http: &Http) -> Seen<Option<LargeFile>> {
    let Some(target) = &case.target else {
        let path = "model.safetensors";
        let url = format!("{}/{PUBLIC_MODEL}/resolve/main/{path}", case.settings.endpoint);
        let url = Url::parse(&url).map_err(|_| Unseen("not asked: HF_ENDPOINT is no http(s) URL".to_owned()))?;
        let answer = http.send(Ask::head(url)).await.map_err(|failure| Unseen(failure.to_string()))?;
        return Ok(Some(LargeFile { path: path.to_owned(), answer }));
    };
    let resolve = observations.see_resolve().await.as_ref().map_err(Clone::clone)?;
    let answer = resolve.asked().as_ref().map_err(|failure| Unseen(failure.to_string()))?;
    if let Some(file) = &target.file {
        return Ok(Some(LargeFile { path: file.clone(), answer: answer.clone() }));
    }
    if !matches!(answer.status, 200..=399 | 404) {
        return Err(Unseen(format!("the repository's files answer {}", answer.status_words())));
    }
    let record = observations.see_record().await.as_ref().map_err(Clone::clone)?;
    let Some(repository) = &record.repository else {
        return Err(Unseen("the repository's files are not known".to_owned()));
    };
    let large = repository.siblings.iter().find(|s| {
        let path = s.path.to_ascii_lowercase();
        s.lfs.is_some() || LARGE.iter().any(|end| path.ends_with(end))
    });
    let Some(path) = large.map(|s| s.path.clone()) else { return Ok(None) };
    let mut ask = Ask::head(hub::file_of(case, target, &path)?);
    if answer.with_token && http.may_carry_token(&ask.url) {
        ask = ask.with_token(hub::sent_token(case));
    }
    let answer = http.send(ask).await.map_err(|failure| Unseen(failure.to_string()))?;
    Ok(Some(LargeFile { path, answer }))
}
