//! What a file has beside its bytes, owner and mode: extended attributes, with lists of rights among them.

use std::fs::File;
use std::io;

/// The extended attributes of a file, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    named: Vec<(std::ffi::CString, Vec<u8>)>,
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod with_names {
    use std::ffi::{CStr, CString};

    use rustix::buffer::spare_capacity;
    use rustix::fs::{XattrFlags, fgetxattr, fgetxattr_query, flistxattr, flistxattr_query, fremovexattr, fsetxattr};
    use rustix::io::Errno;

    use super::{Attributes, File, io};

    /// The list of rights, which a new file may also have from its folder.
    const RIGHTS: &CStr = c"system.posix_acl_access";

    /// Made by the system anew for every content: a copy would be wrong.
    const OF_THE_CONTENT: &[&CStr] = &[c"security.ima", c"security.evm", c"com.apple.provenance"];

    /// More bytes than this of attributes are not copied.
    const MOST: usize = 1 << 20;

    impl Attributes {
        /// The attributes of an open file. A file system without any has none.
        pub(crate) fn of(file: &File) -> io::Result<Attributes> {
            let names = match list(file) {
                Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(Attributes::default()),
                other => other?,
            };
            let mut named = Vec::new();
            for name in names.split_inclusive(|byte| *byte == 0) {
                let Ok(name) = CStr::from_bytes_with_nul(name) else { continue };
                if OF_THE_CONTENT.contains(&name) {
                    continue;
                }
                if let Some(value) = value(file, name)? {
                    named.push((name.to_owned(), value));
                }
            }
            Ok(Attributes { named })
        }

        /// Gives a new file these attributes. The error names the one that cannot be kept.
        pub(crate) fn give(&self, file: &File) -> io::Result<()> {
            let has = Attributes::of(file)?;
            for (name, wanted) in &self.named {
                let is_there = has.named.iter().any(|(other, value)| (other, value) == (name, wanted));
                if !is_there {
                    fsetxattr(file, name.as_c_str(), wanted, XattrFlags::empty()).map_err(|errno| lost(name, errno))?;
                }
            }
            if has.get(RIGHTS) && !self.get(RIGHTS) {
                fremovexattr(file, RIGHTS).map_err(|errno| lost(RIGHTS, errno))?;
            }
            Ok(())
        }

        fn get(&self, name: &CStr) -> bool {
            self.named.iter().any(|(known, _)| known.as_c_str() == name)
        }
    }

    fn lost(name: &CStr, errno: Errno) -> io::Error {
        io::Error::new(
            io::Error::from(errno).kind(),
            format!("the attribute `{}` cannot be kept: {errno}", name.to_string_lossy()),
        )
    }

    fn list(file: &File) -> Result<Vec<u8>, Errno> {
        let size = flistxattr_query(file)?;
        let mut names = Vec::with_capacity(size.min(MOST));
        if size > 0 {
            flistxattr(file, spare_capacity(&mut names))?;
        }
        Ok(names)
    }

    /// A value; none when the attribute has gone meanwhile.
    fn value(file: &File, name: &CStr) -> io::Result<Option<Vec<u8>>> {
        let read = || {
            let size = fgetxattr_query(file, name)?;
            let mut value = Vec::with_capacity(size.min(MOST));
            if size > 0 {
                fgetxattr(file, name, spare_capacity(&mut value))?;
            }
            Ok(value)
        };
        match read() {
            Ok(value) => Ok(Some(value)),
            Err(Errno::NODATA) => Ok(None),
            Err(errno) => Err(lost(&CString::from(name), errno)),
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
impl Attributes {
    /// Not known on this system.
    #[expect(clippy::unnecessary_wraps, reason = "as on other systems")]
    pub(crate) fn of(_: &File) -> io::Result<Attributes> {
        Ok(Attributes::default())
    }

    /// Not known on this system.
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "as on other systems")]
    pub(crate) fn give(&self, _: &File) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_carried_over() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            File::options().read(true).write(true).create(true).truncate(false).open(dir.path().join(name)).unwrap()
        };
        let (old, new) = (file("old"), file("new"));
        let flags = rustix::fs::XattrFlags::empty();
        for (name, value) in [("user.mine", &b"\xFF\x00"[..]), ("user.empty", b"")] {
            if rustix::fs::fsetxattr(&old, name, value, flags).is_err() {
                eprintln!("LEFT OUT: attributes_are_carried_over: the temporary folder keeps no attributes");
                return;
            }
        }
        let attributes = Attributes::of(&old).unwrap();
        attributes.give(&new).unwrap();
        attributes.give(&new).unwrap();
        assert_eq!(Attributes::of(&new).unwrap(), attributes);
        assert_ne!(attributes, Attributes::default());
    }
}
