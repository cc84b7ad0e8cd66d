use super::*;
use proptest::prelude::*;

/// Type, id, revision, file and tag of a text, in one line.
fn read(text: &str) -> String {
    match Target::parse(text, None, None, None) {
        Ok(target) => {
            let part =
                |mark: &str, part: &Option<String>| part.as_ref().map_or(String::new(), |p| format!(" {mark}{p}"));
            format!(
                "{} {}{}{}{}",
                target.repo_type.word(),
                target.repo_id,
                part("@", &target.revision),
                part("/", &target.file),
                part(":", &target.tag)
            )
        }
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn ids_as_people_write_them() {
    for (text, expected) in [
        ("org/name", "model org/name"),
        ("  \"org/name\" \n", "model org/name"),
        ("<https://huggingface.co/org/name>", "model org/name"),
        ("`org/name`,", "model org/name"),
        ("\u{201c}org/name\u{201d}", "model org/name"),
        ("\u{feff}org/name\u{200b}", "model org/name"),
        ("gpt2", "model gpt2"),
        ("org/name/", "model org/name"),
        ("datasets/org/name", "dataset org/name"),
        ("datasets/squad", "dataset squad"),
        ("datasets/org/name/data/train.parquet", "dataset org/name /data/train.parquet"),
        ("spaces/org/name", "space org/name"),
        ("kernels/org/name", "kernel org/name"),
        ("models/org/name", "model org/name"),
        ("org/name@v1.0", "model org/name @v1.0"),
        ("org/name@main", "model org/name"),
        ("org/name@feature/x", "model org/name @feature/x"),
        ("org/name@refs/pr/3", "model org/name @refs/pr/3"),
        ("org/name@refs%2Fpr%2F3", "model org/name @refs/pr/3"),
        ("org/name@refs/pr/3/config.json", "model org/name @refs/pr/3 /config.json"),
        ("datasets/org/name@v1", "dataset org/name @v1"),
        ("org/name:Q4_K_M", "model org/name :Q4_K_M"),
        ("org/name:latest", "model org/name"),
        ("org/name:model-Q8_0.gguf", "model org/name /model-Q8_0.gguf"),
        ("hf.co/org/name:Q4_K_M", "model org/name :Q4_K_M"),
        ("huggingface.co/org/name", "model org/name"),
        ("www.huggingface.co/datasets/org/name", "dataset org/name"),
        ("hf-mirror.com/org/name/resolve/main/a.bin", "model org/name /a.bin"),
        ("localhost:8090/org/name", "model org/name"),
        ("org.name/repo.v1", "model org.name/repo.v1"),
        ("models", "model models"),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn urls_of_pages_files_and_the_api() {
    let hub = "https://huggingface.co";
    for (path, expected) in [
        ("/org/name", "model org/name"),
        ("/org/name/", "model org/name"),
        ("/org/name.", "model org/name"),
        ("/org/name?library=transformers#usage", "model org/name"),
        ("/gpt2", "model gpt2"),
        ("/datasets/org/name", "dataset org/name"),
        ("/datasets/squad/tree/main/plain_text", "dataset squad /plain_text"),
        ("/org/name/tree/main", "model org/name"),
        ("/org/name/tree", "model org/name"),
        ("/org/tree", "model org/tree"),
        ("/org/name/tree/v1.0/sub/dir", "model org/name @v1.0 /sub/dir"),
        ("/org/name/tree/refs%2Fpr%2F1", "model org/name @refs/pr/1"),
        ("/org/name/tree/refs/pr/1/sub", "model org/name @refs/pr/1 /sub"),
        ("/org/name/blob/main/a%20b.txt", "model org/name /a b.txt"),
        ("/org/name/resolve/main/a.safetensors?download=true", "model org/name /a.safetensors"),
        ("/org/name/resolve/feature%2Fx/d/a.bin", "model org/name @feature/x /d/a.bin"),
        ("/gpt2/resolve/main/config.json", "model gpt2 /config.json"),
        ("/org/name/raw/main/README.md", "model org/name /README.md"),
        ("/org/name/edit/main/README.md", "model org/name /README.md"),
        ("/org/name/commit/0123abc", "model org/name @0123abc"),
        ("/org/name/discussions/12", "model org/name"),
        ("/gpt2/discussions", "model gpt2"),
        ("/datasets/org/name/viewer/default/train", "dataset org/name"),
        ("/spaces/org/name/blob/main/app.py", "space org/name /app.py"),
        ("/kernels/org/name/tree/main", "kernel org/name"),
        ("/org/name.git", "model org/name"),
        ("/org/name.git/info/lfs/objects/batch", "model org/name"),
        ("/api/models/org/name", "model org/name"),
        ("/api/models/gpt2", "model gpt2"),
        ("/api/models/org%2Fname", "model org/name"),
        ("/api/models/gpt2/tree/main", "model gpt2"),
        ("/api/models/org/name/tree/main?recursive=true", "model org/name"),
        ("/api/models/org/name/revision/v1", "model org/name @v1"),
        ("/api/datasets/org/name/tree/refs%2Fconvert%2Fparquet/d", "dataset org/name @refs/convert/parquet /d"),
        ("/api/models/org/name/xet-read-token/abc", "model org/name @abc"),
        ("/api/models/org/name/auth-check", "model org/name"),
        ("/api/resolve-cache/models/org/name/abc123/config.json?etag=x", "model org/name @abc123 /config.json"),
        ("/v2/org/name/manifests/Q4_K_M", "model org/name :Q4_K_M"),
        ("/v2/org/name/blobs/sha256:abc", "model org/name"),
    ] {
        assert_eq!(read(&format!("{hub}{path}")), expected, "{path}");
    }
    assert_eq!(read("https://ada:geheim@huggingface.co/org/name"), "model org/name");
    assert_eq!(read("HTTPS://HuggingFace.co/org/name"), "model org/name");
}

#[test]
fn urls_of_mirrors_git_and_other_schemes() {
    for (text, expected) in [
        ("https://hf-mirror.com/org/name/resolve/main/a.bin", "model org/name /a.bin"),
        ("https://hf-mirror.com/datasets/org/name", "dataset org/name"),
        ("https://jf.corp/artifactory/api/huggingfaceml/remote/org/name/resolve/main/a.bin", "model org/name /a.bin"),
        ("https://jf.corp/artifactory/api/huggingfaceml/remote/gpt2/resolve/main/a.bin", "model gpt2 /a.bin"),
        ("https://jf.corp/artifactory/api/huggingfaceml/remote/api/models/org/name/revision/v2", "model org/name @v2"),
        ("https://nexus.corp/repository/hf/datasets/org/name/resolve/main/a", "dataset org/name /a"),
        ("https://any.corp/some/proxy/org/name/resolve/main/a/b", "model org/name /a/b"),
        ("https://any.corp/some/proxy/datasets/org/name/resolve/main/a", "dataset org/name /a"),
        ("http://localhost:8090/org/name", "model org/name"),
        ("http://[::1]:8090/org/name", "model org/name"),
        ("git@hf.co:org/name", "model org/name"),
        ("git@hf.co:datasets/org/name.git", "dataset org/name"),
        ("ssh://git@hf.co/org/name", "model org/name"),
        ("git+https://huggingface.co/org/name.git", "model org/name"),
        ("hf://org/name", "model org/name"),
        ("hf://org/name/a/b.bin", "model org/name /a/b.bin"),
        ("hf://datasets/org/name@v1/a.parquet", "dataset org/name @v1 /a.parquet"),
        ("hf://datasets/org/name@refs/pr/3/a.json", "dataset org/name @refs/pr/3 /a.json"),
        ("hf://datasets/org/name@refs%2Fpr%2F3/a.json", "dataset org/name @refs/pr/3 /a.json"),
        ("hf://gpt2@v1/config.json", "model gpt2 @v1 /config.json"),
        ("hf://gpt2", "model gpt2"),
        ("models--org--name", "model org/name"),
        ("models--gpt2", "model gpt2"),
        ("datasets--org--name/", "dataset org/name"),
        ("/root/.cache/huggingface/hub/models--org--name/snapshots/abc/d/a.bin", "model org/name @abc /d/a.bin"),
        (r"C:\hub\models--org--name\blobs", "model org/name"),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn what_has_no_form_of_an_id_is_kept_with_its_problem() {
    for text in
        ["./x", "/abs", r"C:\x", "..", "a/b/c", "org/name.git", "foo--bar", "org/na me", "s3://b/k", "file:///x"]
    {
        let target = Target::parse(text, None, None, None).unwrap();
        assert_eq!(target.repo_id, text);
        assert!(target.problem().is_some(), "{text}");
    }
}

#[test]
fn what_is_no_repository_at_all_is_an_error() {
    for (text, words) in [
        ("", "is empty"),
        (" '' ", "is empty"),
        ("https://huggingface.co", "start page"),
        ("https://huggingface.co/datasets", "list of repositories"),
        ("https://huggingface.co/settings/tokens", "another page"),
        ("https://huggingface.co/api/whoami-v2", "concerns no repository"),
        ("https://us.aws.cdn.hf.co/xet-bridge-us/0a/1b?Signature=geheim", "storage behind the Hub"),
        ("hf://buckets/org/name/x", "storage bucket"),
        ("https://www.modelscope.cn/models/org/name", "another site"),
        ("git+ssh://git@github.com/org/name.git", "another site"),
    ] {
        let shown = read(text);
        assert!(shown.starts_with("error: ") && shown.contains(words), "{text}: {shown}");
        assert!(!shown.contains("geheim"), "{shown}");
    }
    assert!(read(&"a".repeat(9000)).contains("9000 bytes"));
}

#[test]
fn options_fill_in_and_may_not_contradict() {
    let parse = |text, kind, revision, file| Target::parse(text, kind, revision, file);
    let target = parse("org/name", Some(RepoType::Dataset), Some("v1"), Some("a.bin")).unwrap();
    assert_eq!((target.repo_type, target.revision(), target.file.as_deref()), (RepoType::Dataset, "v1", Some("a.bin")));
    assert_eq!(parse("org/name", None, Some(" main "), Some("")).unwrap().revision, None);
    assert!(parse("datasets/org/name", Some(RepoType::Dataset), None, None).is_ok());
    let error = parse("datasets/org/name", Some(RepoType::Model), None, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the target says the repository type `dataset`, the option says `model`: leave one of them out"
    );
    assert!(parse("org/name@v1", None, Some("v2"), None).is_err());
}

proptest! {
    #[test]
    fn any_text_gets_a_clear_outcome(text in "\\PC{0,80}") {
        if let Ok(target) = Target::parse(&text, None, None, None) {
            let _ = (target.problem(), target.url(), target.cache_folder(), target.to_string());
        }
    }

    #[test]
    fn any_bytes_in_the_shape_of_a_path_get_a_clear_outcome(
        parts in prop::collection::vec(
            prop_oneof![
                "[a-z%@:.\\\\~ -]{0,6}", Just("https:".to_owned()), Just(String::new()), Just("api".to_owned()),
                Just("models".to_owned()), Just("resolve".to_owned()), Just("refs".to_owned()), Just("pr".to_owned()),
                Just("hf:".to_owned()), Just("huggingface.co".to_owned()), Just("x.corp".to_owned()),
                Just("models--a--b".to_owned()), Just("v2".to_owned()), Just("\u{1b}[3m\0".to_owned()),
            ], 0..9),
    ) {
        if let Ok(target) = Target::parse(&parts.join("/"), None, None, None) {
            let shown = target.to_string();
            prop_assert!(!shown.contains(char::is_control), "{shown:?}");
            let _ = (target.problem(), target.url(), target.cache_folder());
        }
    }

    #[test]
    fn what_is_displayed_is_read_back(
        kind in prop::sample::select(&TYPES[..]),
        id in "[a-z][a-z0-9_]{0,9}/[a-z][a-z0-9._]{0,9}[a-z0-9]",
        revision in prop::option::of("v[0-9]{1,3}(/[a-z]{1,4})?"),
    ) {
        // The git form loses its ending in a URL, and an id may not have it; a plural as namespace is a type.
        prop_assume!(!id.contains("..") && id.strip_suffix(".git").is_none());
        let target = Target { revision, ..Target::new(kind, id, From::Argument) };
        prop_assert_eq!(target.problem(), None);
        let read = Target::parse(&target.to_string(), None, target.revision.as_deref(), None).unwrap();
        prop_assert_eq!(&read, &target);
        let page = Target::parse(&target.url(), None, target.revision.as_deref(), None).unwrap();
        prop_assert_eq!(&page, &target);
        let folder = Target::parse(&target.cache_folder(), None, target.revision.as_deref(), None).unwrap();
        prop_assert_eq!(&folder, &target);
    }
}
