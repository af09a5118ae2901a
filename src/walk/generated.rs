//! Programs that bundlers and minifiers write: what is wrong in one is wrong in its source, which stands elsewhere.

use crate::language::Language;
use crate::source::Source;

/// How much of a file is looked at for the marks of a bundler, in bytes.
const HEAD: usize = 8192;
/// Smaller files may be written by anyone in one line.
const SMALL: usize = 20_000;
/// Bytes of a line on average beyond which nobody reads a file.
const LINE: usize = 400;

/// What bundlers write at the beginning of what they make.
const BUNDLERS: [&str; 8] = [
    "__webpack_require__",
    "webpackChunk",
    "webpackBootstrap",
    "var __defProp = Object.defineProperty",
    "var __create = Object.create",
    "__toESM(",
    "__commonJS",
    "System.register([",
];

/// What bundlers write above each of the programs that they put together, before its path. It may come late: the imports
/// of all of them are at the top.
const REGION: &[u8] = b"\n//#region ";

/// Whether a program was written by a bundler or minifier: what is wrong in it is wrong in its source.
pub(super) fn is_generated(source: &Source) -> bool {
    if !matches!(source.language, Language::JavaScript | Language::Component) {
        return false;
    }
    let text = source.text.as_bytes();
    let head = text.get(..HEAD).unwrap_or(text);
    let marked = || BUNDLERS.iter().any(|mark| memchr::memmem::find(head, mark.as_bytes()).is_some());
    let sections = || memchr::memmem::find_iter(text, REGION).any(|at| names_a_program(&text[at + REGION.len()..]));
    let minified = || text.len() > SMALL && text.len() / (memchr::memchr_iter(b'\n', text).count() + 1) > LINE;
    minified() || marked() || sections()
}

/// Whether the rest of a line is the path of a program, and nothing else: people's regions have titles.
fn names_a_program(rest: &[u8]) -> bool {
    let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    let Ok(path) = std::str::from_utf8(&rest[..end]) else { return false };
    let language = Language::of_name(path.trim_end());
    !path.trim().contains(' ') && matches!(language, Some(Language::JavaScript | Language::TypeScript | Language::Tsx))
}
