//! Texts with holes, as `str.format` fills them.

use std::ops::Range;

/// A place in a template that an argument fills.
pub struct Hole {
    /// Its place in the template.
    pub at: Range<usize>,
    /// What fills it.
    pub argument: Argument,
}

/// Which argument fills a hole.
pub enum Argument {
    /// By its place among those without a name.
    Position(usize),
    /// By its name.
    Name(String),
}

/// The holes of a `str.format` template; `None` for one that is not simple.
pub fn braces(template: &str) -> Option<Vec<Hole>> {
    let bytes = template.as_bytes();
    let mut holes = Vec::new();
    let mut position = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if matches!(byte, b'{' | b'}') && bytes.get(at + 1) == Some(&byte) {
            at += 2;
            continue;
        }
        if byte != b'{' {
            at += 1;
            continue;
        }
        let end = at + memchr::memchr2(b'}', b'{', bytes.get(at + 1..)?)? + 1;
        if bytes.get(end) != Some(&b'}') {
            return None;
        }
        let field = template.get(at + 1..end)?;
        // A conversion and a format specification change little.
        let name = field.split([':', '!']).next().unwrap_or("");
        let argument = if name.is_empty() {
            position += 1;
            Argument::Position(position - 1)
        } else if let Ok(number) = name.parse() {
            Argument::Position(number)
        } else if name.contains(['.', '[']) {
            return None;
        } else {
            Argument::Name(name.to_owned())
        };
        holes.push(Hole { at: at..end + 1, argument });
        at = end + 1;
    }
    Some(holes)
}
