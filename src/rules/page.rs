//! The page of a rule: `rules/NAME.md`, the one definition of its name, severity, summary, text and examples.
//!
//! A page begins with TOML between lines of `+++`, then comes Markdown. The sections `## Bad` and `## Good` hold
//! examples: fenced blocks whose info string is the language and a file name (` ```python app.py `). Blocks under one
//! `###` title form one small project. `also = [rule, ...]` in the info string names other rules that a bad example
//! gives as well.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::catalog::PAGES;
use crate::finding::Severity;

/// A rule's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The rule's name.
    pub name: String,
    /// How bad its findings are by default.
    pub severity: Severity,
    /// One sentence.
    pub summary: String,
    /// The whole text below the front matter, as Markdown.
    pub body: String,
    /// Small projects that give a finding of this rule.
    pub bad: Vec<Example>,
    /// Small projects that give none of any rule.
    pub good: Vec<Example>,
}

/// A small project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Its title; empty for an untitled block.
    pub title: String,
    /// Its files: name and text.
    pub files: Vec<(String, String)>,
    /// Other rules that it gives findings of.
    pub also: Vec<String>,
}

/// Why a page cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// No TOML between lines of `+++` at the start.
    #[error("no front matter between lines of `+++`")]
    NoFrontMatter,
    /// The front matter is wrong.
    #[error("front matter: {0}")]
    FrontMatter(String),
    /// A block of code that never ends.
    #[error("the block of code at line {0} has no end")]
    OpenFence(usize),
    /// The info string of an example is wrong.
    #[error("line {0}: the info string of an example must be `language [file] [also = [rule]]`")]
    Info(usize),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    name: String,
    severity: PageSeverity,
    summary: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum PageSeverity {
    Error,
    Warning,
}

/// All pages, by name.
pub fn pages() -> &'static [Page] {
    // The pages are tested; should one not parse all the same, the rest is still of use.
    static ALL: LazyLock<Vec<Page>> = LazyLock::new(|| {
        let mut pages: Vec<Page> = PAGES.iter().filter_map(|(_, text)| Page::parse(text).ok()).collect();
        pages.sort_by(|a, b| a.name.cmp(&b.name));
        pages
    });
    &ALL
}

/// The names of all rules, without a look into their pages.
pub fn names() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(name, _)| *name)
}

/// The page of a rule.
pub fn page(name: &str) -> Option<&'static Page> {
    pages().iter().find(|page| page.name == name)
}

impl Page {
    /// Reads a page.
    pub fn parse(text: &str) -> Result<Self, PageError> {
        let text = text.replace("\r\n", "\n");
        let rest = text.strip_prefix("+++\n").ok_or(PageError::NoFrontMatter)?;
        let (front, body) = rest.split_once("\n+++\n").ok_or(PageError::NoFrontMatter)?;
        let front: FrontMatter = toml::from_str(front).map_err(|error| PageError::FrontMatter(error.to_string()))?;
        // Lines are counted in the file.
        let first_line = front_lines(&text, body);
        let (bad, good) = examples(body, first_line)?;
        Ok(Self {
            name: front.name,
            severity: match front.severity {
                PageSeverity::Error => Severity::Error,
                PageSeverity::Warning => Severity::Warning,
            },
            summary: front.summary,
            body: body.trim_start_matches('\n').to_owned(),
            bad,
            good,
        })
    }
}

fn front_lines(text: &str, body: &str) -> usize {
    text.get(..text.len() - body.len()).map_or(0, |front| front.matches('\n').count()) + 1
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Text,
    Bad,
    Good,
}

/// The bad and the good examples.
fn examples(body: &str, first_line: usize) -> Result<(Vec<Example>, Vec<Example>), PageError> {
    let mut bad = Vec::new();
    let mut good = Vec::new();
    let mut section = Section::Text;
    let mut title = String::new();
    let mut lines = body.lines().zip(first_line..);
    while let Some((line, number)) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = match heading.trim() {
                "Bad" => Section::Bad,
                "Good" => Section::Good,
                _ => Section::Text,
            };
            title.clear();
        } else if let Some(heading) = line.strip_prefix("### ") {
            heading.trim().clone_into(&mut title);
        } else if let Some(info) = line.strip_prefix("```") {
            let mut code = String::new();
            loop {
                let (line, _) = lines.next().ok_or(PageError::OpenFence(number))?;
                if line.trim_end() == "```" {
                    break;
                }
                code.push_str(line);
                code.push('\n');
            }
            let list = match section {
                Section::Text => continue,
                Section::Bad => &mut bad,
                Section::Good => &mut good,
            };
            let (file, also) = info_string(info).ok_or(PageError::Info(number))?;
            add(list, &title, (file, code), also);
        }
    }
    Ok((bad, good))
}

/// Adds a file to the example of the same title, or begins one.
fn add(list: &mut Vec<Example>, title: &str, file: (String, String), also: Vec<String>) {
    match list.last_mut().filter(|last| !title.is_empty() && last.title == title) {
        Some(last) => {
            last.files.push(file);
            last.also.extend(also);
        }
        None => list.push(Example { title: title.to_owned(), files: vec![file], also }),
    }
}

/// The file name and the other rules of `python app.py also = ["x"]`.
fn info_string(info: &str) -> Option<(String, Vec<String>)> {
    let (words, also) = match info.split_once("also") {
        None => (info, Vec::new()),
        Some((words, list)) => {
            let list = list.trim().strip_prefix('=')?.trim().strip_prefix('[')?.strip_suffix(']')?;
            let rules = list.split(',').map(|rule| rule.trim().trim_matches('"').to_owned());
            (words, rules.filter(|rule| !rule.is_empty()).collect())
        }
    };
    let mut words = words.split_whitespace();
    let language = words.next()?;
    let file = match words.next() {
        Some(file) => file,
        None => default_file(language)?,
    };
    words.next().is_none().then(|| (file.to_owned(), also))
}

fn default_file(language: &str) -> Option<&'static str> {
    Some(match language {
        "python" => "app.py",
        "javascript" => "app.js",
        "typescript" => "app.ts",
        "tsx" => "app.tsx",
        "rust" => "main.rs",
        "shell" | "bash" | "sh" => "run.sh",
        "dotenv" => ".env",
        "yaml" => "compose.yaml",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "+++\nname = \"x\"\nseverity = \"error\"\nsummary = \"S.\"\n+++\n\n# x\n\n```python\nnot an example\n```\n\n\
        ## Bad\n\n```python\na = 1\n```\n\n### two files\n\n```python main.py also = [\"y\", z]\nb\n```\n\n```dotenv\nK=v\n```\n\n\
        ## Good\n\n```sh go.sh\ntrue\n```\n\n## More\n\n```python\nc\n```\n";

    #[test]
    fn parses() {
        let page = Page::parse(PAGE).unwrap();
        assert_eq!((page.name.as_str(), page.severity, page.summary.as_str()), ("x", Severity::Error, "S."));
        assert!(page.body.starts_with("# x\n"));
        assert_eq!(page.bad.len(), 2);
        assert_eq!(page.bad[0].files, [("app.py".to_owned(), "a = 1\n".to_owned())]);
        assert_eq!(page.bad[1].title, "two files");
        assert_eq!(page.bad[1].files[1], (".env".to_owned(), "K=v\n".to_owned()));
        assert_eq!(page.bad[1].also, ["y", "z"]);
        assert_eq!(page.good[0].files, [("go.sh".to_owned(), "true\n".to_owned())]);
        assert_eq!(Page::parse(&PAGE.replace('\n', "\r\n")), Ok(page));
    }

    #[test]
    fn refuses() {
        assert_eq!(Page::parse("# x"), Err(PageError::NoFrontMatter));
        assert!(matches!(Page::parse("+++\nname = 1\n+++\n"), Err(PageError::FrontMatter(_))));
        let head = "+++\nname = \"x\"\nseverity = \"error\"\nsummary = \"S.\"\n+++\n## Bad\n";
        assert_eq!(Page::parse(&format!("{head}```python\n")), Err(PageError::OpenFence(7)));
        assert_eq!(Page::parse(&format!("{head}```klingon\n```\n")), Err(PageError::Info(7)));
    }

    #[test]
    fn all_pages_parse() {
        assert_eq!(pages().len(), PAGES.len());
        for (file, text) in PAGES {
            let page = Page::parse(text).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert_eq!(page.name, *file);
            assert!(!page.bad.is_empty() && !page.good.is_empty(), "{file}");
            assert!(page.summary.ends_with('.') && !page.summary.contains('\n'), "{file}");
            for heading in ["## What it reports", "## Why", "## How to fix", "## Bad", "## Good"] {
                assert!(page.body.contains(&format!("{heading}\n")), "{file}: {heading}");
            }
            for also in page.bad.iter().chain(&page.good).flat_map(|example| &example.also) {
                assert_ne!(also, &page.name, "{file}");
            }
        }
    }
}
