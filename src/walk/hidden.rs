//! Hidden directories and files in which people put a key and a base URL: workflows, and the settings of tools.

use std::ffi::OsStr;
use std::path::Path;

use crate::language::is_dotenv;

/// Directories that are entered, for the settings in them alone.
const DIRECTORIES: [&str; 18] = [
    ".cargo",
    ".github",
    ".circleci",
    ".gitlab",
    ".woodpecker",
    ".buildkite",
    ".vscode",
    ".claude",
    ".do",
    ".devcontainer",
    ".continue",
    ".codex",
    ".zed",
    ".opencode",
    ".streamlit",
    ".aider",
    ".goose",
    ".config",
];

/// Files that are taken although hidden.
const FILES: [&str; 18] = [
    ".envrc",
    ".bashrc",
    ".bash_profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".profile",
    ".gitlab-ci.yml",
    ".gitlab-ci.yaml",
    ".travis.yml",
    ".drone.yml",
    ".woodpecker.yml",
    ".justfile",
    ".aider.conf.yml",
    ".aider.conf.yaml",
    ".devcontainer.json",
    ".mcp.json",
    ".opencode.json",
];

/// Whether a hidden directory is entered.
pub(super) fn is_known_directory(name: &OsStr) -> bool {
    DIRECTORIES.iter().any(|known| name == *known)
}

/// Whether a file that was found at some depth of the walk lies in one of them.
pub(super) fn below_known(path: &Path, depth: usize) -> bool {
    path.components().rev().skip(1).take(depth.saturating_sub(1)).any(|part| is_known_directory(part.as_os_str()))
}

/// Whether a file of this (lower-case) name is there to hold keys: git ignores it for that reason.
pub(super) fn holds_keys(lower: &str) -> bool {
    is_dotenv(lower) || lower == "secrets.toml"
}

/// Whether a hidden file is taken.
pub(super) fn is_known_file(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_lowercase();
    is_dotenv(&name) || FILES.contains(&name.as_str())
}
