//! What a file's own beginning and end say against its size: enough to see most damage without reading all of it.

use std::io::{Read, Seek, SeekFrom};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

/// The header of a safetensors file may have this many bytes: the format's own limit.
const MAX_SAFETENSORS_HEADER: u64 = 100_000_000;
/// A header longer than this is not read here, in bytes.
const MAX_HEADER_READ: u64 = 32 * 1024 * 1024;
/// A Git LFS pointer has fewer bytes than this (the specification's limit).
const MAX_POINTER: usize = 1024;
/// Where the end record of a zip file must begin, at most so many bytes before the end.
const ZIP_TAIL: u64 = 65_557;

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// It has no byte, and its format needs some.
    Empty,
    /// It is a Git LFS pointer.
    Pointer(Pointer),
    /// It is a web page.
    WebPage,
    /// It ends too early: it should have at least so many bytes.
    Short(u64),
    /// It goes on after its end: it should have so many bytes.
    Long(u64),
    /// Its beginning is not of its format; in words.
    Beginning(&'static str),
    /// Its end is not of its format; in words.
    End(&'static str),
}

/// What a Git LFS pointer says of the file that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// The SHA-256 in hex.
    pub sha256: String,
    /// The size in bytes.
    pub size: u64,
}

/// Reads a pointer, such as git leaves without git-lfs.
pub fn pointer(bytes: &[u8]) -> Option<Pointer> {
    if bytes.len() >= MAX_POINTER || !bytes.starts_with(b"version https://git-lfs.github.com/spec/v1") {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let value = |key: &str| text.lines().find_map(|l| l.trim().strip_prefix(key)?.strip_prefix(' '));
    let sha256 = value("oid")?.strip_prefix("sha256:")?.to_owned();
    let size = value("size")?.trim().parse().ok()?;
    (sha256.len() == 64).then_some(Pointer { sha256, size })
}

/// Looks at the beginning and, where its format has one, the end of a file.
///
/// `name` is the file's path in the repository: its ending tells the format. An error of reading is an error, no flaw.
pub fn look(name: &str, file: &mut (impl Read + Seek), size: u64) -> std::io::Result<Option<Flaw>> {
    let format = Format::of(name);
    if size == 0 {
        return Ok((format != Format::Other).then_some(Flaw::Empty));
    }
    let mut start = Vec::new();
    file.take(MAX_POINTER as u64).read_to_end(&mut start)?;
    if let Some(pointer) = pointer(&start).filter(|_| size < MAX_POINTER as u64) {
        return Ok(Some(Flaw::Pointer(pointer)));
    }
    if format != Format::Other && is_web_page(&start) {
        return Ok(Some(Flaw::WebPage));
    }
    match format {
        Format::Safetensors => safetensors(file, &start, size),
        Format::Gguf => {
            Ok(if start.starts_with(b"GGUF") { super::gguf::look(file, size)? } else { wrong("no GGUF mark") })
        }
        Format::Zip | Format::Torch if start.starts_with(b"PK\x03\x04") => zip(file, size),
        Format::Zip => Ok(wrong("no zip mark")),
        Format::Torch if start.iter().all(|b| *b == 0) => Ok(wrong("nothing but zero bytes")),
        Format::Json => json(file, &start, size),
        Format::Parquet => parquet(file, &start, size),
        Format::Gzip if !start.starts_with(&[0x1f, 0x8b]) => Ok(wrong("no gzip mark")),
        Format::Torch | Format::Gzip | Format::Other => Ok(None),
    }
}

/// So many bytes [`is_page_in_place`] asks for.
pub const BEGINNING: u64 = MAX_POINTER as u64;

/// Whether a part of a file begins with a web page that does not belong there, such as a login page for every address.
///
/// Without a name only a page in place of a large file is told: small ones may be pages.
pub fn is_page_in_place(name: Option<&str>, large: bool, start: &[u8]) -> bool {
    name.map_or(large, |name| Format::of(name) != Format::Other) && is_web_page(start)
}

#[expect(clippy::unnecessary_wraps, reason = "the answer of those that call it")]
fn wrong(words: &'static str) -> Option<Flaw> {
    Some(Flaw::Beginning(words))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Safetensors,
    Gguf,
    Zip,
    /// Checkpoints: zip files since PyTorch 1.6, pickles before, and many other things that end in `.bin`.
    Torch,
    Json,
    Parquet,
    Gzip,
    Other,
}

impl Format {
    /// By the ending of a path in a repository.
    fn of(name: &str) -> Format {
        let ending = name.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
        match ending.map_or(String::new(), |(_, ending)| ending.to_ascii_lowercase()).as_str() {
            "safetensors" => Format::Safetensors,
            "gguf" => Format::Gguf,
            "zip" | "npz" => Format::Zip,
            "bin" | "pt" | "pth" | "ckpt" => Format::Torch,
            "json" => Format::Json,
            "parquet" => Format::Parquet,
            "gz" | "tgz" => Format::Gzip,
            _ => Format::Other,
        }
    }
}

fn is_web_page(start: &[u8]) -> bool {
    let text = start.trim_ascii_start();
    let begins = |words: &[u8]| text.get(..words.len()).is_some_and(|t| t.eq_ignore_ascii_case(words));
    begins(b"<!doctype html") || begins(b"<html")
}

fn safetensors(file: &mut (impl Read + Seek), start: &[u8], size: u64) -> std::io::Result<Option<Flaw>> {
    let Some(length) = start.first_chunk::<8>().map(|b| u64::from_le_bytes(*b)) else {
        return Ok(Some(Flaw::Short(8)));
    };
    if length > MAX_SAFETENSORS_HEADER {
        return Ok(wrong("no safetensors header"));
    }
    if length < 2 || start.get(8).is_some_and(|b| *b != b'{') {
        return Ok(wrong("no safetensors header"));
    }
    let data = length + 8;
    if data > size {
        return Ok(Some(Flaw::Short(data)));
    }
    if length > MAX_HEADER_READ {
        return Ok(None);
    }
    let mut header = Vec::new();
    file.seek(SeekFrom::Start(8))?;
    file.take(length).read_to_end(&mut header)?;
    let Ok(Tensors { end }) = serde_json::from_slice(&header) else {
        return Ok(wrong("a safetensors header that is no JSON"));
    };
    let Some(whole) = data.checked_add(end) else { return Ok(wrong("impossible offsets in the safetensors header")) };
    Ok(match size.cmp(&whole) {
        std::cmp::Ordering::Less => Some(Flaw::Short(whole)),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(Flaw::Long(whole)),
    })
}

/// The end of the last tensor, in bytes from the end of the header.
struct Tensors {
    end: u64,
}

#[derive(serde::Deserialize)]
struct Tensor {
    data_offsets: [u64; 2],
}

impl<'de> Deserialize<'de> for Tensors {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Ends;
        impl<'de> Visitor<'de> for Ends {
            type Value = Tensors;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("tensors by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tensors, A::Error> {
                let mut end = 0;
                while let Some(name) = map.next_key::<std::borrow::Cow<'_, str>>()? {
                    if name == "__metadata__" {
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        end = end.max(map.next_value::<Tensor>()?.data_offsets[1]);
                    }
                }
                Ok(Tensors { end })
            }
        }
        input.deserialize_map(Ends)
    }
}

fn tail(file: &mut (impl Read + Seek), size: u64, length: u64) -> std::io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(size.saturating_sub(length)))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn zip(file: &mut (impl Read + Seek), size: u64) -> std::io::Result<Option<Flaw>> {
    let tail = tail(file, size, ZIP_TAIL)?;
    let ends = memchr::memmem::rfind(&tail, b"PK\x05\x06").is_some();
    Ok((!ends).then_some(Flaw::End("the zip directory at its end is missing")))
}

fn parquet(file: &mut (impl Read + Seek), start: &[u8], size: u64) -> std::io::Result<Option<Flaw>> {
    // PARE marks a file with an encrypted footer.
    let marks: [&[u8]; 2] = [b"PAR1", b"PARE"];
    if !marks.iter().any(|mark| start.starts_with(mark)) {
        return Ok(wrong("no Parquet mark"));
    }
    let tail = tail(file, size, 4)?;
    Ok((!marks.contains(&tail.as_slice())).then_some(Flaw::End("the Parquet mark at its end is missing")))
}

/// Only the two ends: a JSON document that the client's parser reads, with `NaN` in it say, is none by the standard.
fn json(file: &mut (impl Read + Seek), start: &[u8], size: u64) -> std::io::Result<Option<Flaw>> {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let end = tail(file, size, 4096)?;
    let last = end.trim_ascii_end().last().copied();
    Ok(match text.first() {
        Some(b'{') if last != Some(b'}') => Some(Flaw::End("the closing brace is missing")),
        Some(b'[') if last != Some(b']') => Some(Flaw::End("the closing bracket is missing")),
        Some(0) => wrong("zero bytes"),
        // Nothing but blanks in the first thousand bytes, or a lone value: nobody's damage to judge.
        _ => None,
    })
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Flaw::Empty => f.write_str("it is empty"),
            Flaw::Pointer(pointer) => {
                write!(f, "it is a Git LFS pointer to a file of {}", hfdoctor_core::text::measure::size(pointer.size))
            }
            Flaw::WebPage => f.write_str("it holds a web page"),
            Flaw::Short(whole) => write!(f, "it ends early: by its own header it has {whole} bytes or more"),
            Flaw::Long(whole) => write!(f, "it goes on after its end: by its own header it has {whole} bytes"),
            Flaw::Beginning(words) => write!(f, "it begins wrong: {words}"),
            Flaw::End(words) => write!(f, "it ends wrong: {words}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    fn seen(name: &str, bytes: &[u8]) -> Option<Flaw> {
        look(name, &mut Cursor::new(bytes), bytes.len() as u64).expect("memory can be read")
    }

    fn tensors(data: usize) -> Vec<u8> {
        let header = format!(
            r#"{{"__metadata__":{{"format":"pt","data_offsets":"x"}},"a":{{"dtype":"U8","shape":[{data}],"data_offsets":[0,{data}]}}}}"#
        );
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.resize(bytes.len() + data, 7);
        bytes
    }

    #[test]
    fn safetensors_are_measured_by_their_header() {
        let whole = tensors(100);
        let size = whole.len() as u64;
        assert_eq!(seen("a.safetensors", &whole), None);
        assert_eq!(seen("a.safetensors", &whole[..whole.len() - 1]), Some(Flaw::Short(size)));
        assert_eq!(seen("a.safetensors", &[whole.clone(), vec![0]].concat()), Some(Flaw::Long(size)));
        assert!(matches!(seen("a.safetensors", &whole[..20]), Some(Flaw::Short(_))));
        assert_eq!(seen("a.safetensors", b""), Some(Flaw::Empty));
        assert_eq!(seen("a.safetensors", &[0; 64]), Some(Flaw::Beginning("no safetensors header")));
        assert_eq!(seen("dir/a.safetensors", b"<!DOCTYPE html><html>"), Some(Flaw::WebPage));
    }

    #[test]
    fn pointers_are_told_by_their_words() {
        let sha = "a".repeat(64);
        let text = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{sha}\nsize 4976698672\n");
        let found = Pointer { sha256: sha, size: 4_976_698_672 };
        assert_eq!(seen("a.safetensors", text.as_bytes()), Some(Flaw::Pointer(found.clone())));
        assert_eq!(seen("any/name", text.replace('\n', "\r\n").as_bytes()), Some(Flaw::Pointer(found)));
        assert_eq!(pointer(b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 1\n"), None);
    }

    #[test]
    fn other_formats_are_told_by_their_ends() {
        let mut zip = b"PK\x03\x04content".to_vec();
        assert_eq!(seen("pytorch_model.bin", &zip), Some(Flaw::End("the zip directory at its end is missing")));
        zip.extend_from_slice(b"PK\x05\x06");
        zip.extend_from_slice(&[0; 18]);
        assert_eq!(seen("pytorch_model.bin", &zip), None);
        assert_eq!(seen("old.bin", b"\x80\x02pickle"), None);
        assert_eq!(seen("fasttext.bin", b"anything"), None);
        assert_eq!(seen("old.bin", &[0; 2000]), Some(Flaw::Beginning("nothing but zero bytes")));
        assert_eq!(seen("c.json", b" {\"a\": [1]}\n"), None);
        assert_eq!(seen("c.json", b"{\"a\": [1"), Some(Flaw::End("the closing brace is missing")));
        assert_eq!(seen("c.json", b"NaN"), None);
        assert_eq!(seen("d.parquet", b"PAR1....PAR1"), None);
        assert!(seen("d.parquet", b"PAR1....").is_some());
        assert_eq!(seen("README.md", b"<html>"), None);
        assert_eq!(seen("__init__.py", b""), None);
    }

    #[test]
    fn a_page_is_told_where_none_belongs() {
        let page = b"<!DOCTYPE html><title>Sign in";
        assert!(is_page_in_place(Some("m.safetensors"), true, page));
        assert!(is_page_in_place(None, true, page));
        assert!(!is_page_in_place(None, false, page));
        assert!(!is_page_in_place(Some("index.html"), true, page));
        assert!(!is_page_in_place(Some("m.safetensors"), true, &tensors(9)[..12]));
        assert!(!is_page_in_place(Some("m.safetensors"), true, b""));
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_answer(
            bytes in proptest::collection::vec(any::<u8>(), 0..600),
            mark in prop::sample::select(vec![&b""[..], b"GGUF\x03\0\0\0", b"PK\x03\x04", b"\x10\0\0\0\0\0\0\0{", b"PAR1", b"{"]),
            ending in prop::sample::select(vec!["safetensors", "gguf", "bin", "zip", "json", "parquet", "gz", "txt"]),
        ) {
            let bytes = [mark, &bytes].concat();
            let name = format!("x.{ending}");
            let _ = (seen(&name, &bytes), is_page_in_place(Some(&name), true, &bytes));
        }
    }
}
