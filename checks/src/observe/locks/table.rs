//! The system's own table of locks.

use std::collections::HashMap;

/// The system's own table of locks, where it has one that can be read.
#[derive(Debug, Default)]
pub struct Table {
    holders: HashMap<(u64, u64), u32>,
    waiters: HashMap<(u64, u64), Vec<u32>>,
}

impl Table {
    #[cfg(target_os = "linux")]
    pub fn read() -> Table {
        std::fs::read_to_string("/proc/locks").map(|text| Table::parse(&text)).unwrap_or_default()
    }

    #[cfg(not(target_os = "linux"))]
    pub fn read() -> Table {
        Table::default()
    }

    /// Lines such as `1: FLOCK  ADVISORY  WRITE 4242 fe:00:1234 0 EOF`, with `->` before the kind for those that wait.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "this system has no such table"))]
    fn parse(text: &str) -> Table {
        let mut table = Table::default();
        for line in text.lines() {
            let waits = line.contains("->");
            let fields: Vec<&str> = line.split_whitespace().filter(|f| *f != "->").collect();
            let [_, _, _, mode, pid, place, ..] = fields[..] else { continue };
            let (Ok(pid), Some(identity)) = (pid.parse::<u32>(), identity(place)) else { continue };
            if waits {
                table.waiters.entry(identity).or_default().push(pid);
            } else if mode == "WRITE" {
                table.holders.entry(identity).or_insert(pid);
            }
        }
        table
    }

    pub fn holder(&self, identity: (u64, u64)) -> Option<u32> {
        self.holders.get(&identity).copied()
    }

    pub fn waiters(&self, identity: (u64, u64)) -> Vec<u32> {
        self.waiters.get(&identity).cloned().unwrap_or_default()
    }

    pub fn waits(&self, pid: u32) -> bool {
        self.waiters.values().any(|pids| pids.contains(&pid))
    }
}

/// Device and inode of a table's `major:minor:inode`, the device as `stat` tells it.
fn identity(place: &str) -> Option<(u64, u64)> {
    let mut parts = place.split(':');
    let major = u64::from_str_radix(parts.next()?, 16).ok()?;
    let minor = u64::from_str_radix(parts.next()?, 16).ok()?;
    let inode = parts.next()?.parse().ok()?;
    // The kernel's layout of a device number in 64 bits.
    let device =
        ((major & 0xffff_f000) << 32) | ((major & 0xfff) << 8) | ((minor & 0xffff_ff00) << 12) | (minor & 0xff);
    Some((device, inode))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_systems_table_is_read() {
        let table = Table::parse(
            "1: FLOCK  ADVISORY  WRITE 4242 fe:00:1234 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 77 fe:00:1234 0 EOF\n\
             2: POSIX  ADVISORY  READ 5 00:2a:9 0 EOF\nnonsense\n",
        );
        let identity = (0xfe00, 1234);
        assert_eq!((table.holder(identity), table.waiters(identity)), (Some(4242), vec![77]));
        assert!(table.waits(77) && !table.waits(4242));
        assert_eq!(table.holder((0x2a, 9)), None);
    }

    proptest! {
        #[test]
        fn any_table_is_read(text in "[ -~\n]{0,200}") {
            let _ = Table::parse(&text);
        }
    }
}
