//! How fast a log is read, beside what ripgrep needs to count the lines with any sign.
//!
//! `cargo bench -p hfdoctor-checks --bench log -- FILE` reads that file; without one a log of 256 MB is made up.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use hfdoctor_core::log::{Log, Search};
use hfdoctor_core::sign;

/// Bytes of the log that is made up.
const SIZE: usize = 256 << 20;
/// Each is measured so often; the best counts, as other work on the machine only adds.
const ROUNDS: usize = 5;

fn main() -> std::io::Result<()> {
    let search = Search::new();
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let folder = tempfile::tempdir()?;
    let path = match given {
        Some(path) => path.into(),
        None => made_up(&folder.path().join("download.log"))?,
    };
    let size = std::fs::metadata(&path)?.len();
    let patterns = folder.path().join("patterns.txt");
    let mut words: Vec<&str> = sign::all().map(|sign| sign.words).collect();
    words.sort_unstable();
    words.dedup();
    std::fs::write(&patterns, words.join("\n") + "\n")?;

    let ours = best(|| {
        let log = Log::read(std::fs::File::open(&path)?, &search)?;
        std::hint::black_box(log.lines);
        Ok(true)
    })?;
    report("Log::read", size, ours);
    let theirs = best(|| {
        let status =
            Command::new("rg").args(["-c", "-F", "-f"]).arg(&patterns).arg(&path).stdout(Stdio::null()).status();
        Ok(status.is_ok())
    })?;
    report("rg -c -F -f patterns", size, theirs);
    Ok(())
}

fn best(mut run: impl FnMut() -> std::io::Result<bool>) -> std::io::Result<Option<f64>> {
    let mut best = None;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        if !run()? {
            return Ok(None);
        }
        let seconds = start.elapsed().as_secs_f64();
        best = Some(best.map_or(seconds, |known: f64| known.min(seconds)));
    }
    Ok(best)
}

#[expect(clippy::cast_precision_loss, reason = "a rate for reading")]
fn report(name: &str, size: u64, seconds: Option<f64>) {
    match seconds {
        Some(seconds) => println!("{name:24} {:8.1} MB/s  ({seconds:.3} s)", size as f64 / 1e6 / seconds),
        None => println!("{name:24} is not installed"),
    }
}

/// A long log: progress bars, chatter of libraries and a training, one failure at its end.
fn made_up(path: &std::path::Path) -> std::io::Result<std::path::PathBuf> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut written = 0;
    let mut i: u64 = 0;
    while written < SIZE {
        let line = match i.wrapping_mul(2_654_435_761) >> 7 & 3 {
            0 => format!(
                "shard-{:05}.safetensors:  {}%|{:<40}| {}M/4.98G [01:{:02}<02:11, {}.3MB/s]\r",
                i % 90,
                i % 100,
                "#".repeat(usize::try_from(i % 40).unwrap_or(0)),
                i % 5000,
                i % 60,
                i % 97
            ),
            1 => format!(
                "2026-11-01 10:{:02}:{:02},{:03} INFO worker-{} took shard {i} in {}ms\n",
                i % 60,
                i * 7 % 60,
                i % 1000,
                i % 16,
                i % 900
            ),
            2 => format!(
                "DEBUG:httpcore:receive_response_headers.complete return_value=(b'HTTP/1.1', 200, b'OK', [(b'content-length', b'{i}')])\n"
            ),
            _ => format!("[gpu{}] step {i} loss=1.{:04} lr=3.0e-05 tokens={}\n", i % 8, i % 10_000, i * 4096),
        };
        out.write_all(line.as_bytes())?;
        written += line.len();
        i += 1;
    }
    writeln!(out, "OSError: [Errno 28] No space left on device")?;
    out.flush()?;
    Ok(path.to_owned())
}
