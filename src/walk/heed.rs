//! Ignore files that must not be opened: reading a FIFO waits for ever, and a device or a huge file fills the memory.
//! The walker opens each that there is, without a look.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::MAX_FILE_SIZE;

/// The first of the files that say what to ignore in a directory that is not to be opened.
pub(super) fn trap(dir: &Path) -> Option<PathBuf> {
    let own = [".gitignore", ".ignore"].map(|name| dir.join(name));
    own.into_iter().find(|path| is_trap(path)).or_else(|| trap_of_git(dir.join(".git")))
}

/// The same of what belongs to a repository; in a work tree `.git` is a file that says where the repository is.
fn trap_of_git(git: PathBuf) -> Option<PathBuf> {
    let kind = git.metadata().ok()?;
    let mut place = git.clone();
    if kind.is_file() {
        let common = PathBuf::from(first_line(&git).ok()?.strip_prefix("gitdir: ")?).join("commondir");
        match [git, common.clone()].into_iter().find(|path| is_trap(path)) {
            Some(trap) => return Some(trap),
            None => place = common.parent()?.join(first_line(&common).ok()?),
        }
    }
    Some(place.join("info/exclude")).filter(|path| is_trap(path))
}

fn is_trap(path: &Path) -> bool {
    let odd = path.metadata().is_ok_and(|kind| !(kind.is_dir() || kind.is_file() && kind.len() <= MAX_FILE_SIZE));
    // Some link to it to have nothing ignored.
    odd && path.canonicalize().is_ok_and(|path| path != Path::new("/dev/null"))
}

fn first_line(path: &Path) -> std::io::Result<String> {
    /// No path is longer.
    const LONGEST: u64 = 4096;
    let mut bytes = Vec::new();
    if !is_trap(path) {
        File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
    }
    Ok(String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().to_owned())
}
