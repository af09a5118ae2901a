//! Every extractor on any text: the first byte chooses the language.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mixlint::extract::extract;
use mixlint::language::Language;
use mixlint::source::{Source, decode};

const NAMES: [&str; 10] =
    ["a.py", "a.js", "a.ts", "a.tsx", "a.rs", "a.sh", ".env", "a.yaml", "a.json", "a.toml"];

fuzz_target!(|data: &[u8]| {
    let Some((&first, rest)) = data.split_first() else { return };
    let name = NAMES[usize::from(first) % NAMES.len()];
    let (Some(language), Ok(text)) = (Language::of_name(name), decode(rest.to_vec())) else { return };
    let _ = extract(&Source::new(name, language, text));
});
