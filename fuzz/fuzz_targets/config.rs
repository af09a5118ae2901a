//! A configuration of any text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mixlint::config::{Config, Known};

fuzz_target!(|data: &[u8]| {
    let Ok(dir) = tempfile::tempdir() else { return };
    let path = dir.path().join("mixlint.toml");
    if std::fs::write(&path, data).is_ok() {
        let _ = Config::read(&path, &Known { rules: &["foreign-key"], providers: &["openai"] });
    }
});
