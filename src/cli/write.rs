//! Writes a file's new text so that at every moment either the old or the new text is there as a whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::read::{self, Refusal};
use crate::source::{Encoding, decode};

const CHANGED: &str = "changed since it was read";

/// Writes a text in the place of another, which the file must still hold. Encoding, mode and owner stay, and a symbolic
/// link stays one.
pub(super) fn replace(path: &Path, before: &str, after: &str) -> Result<(), String> {
    let target = path.canonicalize().map_err(|error| crate::walk::reason(&error))?;
    // UTF-16 is twice as long, and a mark stands before it.
    let longest = 2 * before.len().max(after.len()) as u64 + 4;
    let bytes = read::file(&target, longest).map_err(|refusal| match refusal {
        Refusal::System(error) => crate::walk::reason(&error),
        Refusal::Special | Refusal::TooLarge => CHANGED.to_owned(),
    })?;
    let encoding = Encoding::of(&bytes);
    match decode(bytes) {
        // It was given under another name too, and has been written.
        Ok(text) if text == after => return Ok(()),
        Ok(text) if text == before => {}
        _ => return Err(CHANGED.to_owned()),
    }
    swap(&target, &encoding.encode(after)).map_err(|error| crate::walk::reason(&error))?
}

/// Writes a file of our own, whether it is there already or not.
pub(super) fn put(path: &Path, text: &str) -> Result<(), String> {
    let written = match path.canonicalize() {
        Ok(target) => swap(&target, text.as_bytes()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path, text.as_bytes()).map(Ok),
        Err(error) => Err(error),
    };
    written.map_err(|error| crate::walk::reason(&error))?
}

fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut builder = temporary();
    be_open(&mut builder);
    let mut new = builder.tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    new.write_all(bytes)?;
    new.as_file().sync_all()?;
    new.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn temporary() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".mixlint-").suffix(".tmp");
    builder
}

fn swap(target: &Path, bytes: &[u8]) -> io::Result<Result<(), String>> {
    let metadata = fs::metadata(target)?;
    // A rename asks the directory alone: that the file may be written has to be asked for.
    if metadata.permissions().readonly() {
        return Ok(Err("read-only".to_owned()));
    }
    OpenOptions::new().write(true).open(target)?;
    if has_other_names(&metadata) {
        return Ok(Err("has other names (hard links), which would keep the old text".to_owned()));
    }
    let dir = target.parent().unwrap_or(Path::new("."));
    let mut new = temporary().tempfile_in(dir)?;
    new.write_all(bytes)?;
    keep_owner(new.as_file(), &metadata);
    new.as_file().set_permissions(metadata.permissions())?;
    new.as_file().sync_all()?;
    new.persist(target).map_err(|error| error.error)?;
    // That the new name lasts is up to the directory; not every system can be asked.
    if let Ok(dir) = File::open(dir) {
        let _ = dir.sync_all();
    }
    Ok(Ok(()))
}

/// A file of our own is as open as the user's others; a temporary one is the user's alone.
#[cfg(unix)]
fn be_open(builder: &mut tempfile::Builder<'_, '_>) {
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
}

#[cfg(not(unix))]
fn be_open(_: &mut tempfile::Builder<'_, '_>) {}

#[cfg(unix)]
fn has_other_names(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) > 1
}

#[cfg(not(unix))]
fn has_other_names(_: &fs::Metadata) -> bool {
    false
}

/// Who may not give files away keeps the new one, as with any editor.
#[cfg(unix)]
fn keep_owner(file: &File, metadata: &fs::Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let _ = fchown(file, None, Some(metadata.gid()));
    let _ = fchown(file, Some(metadata.uid()), None);
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &fs::Metadata) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changed_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.py");
        fs::write(&path, "newer").unwrap();
        assert_eq!(replace(&path, "old", "new"), Err("changed since it was read".to_owned()));
        assert_eq!(fs::read(&path).unwrap(), b"newer");
        assert_eq!(replace(&path, "newer", "new"), Ok(()));
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left behind");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_two_names_is_written_once() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("a.py"), dir.path().join("link.py"));
        fs::write(&path, "old").unwrap();
        std::os::unix::fs::symlink("a.py", &link).unwrap();
        assert_eq!(replace(&path, "old", "much longer"), Ok(()));
        assert_eq!(replace(&link, "old", "much longer"), Ok(()));
        assert_eq!(fs::read(&path).unwrap(), b"much longer");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_ours_is_written_like_anything_else() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("base.json"), dir.path().join("link.json"));
        symlink("base.json", &link).unwrap();
        assert_eq!(put(&path, "1"), Ok(()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(put(&link, "2"), Ok(()));
        assert!(link.is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"2");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        assert_eq!(put(&path, "3"), Err("read-only".to_owned()));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left behind");
    }

    #[cfg(unix)]
    #[test]
    fn mode_link_and_encoding_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("a.sh"), dir.path().join("link.sh"));
        fs::write(&path, b"\xFF\xFEa\0\r\0\n\0").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        symlink("a.sh", &link).unwrap();
        replace(&link, "a\r\n", "b\r\n").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"\xFF\xFEb\0\r\0\n\0");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o750);
    }

    #[cfg(unix)]
    #[test]
    fn what_must_not_be_written_is_not() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.py");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        assert_eq!(replace(&path, "old", "new"), Err("read-only".to_owned()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        fs::hard_link(&path, dir.path().join("b.py")).unwrap();
        assert!(replace(&path, "old", "new").unwrap_err().contains("hard links"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }
}
