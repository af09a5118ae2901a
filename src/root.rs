//! The project that a path belongs to.

use std::path::{Path, PathBuf};

use crate::folders::ByFolder;

/// The nearest directory upward that holds `.git` (a file in work trees and submodules), `.hg` or `.svn`.
pub fn repository(path: &Path) -> Option<&Path> {
    path.ancestors().filter(|dir| !dir.as_os_str().is_empty()).find(|dir| is_repository(dir))
}

fn is_repository(dir: &Path) -> bool {
    [".git", ".hg", ".svn"].iter().any(|name| dir.join(name).symlink_metadata().is_ok())
}

/// The repositories of directories, each looked for once.
#[derive(Debug, Default)]
pub struct Repositories(ByFolder<Option<PathBuf>>);

impl Repositories {
    /// See [`repository`].
    pub fn of(&self, dir: &Path) -> Option<PathBuf> {
        if dir.as_os_str().is_empty() {
            return None;
        }
        let found = self.0.get(dir, || {
            if is_repository(dir) { Some(dir.to_path_buf()) } else { dir.parent().and_then(|above| self.of(above)) }
        });
        found.as_ref().clone()
    }
}

/// The root of the project around a directory or file, given by an absolute path: its repository, or the directory
/// itself where there is none.
pub fn project_root(path: &Path) -> PathBuf {
    let dir = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    repository(dir).unwrap_or(dir).to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_repository() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("sub/src");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(inner.join("a.py"), "").unwrap();
        assert_eq!(project_root(&inner.join("a.py")), inner);
        std::fs::create_dir(dir.path().join(".git")).unwrap();
        assert_eq!(project_root(&inner.join("a.py")), dir.path());
        // A work tree or submodule has a file.
        std::fs::write(dir.path().join("sub/.git"), "gitdir: elsewhere").unwrap();
        assert_eq!(project_root(&inner), dir.path().join("sub"));
        let known = Repositories::default();
        for _ in 0..2 {
            assert_eq!(known.of(&inner), Some(dir.path().join("sub")));
            assert_eq!(known.of(dir.path()), Some(dir.path().to_path_buf()));
            assert_eq!(known.of(&dir.path().join("other")), Some(dir.path().to_path_buf()));
            assert_eq!(known.of(dir.path().parent().unwrap()), None);
        }
    }
}
