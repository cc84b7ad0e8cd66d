use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use super::*;

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A folder whose way there is trusted, whatever the temporary folder of the system is.
fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap();
    (dir, path)
}

fn refused(path: &Path) -> String {
    match Folder::own(path) {
        Ok(_) => String::new(),
        Err(error) if is_distrust(&error) => error.to_string(),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_folder_of_our_own_is_made_and_closed() {
    let (_dir, path) = place();
    let inner = path.join("a/b");
    let folder = Folder::make_own(&inner).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&inner), 0o700);
    chmod(&inner, 0o755);
    Folder::make_own(&inner).unwrap();
    assert_eq!(mode(&inner), 0o700);
    folder.write_new("x", b"1").unwrap();
    assert_eq!((mode(&inner.join("x")), folder.read("x", 1).unwrap()), (0o600, b"1".to_vec()));
    assert!(folder.read("x", 0).is_err());
    assert_eq!(folder.names().unwrap(), ["x"]);
    for bad in ["../x", "..", ".", "", "x/", "/x", "y/../x"] {
        assert!(folder.read(bad, 10).is_err() && folder.create(bad).is_err(), "{bad}");
    }
    folder.remove("x").unwrap();
    assert!(Folder::own(&path.join("none")).is_err_and(|error| error.kind() == io::ErrorKind::NotFound));
    assert!(Folder::own(Path::new("a/b")).is_err(), "a relative path");
}

#[test]
fn a_step_that_others_can_write_to_is_refused_by_name() {
    let (_dir, path) = place();
    let inner = path.join("a/b");
    Folder::make_own(&inner).unwrap();
    for mode in [0o777, 0o707, 0o702] {
        chmod(&path.join("a"), mode);
        let why = refused(&inner);
        assert!(why.contains("/a can be written to by others"), "{mode:o}: {why}");
        assert!(Folder::make_own(&inner).is_err(), "{mode:o}");
    }
    // Nobody can take away what is another's there.
    chmod(&path.join("a"), 0o1777);
    assert_eq!(refused(&inner), "");
    chmod(&path.join("a"), 0o700);
    chmod(&inner, 0o1777);
    assert!(
        refused(&inner).contains("/a/b can be written to by others"),
        "in our own folder everybody could make files"
    );
}

#[test]
fn links_of_ones_own_are_followed_and_circles_end() {
    let (_dir, path) = place();
    Folder::make_own(&path.join("real/deep")).unwrap();
    symlink("real", path.join("alias")).unwrap();
    symlink(path.join("real/deep/../deep"), path.join("absolute")).unwrap();
    symlink("../alias/deep", path.join("real/up")).unwrap();
    for way in ["alias/deep", "absolute", "real/up", "alias/up"] {
        assert_eq!(Folder::own(&path.join(way)).unwrap().path(), path.join("real/deep"), "{way}");
    }
    symlink("circle", path.join("circle")).unwrap();
    assert!(refused(&path.join("circle/x")).contains("too many links"));
    chmod(&path.join("real"), 0o777);
    assert!(refused(&path.join("absolute")).contains("/real can be written"), "behind a link too");
}

#[test]
fn only_plain_files_of_ones_own_are_opened() {
    let (_dir, path) = place();
    let folder = Folder::make_own(&path.join("own")).unwrap();
    let at = |name: &str| path.join("own").join(name);
    assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    fs::create_dir(at("folder")).unwrap();
    fs::write(at("file"), "x").unwrap();
    symlink("file", at("link")).unwrap();
    fs::write(at("open"), "x").unwrap();
    chmod(&at("open"), 0o666);
    for name in ["pipe", "folder", "link", "open"] {
        assert!(folder.read(name, 10).is_err(), "{name}");
        assert!(folder.open_or_create(name).is_err(), "{name}");
    }
    assert!(folder.remove("link").is_err() && folder.remove("pipe").is_err());
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    assert!(folder.read("socket", 10).is_err());
}

#[test]
fn a_folder_that_is_swapped_meanwhile_leads_nowhere() {
    let (_dir, path) = place();
    let folder = Folder::make_own(&path.join("own")).unwrap();
    fs::rename(path.join("own"), path.join("away")).unwrap();
    fs::create_dir(path.join("theirs")).unwrap();
    symlink("theirs", path.join("own")).unwrap();
    folder.write_new("x", b"1").unwrap();
    assert_eq!(fs::read(path.join("away/x")).unwrap(), b"1");
    assert_eq!(fs::read_dir(path.join("theirs")).unwrap().count(), 0);
}

/// What belongs to somebody else can only be made by root.
#[test]
fn what_belongs_to_somebody_else_is_refused_by_name() {
    use std::os::unix::fs::{chown, lchown};
    if !rustix::process::geteuid().is_root() {
        let _ = writeln!(io::stderr(), "LEFT OUT: what_belongs_to_somebody_else_is_refused_by_name: needs root");
        return;
    }
    let (_dir, path) = place();
    let inner = path.join("a/b");
    let folder = Folder::make_own(&inner).unwrap();
    folder.write_new("x", b"1").unwrap();
    chown(inner.join("x"), Some(4711), Some(4711)).unwrap();
    assert!(folder.read("x", 10).is_err_and(|error| is_distrust(&error) && error.to_string().contains("4711")));
    chown(&inner, Some(4711), None).unwrap();
    assert!(refused(&inner).contains("/a/b belongs to user 4711"));
    chown(&inner, Some(0), None).unwrap();
    chown(path.join("a"), Some(4711), None).unwrap();
    assert!(refused(&inner).contains("/a belongs to user 4711"), "also on the way");
    chown(path.join("a"), Some(0), None).unwrap();
    symlink("a", path.join("theirs")).unwrap();
    lchown(path.join("theirs"), Some(4711), None).unwrap();
    assert!(refused(&path.join("theirs/b")).contains("/theirs is a link of user 4711"));
    // Another's group, and the system's own group that has members.
    chown(&inner, Some(0), Some(4711)).unwrap();
    chmod(&inner, 0o770);
    assert!(refused(&inner).contains("can be written to by others"));
}
