//! What the targets share: a run of the whole program in a directory that is in memory where the system has one.

use std::ffi::OsString;
use std::path::Path;

use mixlint::cli::{Host, run};
use tempfile::TempDir;

/// What a run has said.
pub struct Outcome {
    /// The exit code.
    pub code: u8,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Runs the program on one thread.
pub fn mixlint(dir: &Path, args: &[&str], stdin: &[u8]) -> Outcome {
    let (mut out, mut err, mut stdin) = (Vec::new(), Vec::new(), stdin);
    let host = Host {
        stdin: &mut stdin,
        stdout: &mut out,
        stderr: &mut err,
        cwd: dir.to_path_buf(),
        terminal: false,
        env: &|_| None,
    };
    let code = run(["mixlint"].iter().chain(args).chain(&["-j", "1"]).map(OsString::from), host);
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Outcome { code, out: text(out), err: text(err) }
}

/// An empty directory.
pub fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    made.expect("a temporary directory")
}

/// The name that the fuzzed file is to have, which says its language: the variable `NAME`.
pub fn name() -> String {
    std::env::var("NAME").unwrap_or_else(|_| "a.py".to_owned())
}
