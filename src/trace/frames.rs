//! The lines that a stack trace names, in the styles of Python, Node and Rust.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::finding::{FileId, Location};
use crate::source::Source;

/// A line that a stack trace names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The parts of its path.
    parts: Vec<String>,
    /// The line, from 1.
    pub line: usize,
}

/// More frames than this are not looked at: a recursion that overflowed repeats itself.
const MOST: usize = 400;

static PYTHON: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"File "([^"\n]+)", line (\d+)"#).ok());
static PLACE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"((?:\b[A-Za-z]:)?[^\s"'()<>:,=`]+\.(?:[mc]?[jt]sx?|rs|py|sh)):(\d+)\b"#).ok());
static LIBRARY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let names = r"(?:site|dist)-packages[/\\]([A-Za-z0-9_.-]+)|node_modules[/\\](?:\.pnpm[/\\][^/\\\s]+[/\\]node_modules[/\\])?((?:@[a-z0-9_.-]+[/\\])?[A-Za-z0-9_.-]+)|\.cargo[/\\]registry[/\\]src[/\\][^/\\\s]+[/\\]([a-z0-9_-]+?)-\d";
    Regex::new(names).ok()
});

/// What a stack trace says.
#[derive(Clone, Debug, Default)]
pub(super) struct Stack {
    /// The lines of the program's own files, outermost or innermost first as the text has them.
    pub(super) frames: Vec<Frame>,
    /// The packages whose files it passes through, `-` for `_`.
    pub(super) packages: Vec<String>,
    /// The language, if there is one sign of it.
    pub(super) language: Option<&'static str>,
}

/// Reads the stack traces in a text.
pub(super) fn read(text: &str) -> Stack {
    let mut stack = Stack::default();
    for found in LIBRARY.iter().flat_map(|pattern| pattern.captures_iter(text)) {
        let Some(name) = (1..=3).find_map(|group| found.get(group)) else { continue };
        let name = name.as_str().replace('\\', "/").replace('_', "-").to_ascii_lowercase();
        if !stack.packages.contains(&name) && stack.packages.len() < MOST {
            stack.packages.push(name);
        }
    }
    let python = PYTHON.iter().flat_map(|pattern| pattern.captures_iter(text)).map(|found| (found, Some("python")));
    let others = PLACE.iter().flat_map(|pattern| pattern.captures_iter(text)).map(|found| (found, None));
    for (found, language) in python.chain(others) {
        let (Some(path), Some(line)) = (found.get(1), found.get(2)) else { continue };
        let path = path.as_str().trim_start_matches("file://");
        stack.language = stack.language.or(language).or_else(|| {
            Some(match path.rsplit('.').next()? {
                "rs" => "rust",
                "py" => "python",
                "sh" => "shell",
                _ => "javascript",
            })
        });
        let Ok(line) = line.as_str().parse() else { continue };
        let parts: Vec<String> =
            path.split(['/', '\\']).filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect();
        let library = |part: &String| {
            matches!(part.as_str(), "site-packages" | "dist-packages" | "node_modules" | "registry" | "rustc")
                || part.starts_with('<')
                || part.starts_with("node:")
                || (part.starts_with("python3") && path.contains("/lib/"))
        };
        let frame = Frame { parts, line };
        if !frame.parts.iter().any(library) && !stack.frames.contains(&frame) && stack.frames.len() < MOST {
            stack.frames.push(frame);
        }
    }
    stack
}

/// The frames that are lines of the files of a run: as whole lines, each once.
pub fn in_project(frames: &[Frame], sources: &[&Source]) -> Vec<Location> {
    let mut out = Vec::new();
    for frame in frames {
        let Some(file) = file_of(frame, sources) else { continue };
        let source = sources[file.index()];
        if frame.line == 0 || frame.line > source.line_count() {
            continue;
        }
        let at = Location { file, span: source.line_span(frame.line - 1) };
        if !out.contains(&at) {
            out.push(at);
        }
    }
    out
}

/// The file whose path ends most like the frame's: the project may lie elsewhere than where the message was made.
fn file_of(frame: &Frame, sources: &[&Source]) -> Option<FileId> {
    let alike = |path: &Path| {
        let parts = path.components().rev().map(|part| part.as_os_str());
        parts.zip(frame.parts.iter().rev()).take_while(|(a, b)| *a == b.as_str()).count()
    };
    let mut best = (0, None);
    for (number, source) in sources.iter().enumerate() {
        let alike = alike(source.path());
        if alike > best.0 {
            best = (alike, Some(FileId(number as u32)));
        } else if alike == best.0 {
            // Two that are as good: neither is known to be it.
            best.1 = None;
        }
    }
    best.1
}

/// A span that holds the whole of a line, for tests of what stands in it.
#[cfg(test)]
fn line(source: &Source, number: usize) -> crate::facts::Span {
    source.line_span(number - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn three_styles() {
        let text = "  File \"/home/ann/src/app/main.py\", line 4, in <module>\n\
                    \x20 File \"/x/.venv/lib/python3.11/site-packages/langchain_openai/base.py\", line 9, in f\n\
                    \x20   at async ask (file:///home/ann/src/lib/llm.mjs:7:17)\n\
                    \x20   at x (/app/node_modules/@ai-sdk/openai/dist/index.mjs:1:2)\n\
                    \x20   at C:\\work\\web\\index.ts:12:3\n\
                    thread 'main' panicked at src/main.rs:10:5:\n\
                    \x20 at /root/.cargo/registry/src/index-1/async-openai-0.28.1/src/client.rs:3:1\n";
        let stack = read(text);
        let shown: Vec<String> = stack.frames.iter().map(|f| format!("{}:{}", f.parts.join("/"), f.line)).collect();
        assert_eq!(
            shown,
            ["home/ann/src/app/main.py:4", "home/ann/src/lib/llm.mjs:7", "C:/work/web/index.ts:12", "src/main.rs:10"]
        );
        assert_eq!(stack.packages, ["langchain-openai", "@ai-sdk/openai", "async-openai"]);
        assert_eq!(stack.language, Some("python"));
    }

    #[test]
    fn files_by_the_end_of_their_path() {
        let source = |path: &str| Source::new(path, Language::Python, "a\nb\nc\n");
        let sources = [source("app/main.py"), source("web/main.py"), source("web/llm.py")];
        let all: Vec<&Source> = sources.iter().collect();
        let at = |path: &str, line: usize| in_project(&read(&format!("File \"{path}\", line {line}")).frames, &all);
        assert_eq!(at("/srv/web/main.py", 2), [Location { file: FileId(1), span: line(&sources[1], 2) }]);
        assert_eq!(at("llm.py", 1), [Location { file: FileId(2), span: line(&sources[2], 1) }]);
        assert_eq!(at("main.py", 1), [], "two are as good");
        assert_eq!(at("llm.py", 99), []);
        assert_eq!(at("other.py", 1), []);
    }
}
