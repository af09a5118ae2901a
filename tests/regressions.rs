//! What fuzzing has found once: the files of `tests/regressions/` go through everything, and nothing panics.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use mixlint::extract::extract;
use mixlint::language::Language;
use mixlint::source::{Source, decode};

mod support;

#[test]
fn what_was_mended_stays_so() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = fs::read(&path).unwrap();
        let language = Language::of_name(name).unwrap();
        if let Ok(text) = decode(bytes.clone()) {
            let source = Source::new(name, language, text);
            for module in extract(&source).iter() {
                let inside = |span: mixlint::facts::Span| source.text.get(span.range()).is_some();
                assert!(module.expr_ids().all(|expr| inside(module.span(expr))), "{name}: a place outside of the file");
            }
        }
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(name), bytes).unwrap();
        let run = |args: &[&str]| support::call(dir.path(), &[args, &["--no-config", "."]].concat());
        let found = |text: String| text.split("\"summary\"").next().unwrap().to_owned();
        let json = ["check", "--output-format", "json"];
        assert_eq!(found(run(&json)), found(run(&[&json[..], &["--no-prefilter"]].concat())), "{name}");
        for args in
            [&["check"][..], &["check", "--output-format", "sarif"], &["routes"], &["check", "--unsafe-fixes", "--fix"]]
        {
            run(args);
        }
        let once = fs::read(dir.path().join(name)).unwrap();
        run(&["check", "--unsafe-fixes", "--fix"]);
        assert!(fs::read(dir.path().join(name)).unwrap() == once, "{name}: a second run fixes more");
        count += 1;
    }
    assert!(count > 0);
}
