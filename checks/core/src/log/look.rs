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
    /// The line on which a transfer that stood still was broken off by hand, or last seen where it had long been.
    pub broken_off: Option<u64>,
    stalled: bool,
    bar: Option<Bar>,
}

/// The last state of a progress bar, and since when it shows no more than that.
#[derive(Debug)]
struct Bar {
    /// The file's name and what has come of it.
    state: String,
    /// Seconds on its clock when it first showed that.
    since: u64,
}

/// Seconds without a byte after which a transfer is taken to stand still.
const STANDS_STILL: u64 = 300;

impl Looks {
    /// Looks at a line in lower case, with the one before it.
    pub fn line(&mut self, number: u64, lower: &str, previous: &str) {
        self.xet |= lower.contains("xet") || lower.contains("incomplete total");
        if let Some((state, elapsed)) = bar(lower) {
            match &self.bar {
                Some(bar) if bar.state == state => {
                    if elapsed >= bar.since.saturating_add(STANDS_STILL) {
                        self.broken_off = Some(number);
                    }
                }
                _ => {
                    self.bar = Some(Bar { state, since: elapsed });
                    self.broken_off = None;
                }
            }
        }
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

/// What a bar of a transfer under way shows, and the seconds on its clock: `name: 44%|██ | 661M/1.50G [10:05<12:49, 1MB/s]`.
fn bar(lower: &str) -> Option<(String, u64)> {
    let (name, rest) = lower.split_once("%|")?;
    let (received, times) = rest.rsplit_once('[')?;
    if name.ends_with("100") || !times.contains("b/s") {
        return None;
    }
    let elapsed = times.split('<').next()?;
    let mut seconds: u64 = 0;
    for part in elapsed.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.trim().parse().ok()?)?;
    }
    let received = received.rsplit('|').next().unwrap_or(received);
    Some((format!("{name}{received}"), seconds))
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

    #[test]
    fn a_bar_that_does_not_move_for_minutes_stands_still() {
        let still =
            ["m.bin: 44%|## | 661m/1.50g [10:05<12:49, 1.09mb/s]", "m.bin: 44%|## | 661m/1.50g [47:31<1:00:21, 2kb/s]"];
        assert_eq!(looks(&still).broken_off, Some(2));
        let moves =
            ["m.bin: 44%|## | 661m/1.50g [10:05<12:49, 1.09mb/s]", "m.bin: 44%|## | 662m/1.50g [47:31<1:00:21, 2kb/s]"];
        assert_eq!(looks(&moves).broken_off, None);
        let goes_on = [still[0], still[1], "m.bin: 45%|## | 680m/1.50g [48:31<1:00:21, 2kb/s]"];
        assert_eq!(looks(&goes_on).broken_off, None);
    }
}
