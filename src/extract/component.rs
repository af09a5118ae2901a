//! Lowers the scripts of components and pages: Vue, Svelte, Astro, HTML.
//!
//! The scripts of a file are one module of TypeScript, in which everything around them is white space: all stands where it
//! stands in the file.

use regex::Regex;
use std::sync::LazyLock;

use super::{Unparsable, javascript};
use crate::facts::Module;
use crate::language::Language;
use crate::source::Source;

/// Lowers one file.
pub(super) fn extract(source: &Source) -> Result<Module, Unparsable> {
    javascript::extract(&scripts(source))
}

/// The scripts alone, at their places.
pub(super) fn scripts(source: &Source) -> Source {
    static TAG: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"(?i)<(/)?script\b((?:[^>"']|"[^"]*"|'[^']*')*)>"#).ok());
    let text = source.text.as_str();
    let mut kept = Kept { text, program: String::with_capacity(text.len()) };
    let mut from = match source.path.extension().is_some_and(|extension| extension == "astro") {
        true => kept.front_matter(),
        false => 0,
    };
    let mut open = None;
    for tag in TAG.as_ref().into_iter().flat_map(|tag| tag.captures_iter(text)) {
        let Some(whole) = tag.get(0).filter(|whole| whole.start() >= from) else { continue };
        match (tag.get(1), open) {
            (None, None) => {
                let attributes = tag.get(2).map_or("", |attributes| attributes.as_str());
                open = (is_program(attributes) && !attributes.ends_with('/')).then_some(whole.end());
            }
            (Some(_), Some(start)) => {
                kept.leave_out(start);
                kept.keep(whole.start());
                open = None;
                from = whole.end();
            }
            _ => {}
        }
    }
    kept.leave_out(text.len());
    Source::new(&source.path, Language::TypeScript, kept.program.as_str())
}

/// Whether what a script's attributes say is a program, and not data or a template.
fn is_program(attributes: &str) -> bool {
    static TYPE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"(?i)\btype\s*=\s*["']?\s*([^"'\s>]*)"#).ok());
    let kind = TYPE.as_ref().and_then(|kind| kind.captures(attributes)).map(|kind| kind[1].to_ascii_lowercase());
    kind.is_none_or(|kind| {
        kind.is_empty()
            || kind == "module"
            || ["javascript", "jsx", "babel", "typescript"].iter().any(|name| kind.contains(name))
    })
}

/// A program of the parts of a text.
struct Kept<'t> {
    text: &'t str,
    /// As long as the text, up to where it has been read.
    program: String,
}

impl Kept<'_> {
    /// Puts white space in the place of what comes before an offset.
    fn leave_out(&mut self, to: usize) {
        let part = self.text.get(self.program.len()..to).unwrap_or("");
        let mut bytes = part.bytes().peekable();
        // What comes before has an end of its own.
        if !self.program.is_empty() && bytes.next_if(|byte| *byte != b'\n').is_some() {
            self.program.push(';');
        }
        self.program.extend(bytes.map(|byte| if matches!(byte, b'\n' | b'\r') { byte as char } else { ' ' }));
    }

    /// Keeps what comes before an offset.
    fn keep(&mut self, to: usize) {
        self.program.push_str(self.text.get(self.program.len()..to).unwrap_or(""));
    }

    /// Keeps the program above a page of Astro, between lines of dashes; where the page begins.
    fn front_matter(&mut self) -> usize {
        const FENCE: &str = "---";
        let start = self.text.len() - self.text.trim_start().len();
        if !self.text[start..].starts_with(FENCE) {
            return 0;
        }
        let start = start + FENCE.len();
        let Some(end) = self.text[start..].find("\n---") else { return 0 };
        self.leave_out(start);
        self.keep(start + end);
        start + end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(name: &str, text: &str) -> String {
        let found = scripts(&Source::new(name, Language::Component, text));
        assert_eq!(found.text.len(), text.len());
        found.text.to_string()
    }

    #[test]
    fn scripts_stand_where_they_stand() {
        let text = "<p>é \"</p>\n<script setup lang=\"ts\">\nconst a = 1\n</script>\n<script>b()</script><style/>";
        let found = program("a.vue", text);
        assert_eq!(found.find("const a"), text.find("const a"));
        assert_eq!(found.find("b()"), text.find("b()"));
        assert_eq!(found.split_whitespace().collect::<String>(), "consta=1;b();");
    }

    #[test]
    fn data_and_templates_are_no_programs() {
        for text in [
            "<script type=\"application/json\">{\"a\": 1}</script>",
            "<script type='text/x-template'><p>a</p></script>",
            "<script src=\"a.js\" />",
            "<script>a()",
            "</script>a()",
            "<!-- a() -->",
        ] {
            assert_eq!(program("a.html", text).trim(), "", "{text}");
        }
        assert_eq!(program("a.html", "<SCRIPT type=module data-x='>'>a()</SCRIPT >").trim(), "a();");
    }

    #[test]
    fn a_page_of_astro_has_a_program_above_it() {
        let text = "---\nimport x from 'x';\n---\n<p>{a()}</p><script>b()</script>";
        let found = program("a.astro", text);
        assert_eq!(found.split_whitespace().collect::<Vec<_>>(), ["import", "x", "from", "'x';", "b();"]);
        assert_eq!(program("a.vue", "---\na()\n---\n").trim(), "");
        assert_eq!(program("a.astro", "---\na()\n").trim(), "");
    }
}
