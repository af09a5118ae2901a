//! What the tests of several extractors share.

use super::extract;
use crate::facts::dump::dump;
use crate::facts::{Entry, ExprKind, Module};
use crate::language::Language;
use crate::source::Source;

/// Lowers a text as a file of a name.
pub(super) fn read(name: &str, text: &str) -> (Source, Module) {
    let source = Source::new(name, Language::of_name(name).unwrap(), text);
    let module = extract(&source).unwrap();
    (source, module)
}

/// Compares the facts of a file with what is expected.
pub(super) fn shows(name: &str, text: &str, expected: &str) {
    let (_, module) = read(name, text);
    let shown = dump(&module);
    let expected = expected.trim_start_matches('\n');
    assert_eq!(shown, expected, "\n--- got\n{shown}\n--- wanted\n{expected}");
}

/// What the name and the value of each variable span.
pub(super) fn spans(name: &str, text: &str) -> Vec<String> {
    let (source, module) = read(name, text);
    let vars = module.env_blocks.iter().flat_map(|block| &block.vars);
    vars.map(|var| format!("{}={}", source.slice(var.name_span), source.slice(module.span(var.value)))).collect()
}

/// All strings that stand under a key of a name: as they are read, and as they are written at their place.
pub(super) fn under(file: &str, text: &str, name: &str) -> Vec<(String, String)> {
    let (source, module) = read(file, text);
    let mut found = Vec::new();
    for expr in module.expr_ids() {
        let ExprKind::Object(object) = module.kind(expr) else { continue };
        for entry in &object.entries {
            if let Entry::Field { key: Some(key), key_span, value } = entry
                && key == name
                && let ExprKind::Str(text) = module.kind(*value)
            {
                assert_eq!(source.slice(*key_span), name);
                found.push((text.expose().to_owned(), source.slice(module.span(*value)).to_owned()));
            }
        }
    }
    found
}

/// What the arguments of each call span.
pub(super) fn arguments(name: &str, text: &str) -> Vec<String> {
    let (source, module) = read(name, text);
    let mut out = Vec::new();
    for expr in module.expr_ids() {
        if let ExprKind::Call(call) = module.kind(expr) {
            out.extend(call.args.iter().map(|arg| source.slice(module.span(arg.value)).to_owned()));
        }
    }
    out
}

/// Reads every beginning of a text, and pieces many times over: nothing may panic or hang.
pub(super) fn survives(name: &str, text: &str) {
    for (end, _) in text.char_indices() {
        read(name, &text[..end]);
        read(name, &text[end..]);
    }
    read(name, &text.repeat(200));
    read(name, &text.replace('\n', "\r\n"));
    read(name, &text.replace(' ', "\t"));
    read(name, &text.replace('=', "=é"));
}
