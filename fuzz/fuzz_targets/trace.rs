//! Any error message, in a project that has clients, keys and frames to find.

#![no_main]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mixlint::analysis::{Alone, Given, Options, Output, analyze};
use mixlint::catalog::Catalog;
use mixlint::config::Config;
use mixlint::language::Language;
use mixlint::prefilter::Prefilter;
use mixlint::report::{Files, Style, answer};
use mixlint::source::{Source, decode};

const APP: &str = "from openai import OpenAI\n\n\ndef ask():\n    return OpenAI(api_key='sk-your-mixroute-key')\n";

static PROJECT: LazyLock<Output> = LazyLock::new(|| {
    let source = Source::new("app.py", Language::Python, APP);
    let prefilter = Prefilter::new(Catalog::builtin());
    let given = vec![Given::new(source, PathBuf::from("/app/app.py"), &prefilter, true)];
    let config = Config::default();
    let options = Options::new(&config, &prefilter);
    analyze(given, &Alone(Path::new("/app")), &options)
});

fuzz_target!(|data: &[u8]| {
    let text = decode(data.to_vec()).unwrap_or_else(|_| String::from_utf8_lossy(data).into_owned());
    let answered = mixlint::trace::trace(Catalog::builtin(), &PROJECT, &text);
    let root = Path::new("/app");
    let files = Files { sources: &PROJECT.sources, secrets: &PROJECT.secrets, cwd: root, root };
    for json in [false, true] {
        let mut out = Vec::new();
        answer(&mut out, json, &files, Catalog::builtin(), &answered, Style::default()).expect("memory takes all");
        let out = String::from_utf8(out).expect("text");
        assert!(!out.contains(|c: char| c.is_control() && c != '\n'), "a control character in {out:?}");
    }
});
