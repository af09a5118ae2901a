//! The project that a path belongs to.

use std::path::{Path, PathBuf};

/// The nearest directory upward that holds `.git` (a file in work trees and submodules), `.hg` or `.svn`.
pub fn repository(path: &Path) -> Option<&Path> {
    path.ancestors()
        .filter(|dir| !dir.as_os_str().is_empty())
        .find(|dir| [".git", ".hg", ".svn"].iter().any(|name| dir.join(name).symlink_metadata().is_ok()))
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
    }
}
