//! The whole program on a directory of files of any text, divided by NUL bytes: every format, with and without the
//! prefilter.

#![no_main]

use std::ffi::OsString;

use libfuzzer_sys::fuzz_target;
use mixlint::cli::{Host, run};

const NAMES: [&str; 8] = ["a.py", "b.py", "a.ts", "b.js", "src/lib.rs", "run.sh", ".env", "compose.yaml"];

fuzz_target!(|data: &[u8]| {
    let Ok(dir) = tempfile::tempdir() else { return };
    let _ = std::fs::create_dir(dir.path().join("src"));
    for (name, text) in NAMES.iter().zip(data.split(|&byte| byte == 0)) {
        let _ = std::fs::write(dir.path().join(name), text);
    }
    let mut outputs = Vec::new();
    for more in [&["--output-format", "json"][..], &["--output-format", "json", "--no-prefilter"], &["--output-format", "sarif"]] {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let host = Host {
            stdin: &mut std::io::empty(),
            stdout: &mut out,
            stderr: &mut err,
            cwd: dir.path().to_path_buf(),
            terminal: false,
            env: &|_| None,
        };
        let args = ["mixlint", "check", "--no-config", "."].iter().chain(more).map(OsString::from);
        let code = run(args, host);
        assert!(code < 2, "{}", String::from_utf8_lossy(&err));
        outputs.push(String::from_utf8_lossy(&out).into_owned());
    }
    // What is found is the same; how much was looked at is not.
    let found = |text: &str| text.split("\"summary\"").next().unwrap_or_default().to_owned();
    assert_eq!(found(&outputs[0]), found(&outputs[1]));
});
