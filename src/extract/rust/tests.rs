//! The lowered form of small programs, and what hostile ones do.

use super::*;
use crate::facts::dump::{dump, expr};
use crate::language::Language;

fn lowered(text: &str) -> Module {
    extract(&Source::new("a.rs", Language::Rust, text)).unwrap()
}

/// The dump of a file.
#[track_caller]
fn file(text: &str, expected: &str) {
    let shown = dump(&lowered(text));
    assert_eq!(shown.trim_end(), expected.trim_matches('\n'), "\n{shown}");
}

/// The dump of a function's body, which is `fn1`.
#[track_caller]
fn body(text: &str, expected: &str) {
    let shown = dump(&lowered(&format!("fn f() {{ {text} }}")));
    let shown: Vec<_> = shown.lines().skip_while(|line| !line.starts_with("fn1 ")).skip(1).collect();
    let shown: String = shown.iter().map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect();
    assert_eq!(shown.trim_end(), expected.trim_matches('\n'), "\n{shown}");
}

/// One expression.
#[track_caller]
fn value(text: &str, expected: &str) {
    let module = lowered(&format!("const X: T = {text};"));
    let Some(Stmt::Assign { value, .. }) = module.blocks[0].stmts.last() else { panic!("no constant") };
    assert_eq!(expr(&module, *value), expected);
}

#[test]
fn smoke() {
    file("", "x");
}
#[test]
fn show() {
    if let Ok(path) = std::env::var("SHOW") { let t = std::fs::read_to_string(path).unwrap(); println!("{}", dump(&lowered(&t))); }
}
