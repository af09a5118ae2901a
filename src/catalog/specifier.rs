//! JavaScript module specifiers: `npm:openai@4`, `https://esm.sh/openai@4.20.1` and `openai/index.mjs` all name the
//! package `openai`.

use super::versions::{Ecosystem, Requirement, Version};

/// A module specifier, reduced to the form that the catalogue lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Specifier {
    /// The package, with its subpath where that is more than its entry file: `openai`, `@langchain/openai`,
    /// `langchain/chat_models/openai`.
    pub module: String,
    /// The version written in it.
    pub version: Option<Version>,
}

impl Specifier {
    /// Reads a specifier as written in the source. A relative path is returned as it is.
    pub fn parse(text: &str) -> Self {
        let (mut path, origin) = origin(text);
        if origin == Origin::Relative {
            return Self { module: text.to_owned(), version: None };
        }
        path = path.split(['?', '#']).next().unwrap_or(path).trim_matches('/');
        let mut segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        if origin == Origin::Cdn {
            // esm.sh puts a build version, `stable` or `gh` in front; jsdelivr puts `npm`.
            while segments.len() > 1 && segments.first().is_some_and(|first| is_cdn_folder(first)) {
                segments.remove(0);
            }
        }
        let mut version = None;
        let mut name = Vec::new();
        for (index, segment) in segments.iter().enumerate() {
            let (bare, found) = split_version(segment);
            name.push(bare.trim_start_matches(if origin == Origin::Cdn { '*' } else { '\0' }));
            version = version.or(found);
            // The package's name ends here: `openai`, `@scope/name`.
            if index == usize::from(segments.first().is_some_and(|first| first.starts_with('@'))) {
                break;
            }
        }
        let rest = segments.get(name.len()..).unwrap_or(&[]);
        if !is_entry(rest) {
            name.extend(rest.iter().map(|segment| strip_extension(segment)));
        }
        let mut module = name.join("/");
        // Deno's own registry lists OpenAI's package under its scope.
        if module == "@openai/openai" {
            module = "openai".to_owned();
        }
        Self { module, version }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Package,
    Cdn,
    Relative,
}

fn origin(text: &str) -> (&str, Origin) {
    if text.starts_with(['.', '/']) || text.starts_with("file:") {
        return (text, Origin::Relative);
    }
    for scheme in ["npm:", "jsr:", "node:", "bun:"] {
        if let Some(rest) = text.strip_prefix(scheme) {
            return (rest, Origin::Package);
        }
    }
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return (text, Origin::Package);
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    match host {
        "deno.land" => (path.strip_prefix("x/").unwrap_or(path), Origin::Cdn),
        "esm.sh" | "esm.run" | "unpkg.com" | "cdn.jsdelivr.net" | "cdn.skypack.dev" | "jspm.dev" | "ga.jspm.io"
        | "jsr.io" | "cdn.esm.sh" => (path, Origin::Cdn),
        _ => (text, Origin::Relative),
    }
}

/// `openai@4.20.1` is `openai` and its version; a leading `@` belongs to a scope.
fn split_version(segment: &str) -> (&str, Option<Version>) {
    let at = segment.get(1..).and_then(|rest| rest.find('@')).map(|at| at + 1);
    match at.and_then(|at| Some((segment.get(..at)?, segment.get(at + 1..)?))) {
        Some((name, version)) => {
            (name, Requirement::parse(version, Ecosystem::Npm).map(|requirement| requirement.newest()))
        }
        None => (segment, None),
    }
}

fn is_cdn_folder(segment: &str) -> bool {
    matches!(segment, "stable" | "npm" | "pin" | "-" | "jsr")
        || segment.strip_prefix('v').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a subpath is only the package's entry: `index.mjs`, `mod.ts`, `dist/index.js`, `+esm`.
fn is_entry(rest: &[&str]) -> bool {
    let Some((last, folders)) = rest.split_last() else { return true };
    folders.iter().all(|folder| matches!(*folder, "dist" | "esm" | "cjs" | "src" | "lib" | "es2022" | "esnext"))
        && (matches!(strip_extension(last), "index" | "mod" | "main") || *last == "+esm")
}

fn strip_extension(segment: &str) -> &str {
    [".mjs", ".cjs", ".js", ".mts", ".ts"].iter().find_map(|end| segment.strip_suffix(end)).unwrap_or(segment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn specifiers() {
        for (text, module, version) in [
            ("openai", "openai", None),
            ("npm:openai@4", "openai", Some((4, u32::MAX, u32::MAX))),
            ("npm:openai@^4.20.0", "openai", Some((4, u32::MAX, u32::MAX))),
            ("npm:@langchain/openai@0.3.1", "@langchain/openai", Some((0, 3, 1))),
            ("https://esm.sh/openai@4.20.1", "openai", Some((4, 20, 1))),
            ("https://esm.sh/v135/openai@4.20.1?target=deno", "openai", Some((4, 20, 1))),
            ("https://esm.sh/*openai@4.20.1", "openai", Some((4, 20, 1))),
            ("https://esm.sh/@ai-sdk/openai", "@ai-sdk/openai", None),
            ("https://deno.land/x/openai@v4.20.1/mod.ts", "openai", Some((4, 20, 1))),
            ("https://cdn.jsdelivr.net/npm/openai@4/+esm", "openai", Some((4, u32::MAX, u32::MAX))),
            ("jsr:@openai/openai", "openai", None),
            ("jsr:@openai/openai@4.1.0", "openai", Some((4, 1, 0))),
            ("openai/index.mjs", "openai", None),
            ("openai/dist/index.js", "openai", None),
            ("openai/azure", "openai/azure", None),
            ("langchain/chat_models/openai", "langchain/chat_models/openai", None),
            ("langchain/chat_models/openai.js", "langchain/chat_models/openai", None),
            ("node:https", "https", None),
            ("./openai.js", "./openai.js", None),
            ("https://example.org/openai.js", "https://example.org/openai.js", None),
        ] {
            let version = version.map(|(major, minor, patch)| Version::new(major, minor, patch));
            assert_eq!(Specifier::parse(text), Specifier { module: module.to_owned(), version }, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,40}", odd in "[@/:.a-z0-9]{0,30}") {
            Specifier::parse(&text);
            Specifier::parse(&odd);
            Specifier::parse(&format!("https://esm.sh/{odd}"));
        }
    }
}
