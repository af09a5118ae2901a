//! A configuration of any text, for the loader and for a run that obeys it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mixlint_fuzz::{directory, mixlint};

const APP: &str = "from openai import OpenAI\nOpenAI(api_key='sk-your-mixroute-key')\n";

fuzz_target!(|data: &[u8]| {
    let dir = directory();
    std::fs::write(dir.path().join("mixlint.toml"), data).expect("a file");
    std::fs::write(dir.path().join("app.py"), APP).expect("a file");
    let outcome = mixlint(dir.path(), &["check", "--output-format", "concise"], &[]);
    // What is refused is refused with a reason.
    assert!(outcome.code < 2 || outcome.err.starts_with("error: "), "{}", outcome.err);
});
