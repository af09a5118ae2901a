//! Comments that silence findings, and those that silence nothing.
//!
//! `mixlint: ignore[rule, rule] reason` holds for findings whose place or labels touch its own line, or, where it
//! stands alone, the next line that is not such a comment. `mixlint: ignore-file[rule]` in the first lines of a file
//! holds for all findings that touch the file. A comment that names no rule holds for nothing: it would hide what
//! nobody has looked at.

use std::collections::BTreeMap;

use crate::facts::{Comment, Span};
use crate::finding::{FileId, Finding, Label, Location, Severity};
use crate::source::Source;

mod directive;

pub use directive::{Directive, Named, Scope, parse};

/// Name of the rule for comments that silence nothing.
pub const UNUSED: &str = "unused-ignore";

/// How far down `ignore-file` is heeded, in lines.
const FILE_LINES: usize = 10;

/// What is known of the rules of this run.
pub struct Rules<'a> {
    /// All rules.
    pub known: &'a [&'a str],
    /// Those that were run. An ignore of another rule may be of use in another run.
    pub active: &'a dyn Fn(&str) -> bool,
}

/// What comments leave of the findings.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Findings to report, those about the comments among them.
    pub kept: Vec<Finding>,
    /// Findings that a comment silences.
    pub silenced: Vec<Silenced>,
}

/// A finding that a comment silences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silenced {
    /// The finding.
    pub finding: Finding,
    /// Where the comment stands.
    pub at: Location,
    /// The reason it gives; may be empty.
    pub reason: String,
}

/// A directive where it holds.
struct Placed {
    file: FileId,
    span: Span,
    reason: String,
    /// The line (from 0) that it holds for; `None`: the whole file.
    line: Option<usize>,
    names: Vec<Named>,
    used: Vec<bool>,
}

/// Removes the findings that comments silence, and adds those about comments that silence nothing.
pub fn apply(
    sources: &[Source],
    reported: &[bool],
    comments: &[(FileId, Comment)],
    findings: Vec<Finding>,
    rules: &Rules<'_>,
) -> Outcome {
    let mut problems = Vec::new();
    let mut placed = place(sources, comments, &mut problems);
    // By file: the lines with directives, and the directives for the whole file.
    let mut index: BTreeMap<(FileId, Option<usize>), Vec<usize>> = BTreeMap::new();
    for (at, directive) in placed.iter().enumerate() {
        index.entry((directive.file, directive.line)).or_default().push(at);
    }

    let mut kept = Vec::with_capacity(findings.len());
    let mut silenced = Vec::new();
    for finding in findings {
        let mut by = None;
        for (file, lines) in touched(sources, &finding) {
            let on_lines = index.range((file, Some(*lines.start()))..=(file, Some(*lines.end())));
            let in_file = index.range((file, None)..=(file, None));
            for &at in on_lines.chain(in_file).flat_map(|(_, directives)| directives) {
                let directive = &mut placed[at];
                for (named, used) in directive.names.iter().zip(&mut directive.used) {
                    if named.rule == finding.rule {
                        *used = true;
                        by = by.or(Some(at));
                    }
                }
            }
        }
        match by {
            None => kept.push(finding),
            Some(at) => {
                let Placed { file, span, reason, .. } = &placed[at];
                let at = Location { file: *file, span: *span };
                silenced.push(Silenced { finding, at, reason: reason.clone() });
            }
        }
    }

    for directive in &placed {
        for (named, used) in directive.names.iter().zip(&directive.used) {
            let at = Location { file: directive.file, span: named.span };
            if !rules.known.contains(&named.rule.as_str()) {
                let near = crate::config::did_you_mean(&named.rule, rules.known.iter().copied());
                let help = near.unwrap_or_else(|| "`mixlint rules` lists the rules".to_owned());
                problems.push(unused(at, "no rule of this name exists".to_owned(), Some(help)));
            } else if !used && named.rule != UNUSED && (rules.active)(&named.rule) {
                let message = format!("this comment silences no finding of `{}`", named.rule);
                problems.push(unused(at, message, Some("remove it".to_owned())));
            }
        }
    }

    // An `ignore[unused-ignore]` beside the others holds for their problems.
    let keeps = |problem: &Finding| {
        let line = sources.get(problem.at.file.index()).map(|s| s.line_of(problem.at.span.start as usize));
        let is_unused = |at: &usize| placed[*at].names.iter().any(|named| named.rule == UNUSED);
        let silenced = [line, None]
            .into_iter()
            .filter_map(|line| index.get(&(problem.at.file, line)))
            .any(|all| all.iter().any(is_unused));
        reported.get(problem.at.file.index()) == Some(&true) && (rules.active)(UNUSED) && !silenced
    };
    kept.extend(problems.into_iter().filter(keeps));
    Outcome { kept, silenced }
}

/// Reads the comments, and finds the lines that they hold for.
fn place(sources: &[Source], comments: &[(FileId, Comment)], problems: &mut Vec<Finding>) -> Vec<Placed> {
    let mut sorted: Vec<&(FileId, Comment)> = comments.iter().collect();
    sorted.sort_by_key(|(file, comment)| (*file, comment.span));
    let mut placed: Vec<Placed> = Vec::new();
    // Backwards, so that the line below a comment is known to be another comment or not.
    let mut below: Option<(FileId, usize, usize)> = None;
    for (file, comment) in sorted.into_iter().rev() {
        let Some(source) = sources.get(file.index()) else { continue };
        let first = source.line_of(comment.span.start as usize);
        let last = source.line_of((comment.span.end as usize).saturating_sub(1));
        let line = match (comment.own_line, below) {
            (false, _) => last,
            (true, Some((f, line, target))) if f == *file && line == last + 1 => target,
            (true, _) => last + 1,
        };
        if comment.own_line {
            below = Some((*file, first, line));
        }
        for directive in parse(source.slice(comment.span), comment.span.start) {
            match directive {
                Directive::Ignore { scope: Scope::File, span, .. } if first >= FILE_LINES => {
                    let message = format!("`ignore-file` counts only in the first {FILE_LINES} lines");
                    problems.push(unused(Location { file: *file, span }, message, None));
                }
                Directive::Ignore { scope, names, span, reason } => {
                    let line = (scope == Scope::Line).then_some(line);
                    placed.push(Placed { file: *file, span, reason, line, used: vec![false; names.len()], names });
                }
                Directive::Malformed { span, message } => {
                    let help = "write `mixlint: ignore[rule] reason`".to_owned();
                    problems.push(unused(Location { file: *file, span }, message.to_owned(), Some(help)));
                }
            }
        }
    }
    placed
}

/// The lines that a finding touches, in each file.
fn touched<'a>(
    sources: &'a [Source],
    finding: &'a Finding,
) -> impl Iterator<Item = (FileId, std::ops::RangeInclusive<usize>)> + 'a {
    let places = std::iter::once(finding.at).chain(finding.labels.iter().map(|label| label.at));
    places.filter_map(|at| {
        let source = sources.get(at.file.index())?;
        let Span { start, end } = at.span;
        let last = (end as usize).saturating_sub(1).max(start as usize);
        Some((at.file, source.line_of(start as usize)..=source.line_of(last)))
    })
}

fn unused(at: Location, message: String, help: Option<String>) -> Finding {
    let labels = vec![Label { at, text: "here".to_owned() }];
    Finding { labels, help, ..Finding::new(UNUSED, Severity::Warning, at, message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    const KNOWN: &[&str] = &["foreign-key", "late-base-url", "unused-ignore"];

    /// Lints a text whose comments are those that begin with `#`, with a `foreign-key` at each `OpenAI`.
    fn run(text: &str, reported: bool) -> Vec<String> {
        let source = Source::new("a.py", Language::Python, text);
        let mut comments = Vec::new();
        for line in 0..source.line_count() {
            let span = source.line_span(line);
            let slice = source.slice(span);
            if let Some(at) = slice.find("# ").filter(|_| slice.contains("mixlint:")) {
                let span = Span { start: span.start + at as u32, end: span.end };
                comments.push((FileId(0), Comment { span, own_line: slice.trim_start().starts_with('#') }));
            }
        }
        let finding = |(at, name): (usize, &str)| {
            let at = Location { file: FileId(0), span: Span::new(at, at + name.len()) };
            Finding::new("foreign-key", Severity::Error, at, "m".to_owned())
        };
        let findings = text.match_indices("OpenAI").map(finding).collect();
        let rules = Rules { known: KNOWN, active: &|rule| rule != "late-base-url" };
        let Outcome { kept, .. } = apply(std::slice::from_ref(&source), &[reported], &comments, findings, &rules);
        let place = |f: &Finding| source.position(f.at.span.start);
        let mut lines: Vec<String> =
            kept.iter().map(|f| format!("{}:{} {} {}", place(f).line, place(f).column, f.rule, f.message)).collect();
        lines.sort();
        lines
    }

    #[test]
    fn silences() {
        for text in [
            "OpenAI()  # mixlint: ignore[foreign-key] it is a test",
            "# mixlint: ignore[foreign-key]\nOpenAI()",
            "# mixlint: ignore[foreign-key]\n# mixlint: ignore[late-base-url]\nOpenAI()",
            "# mixlint: ignore-file[foreign-key]\n\n\nOpenAI()\nOpenAI()",
            "OpenAI()  # mixlint: ignore[foreign-key, late-base-url]",
        ] {
            assert_eq!(run(text, true), [""; 0], "{text}");
        }
    }

    #[test]
    fn silences_nothing() {
        let unused = "unused-ignore this comment silences no finding of `foreign-key`";
        for (text, expected) in [
            ("x  # mixlint: ignore[foreign-key]", vec![format!("1:22 {unused}")]),
            ("# mixlint: ignore[foreign-key]\n\nOpenAI()", vec![format!("1:19 {unused}"), "3:1 foreign-key m".into()]),
            ("x  # mixlint: ignore[late-base-url]", vec![]),
            ("x  # mixlint: ignore[foreign-kye]", vec!["1:22 unused-ignore no rule of this name exists".into()]),
            ("x  # mixlint: ignore", vec!["1:6 unused-ignore the rules to ignore must be named".into()]),
            ("x  # mixlint: ignore[foreign-key, unused-ignore]", vec![]),
            (
                "\n\n\n\n\n\n\n\n\n\n# mixlint: ignore-file[foreign-key]",
                vec!["11:3 unused-ignore `ignore-file` counts only in the first 10 lines".into()],
            ),
        ] {
            assert_eq!(run(text, true), expected, "{text}");
        }
        assert_eq!(run("x  # mixlint: ignore[foreign-key]", false), [""; 0]);
    }
}
