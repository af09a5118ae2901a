//! What stands in a directory that matters before it is entered. It is listed once for all of it: to ask for each of the
//! names takes longer than to read most directories.

use std::fs::FileType;
use std::path::{Path, PathBuf};

use super::{hidden, junk};

/// The names that ignore files may be found by; in a repository `.git` leads to more of them.
const IGNORING: [&str; 3] = [".gitignore", ".ignore", ".git"];

/// See the module's text.
pub(super) struct Inside {
    /// The files that hold keys, by their names.
    pub(super) keys: Vec<(PathBuf, FileType)>,
    /// There may be ignore files in it.
    pub(super) may_ignore: bool,
    /// It is a virtual environment of Python's.
    pub(super) is_environment: bool,
}

impl Inside {
    pub(super) fn of(dir: &Path) -> Self {
        let mut inside = Self { keys: Vec::new(), may_ignore: false, is_environment: false };
        let Ok(entries) = std::fs::read_dir(dir) else {
            // The walker reports what cannot be listed; what is in it may be opened by its name.
            return Self { may_ignore: true, ..inside };
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().to_ascii_lowercase();
            inside.may_ignore |= IGNORING.contains(&name.as_str());
            inside.is_environment |= name == junk::ENVIRONMENT;
            if hidden::holds_keys(&name)
                && let Ok(kind) = entry.file_type()
            {
                inside.keys.push((entry.path(), kind));
            }
        }
        inside
    }
}
