//! An extractor on any text: the variable `NAME` is the file's name and chooses the language.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::{Corpus, fuzz_target};
use mixlint::extract::extract;
use mixlint::language::Language;
use mixlint::source::{Source, decode};

static NAME: LazyLock<String> = LazyLock::new(mixlint_fuzz::name);

fuzz_target!(|data: &[u8]| -> Corpus {
    let language = Language::of_name(&NAME).expect("a name that says a language");
    let Ok(text) = decode(data.to_vec()) else { return Corpus::Reject };
    let source = Source::new(NAME.as_str(), language, text);
    if let Ok(module) = extract(&source) {
        // What is lowered is somewhere in the text.
        for expr in module.expr_ids() {
            let span = module.span(expr);
            assert!(source.text.get(span.range()).is_some(), "{span:?} of {}", source.text.len());
        }
    }
    Corpus::Keep
});
