//! Names of users, from the system's own list.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// A list of users larger than this is read up to here, in bytes.
const MAX_LIST: u64 = 4 * 1024 * 1024;

/// User names by number.
#[derive(Debug, Clone, Default)]
pub struct Owners(BTreeMap<u32, String>);

impl Owners {
    /// Reads a list such as `/etc/passwd`. Users of a directory service are not in it.
    pub fn read(path: &Path) -> Owners {
        let mut bytes = Vec::new();
        let read = std::fs::File::open(path).and_then(|file| {
            if file.metadata()?.is_file() { file.take(MAX_LIST).read_to_end(&mut bytes) } else { Ok(0) }
        });
        if read.is_err() { Owners::default() } else { Owners::parse(&String::from_utf8_lossy(&bytes)) }
    }

    fn parse(text: &str) -> Owners {
        let user = |line: &str| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|n| !n.is_empty())?;
            Some((fields.nth(1)?.parse().ok()?, name.chars().filter(|c| !c.is_control()).collect()))
        };
        let mut owners = Owners::default();
        for (number, name) in text.lines().filter_map(user) {
            owners.0.entry(number).or_insert(name);
        }
        owners
    }

    /// The name, or the number where the list does not have it.
    pub fn name(&self, number: u32) -> String {
        match (self.0.get(&number), number) {
            (Some(name), _) => name.clone(),
            (None, 0) => "root".to_owned(),
            (None, _) => format!("user {number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_get_their_first_name() {
        let owners =
            Owners::parse("root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\nbob:x:1000:1::/:\nbad\n");
        assert_eq!(owners.name(0), "root");
        assert_eq!(owners.name(1000), "ada");
        assert_eq!(owners.name(7), "user 7");
    }

    proptest! {
        #[test]
        fn any_text_is_a_list(text in ".{0,200}") {
            let _ = Owners::parse(&text).name(0);
        }
    }
}
