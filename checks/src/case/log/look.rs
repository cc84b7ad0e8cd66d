//! What listings, progress bars and commands show beside the errors.

/// What was seen beside.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each was seen or not, independently of the others")]
pub struct Looks {
    /// A listing shows a file of weights of the size of a Git LFS pointer.
    pub small_weights: bool,
    /// A repository was cloned with git.
    pub cloned: bool,
    /// Git LFS fetched its files.
    pub lfs_fetched: bool,
    /// A listing shows that no inode is left.
    pub inodes_used_up: bool,
    /// Xet is named, or the progress bar of the client that uses it by itself.
    pub xet: bool,
    /// The line on which a transfer that stood still was broken off by hand.
    pub broken_off: Option<u64>,
    stalled: bool,
}

impl Looks {
    /// Looks at a line in lower case, with the one before it.
    pub fn line(&mut self, number: u64, lower: &str, previous: &str) {
        self.xet |= lower.contains("xet") || lower.contains("incomplete total");
        if lower.contains("?b/s]") {
            let begins = lower.contains("[00:0");
            self.stalled = !begins && !lower.contains("100%");
        } else if lower.contains("b/s") || lower.contains("it/s") {
            self.stalled = false;
        }
        let by_hand = lower.contains("^c") || lower.starts_with("aborted!") || lower.starts_with("keyboardinterrupt");
        if by_hand && self.stalled {
            self.broken_off = Some(number);
        }
        self.small_weights |= lists_a_pointer(lower);
        self.cloned |= lower.contains("git clone https://huggingface.co") || lower.contains("git clone https://hf.co");
        self.lfs_fetched |= lower.contains("filtering content: 100%") || lower.contains("git lfs pull");
        let columns: Vec<&str> = if lower.contains("100%") { lower.split_whitespace().collect() } else { Vec::new() };
        self.inodes_used_up |=
            columns.len() == 6 && columns[4] == "100%" && columns[3] == "0" && previous.contains("iused");
    }
}

/// Whether a row of a listing shows a file of weights that is as small as a Git LFS pointer.
fn lists_a_pointer(lower: &str) -> bool {
    const WEIGHTS: &[&str] =
        &[".safetensors", ".bin", ".gguf", ".onnx", ".parquet", ".pt", ".pth", ".h5", ".msgpack", ".ckpt"];
    if !WEIGHTS.iter().any(|end| lower.ends_with(end)) || lower.len() > 200 {
        return false;
    }
    let columns: Vec<&str> = lower.split_whitespace().collect();
    columns.len() >= 4
        && columns[..columns.len() - 1].iter().any(|c| c.parse::<u32>().is_ok_and(|size| (120..=140).contains(&size)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(lines: &[&str]) -> Looks {
        let mut looks = Looks::default();
        let mut previous = "";
        for (number, line) in (1..).zip(lines) {
            looks.line(number, line, previous);
            previous = line;
        }
        looks
    }

    #[test]
    fn a_pointer_is_seen_in_a_listing() {
        assert!(looks(&["-rw-r--r-- 1 a a 134 jan 1 10:00 model.safetensors"]).small_weights);
        assert!(!looks(&["-rw-r--r-- 1 a a 13400 jan 1 10:00 model.safetensors"]).small_weights);
        assert!(!looks(&["model 134 of 200"]).small_weights);
    }

    #[test]
    fn used_up_inodes_are_seen() {
        let table = "filesystem inodes iused ifree iuse% mounted on";
        assert!(looks(&[table, "/dev/x 1000 1000 0 100% /data"]).inodes_used_up);
        assert!(!looks(&[table, "/dev/x 1000 10 990 1% /data"]).inodes_used_up);
    }

    #[test]
    fn a_transfer_that_stands_still_is_seen_when_it_is_broken_off() {
        assert_eq!(looks(&["m.bin: 2%| 65m/3g [41:12<?, ?b/s]^c"]).broken_off, Some(1));
        assert_eq!(looks(&["m.bin: 2%| 65m/3g [41:12<10:00, 9mb/s]", "^c"]).broken_off, None);
    }
}
