//! Every fix of a file of any text: what is written still parses, what `--diff` shows is what `--fix` does, and a
//! second run has nothing left to do. The variable `NAME` is the file's name.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mixlint::extract::extract;
use mixlint::language::Language;
use mixlint::source::{Source, decode};
use mixlint_fuzz::{directory, mixlint};

static NAME: LazyLock<String> = LazyLock::new(mixlint_fuzz::name);

fn parses(bytes: &[u8]) -> bool {
    let language = Language::of_name(&NAME).expect("a name that says a language");
    decode(bytes.to_vec()).is_ok_and(|text| {
        let module = extract(&Source::new(NAME.as_str(), language, text));
        module.is_ok_and(|module| !module.recovered)
    })
}

fuzz_target!(|data: &[u8]| {
    let dir = directory();
    let path = dir.path().join(NAME.as_str());
    std::fs::write(&path, data).expect("a file");
    let run = |more: &str| mixlint(dir.path(), &["check", "--no-config", "--unsafe-fixes", more], &[]);
    let shown = run("--diff");
    assert!(shown.code < 2, "{}", shown.err);
    assert_eq!(std::fs::read(&path).expect("the file"), data, "--diff writes nothing");
    let done = run("--fix");
    assert!(done.code < 2, "{}", done.err);
    let once = std::fs::read(&path).expect("the file");
    assert_eq!(shown.code == 1, once != data, "--diff and --fix do the same");
    if once != data {
        assert!(parses(&once) || !parses(data), "a fix broke the file");
        run("--fix");
        assert!(std::fs::read(&path).expect("the file") == once, "a second run fixes more");
    }
});
