//! The whole program on a directory of files of any text, divided by NUL bytes: every format and command, with and
//! without the prefilter.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mixlint_fuzz::{directory, mixlint};

const NAMES: [&str; 8] = ["a.py", "b.py", "a.ts", "b.js", "src/lib.rs", "run.sh", ".env", "compose.yaml"];

fuzz_target!(|data: &[u8]| {
    let dir = directory();
    std::fs::create_dir(dir.path().join("src")).expect("a directory");
    for (name, text) in NAMES.iter().zip(data.split(|&byte| byte == 0)) {
        std::fs::write(dir.path().join(name), text).expect("a file");
    }
    let run = |args: &[&str]| {
        let outcome = mixlint(dir.path(), &[args, &["--no-config", "."]].concat(), &[]);
        assert!(outcome.code < 2, "{}", outcome.err);
        let obeyed = |c: char| c.is_control() && c != '\n' && c != '\t';
        assert!(!outcome.out.contains(obeyed), "a control character in {:?}", outcome.out);
        outcome.out
    };
    // What is found is the same; how much was looked at is not.
    let found = |text: &str| text.split("\"summary\"").next().unwrap_or_default().to_owned();
    let with = run(&["check", "--output-format", "json"]);
    let without = run(&["check", "--output-format", "json", "--no-prefilter"]);
    assert_eq!(found(&with), found(&without));
    for format in ["full", "github", "sarif"] {
        run(&["check", "--output-format", format]);
    }
    run(&["routes"]);
});
