//! The lines of a file that a report shows, made safe, as a source that miette can render.
//!
//! miette panics at columns beyond 65 535, prints escapes as they are, and counts lines from the start of the file
//! for each label. An excerpt holds a few short lines and knows where they come from, which cures all three.

use std::collections::BTreeSet;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::mask::{Form, mask};
use super::visible;
use crate::chars::{ceil, floor};
use crate::facts::Span;
use crate::source::{Position, Source};

/// How many bytes of a long line are shown on each side of a label.
const AROUND: usize = 200;
/// How long a line may get when several labels share it.
const WIDEST: usize = 800;
/// How far before and after a shown line the masking looks, in lines and in bytes: a name may stand above its value.
const MASK_LINES: usize = 3;
const MASK_BYTES: usize = 4096;

/// Some lines of a file, safe to show.
#[derive(Debug)]
pub struct Excerpt {
    path: String,
    text: String,
    rows: Vec<Row>,
    labels: Vec<Shown>,
}

/// A line of the excerpt.
#[derive(Debug)]
struct Row {
    /// Number of the line in the file, from 0.
    line: usize,
    /// Where it is in the excerpt's text, with its line end.
    start: usize,
    end: usize,
}

/// A label: where it is in the excerpt, and where in the file.
#[derive(Debug)]
struct Shown {
    start: usize,
    end: usize,
    position: Position,
}

impl Excerpt {
    /// The lines where `labels` start, each with its neighbours. `secrets` are masked whatever they look like. The
    /// first label is the most important one: where several share a long line, it is the one that is surely shown.
    pub fn new(source: &Source, labels: &[Span], secrets: &[Span]) -> Self {
        let mut lines = BTreeSet::new();
        let starts: Vec<Position> = labels.iter().map(|label| source.position(label.start)).collect();
        for start in &starts {
            let line = start.line - 1;
            lines.extend(line.saturating_sub(1)..=(line + 1).min(last_line(source).max(line)));
        }

        let mut excerpt =
            Self { path: super::path(source.path()), text: String::new(), rows: Vec::new(), labels: Vec::new() };
        let mut shown: Vec<Option<Shown>> = labels.iter().map(|_| None).collect();
        for line in lines {
            let here = || labels.iter().zip(&starts).filter(move |(_, start)| start.line == line + 1);
            let window = window(source, line, here().map(|(label, _)| *label));
            let whole = source.line_span(line);

            let row_start = excerpt.text.len();
            if window.start > whole.start {
                excerpt.text.push('…');
            }
            let text_start = excerpt.text.len();
            excerpt.text.push_str(&safe(source, line, window, secrets));
            let text_end = excerpt.text.len();
            if window.end < whole.end {
                excerpt.text.push('…');
            }
            excerpt.text.push('\n');
            excerpt.rows.push(Row { line, start: row_start, end: excerpt.text.len() });

            // Masking and stand-ins keep every byte's place, so that a label's place follows from the window's.
            let place = |offset: u32| {
                let offset = offset.clamp(window.start, window.end.max(window.start));
                (text_start + (offset - window.start) as usize).min(text_end)
            };
            for ((label, start), shown) in labels.iter().zip(&starts).zip(&mut shown) {
                if start.line == line + 1 {
                    let text = &excerpt.text;
                    let from = floor(text, place(label.start));
                    let to = ceil(text, place(label.end.max(label.start)));
                    *shown = Some(Shown { start: from, end: to, position: *start });
                }
            }
        }
        excerpt.labels = shown.into_iter().flatten().collect();
        excerpt
    }

    /// Where a label (by its number) is in the excerpt.
    pub fn span(&self, label: usize) -> SourceSpan {
        self.labels.get(label).map_or(SourceSpan::from(0..0), |label| SourceSpan::from(label.start..label.end))
    }

    /// The shown text of the line that a label starts on.
    pub fn line_of_label(&self, label: usize) -> &str {
        let row = self.labels.get(label).and_then(|label| self.rows.get(self.row_at(label.start)));
        row.and_then(|row| self.text.get(row.start..row.end)).map_or("", |line| line.trim_end_matches('\n'))
    }

    /// The row that an offset of the excerpt is in.
    fn row_at(&self, offset: usize) -> usize {
        self.rows.partition_point(|row| row.start <= offset).saturating_sub(1)
    }
}

/// The last line that is worth showing: the empty one after a final line end is none.
fn last_line(source: &Source) -> usize {
    let last = source.line_count().saturating_sub(1);
    let empty = source.line_span(last);
    if last > 0 && empty.start == empty.end { last - 1 } else { last }
}

/// The part of a line that is shown.
fn window(source: &Source, line: usize, mut labels: impl Iterator<Item = Span>) -> Span {
    let whole = source.line_span(line);
    if (whole.end - whole.start) as usize <= 2 * AROUND {
        return whole;
    }
    let Some(first) = labels.next() else {
        return Span::new(whole.start as usize, floor(&source.text, whole.start as usize + AROUND));
    };
    let around = |label: Span| {
        let end = label.end.min(whole.end).min(label.start.saturating_add(WIDEST as u32 / 2));
        (label.start.saturating_sub(AROUND as u32).max(whole.start), end.saturating_add(AROUND as u32).min(whole.end))
    };
    let (mut start, mut end) = around(first);
    for label in labels {
        let (s, e) = around(label);
        if end.max(e) - start.min(s) <= WIDEST as u32 {
            (start, end) = (start.min(s), end.max(e));
        }
    }
    Span::new(floor(&source.text, start as usize), floor(&source.text, end as usize))
}

/// The text of a window, masked and made visible, as long as it was.
fn safe(source: &Source, line: usize, window: Span, secrets: &[Span]) -> String {
    let (start, end) = (window.start as usize, window.end as usize);
    let above = source.line_span(line.saturating_sub(MASK_LINES)).start as usize;
    let below = source.line_span((line + 1).min(source.line_count().saturating_sub(1))).end as usize;
    let from = floor(&source.text, above.max(start.saturating_sub(MASK_BYTES))).min(start);
    let to = floor(&source.text, below.min(end.saturating_add(MASK_BYTES))).max(end);
    let inside: Vec<Span> = secrets
        .iter()
        .filter(|secret| (secret.end as usize) > from && (secret.start as usize) < to)
        .map(|secret| {
            let begin = (secret.start as usize).max(from) - from;
            Span::new(begin, (secret.end as usize).min(to) - from)
        })
        .collect();
    let masked = mask(source.text.get(from..to).unwrap_or(""), Form::of(source.language), &inside);
    let shown = masked.get(start - from..end - from).unwrap_or("");
    shown.chars().map(|c| if c == '\t' { c } else { visible(c) }).collect()
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let (mut first, mut last) = (self.row_at(start), self.row_at(end));
        let row = |at: usize| self.rows.get(at).ok_or(MietteError::OutOfBounds);
        // Rows that do not follow each other cannot be shown as one piece.
        if end > self.text.len() || row(last)?.line - row(first)?.line != last - first {
            return Err(MietteError::OutOfBounds);
        }
        let contents = |from: usize, to: usize, line: usize, column: usize| {
            let data = self.text.get(from..to).ok_or(MietteError::OutOfBounds)?.as_bytes();
            let span = SourceSpan::from(from..to);
            let contents = MietteSpanContents::new_named(self.path.clone(), data, span, line, column, last - first + 1);
            Ok(Box::new(contents) as Box<dyn SpanContents<'a>>)
        };
        if context_lines_before == 0 && context_lines_after == 0 {
            // The header of a snippet: the position in the file, not in the clipped line.
            let at = self.labels.iter().find(|label| label.start == start).map(|label| label.position);
            let (line, column) = at.map_or((row(first)?.line, 0), |at| (at.line - 1, at.column - 1));
            return contents(start, end, line, column);
        }
        for _ in 0..context_lines_before {
            if first > 0 && row(first - 1)?.line + 1 == row(first)?.line {
                first -= 1;
            }
        }
        for _ in 0..context_lines_after {
            if last + 1 < self.rows.len() && row(last)?.line + 1 == row(last + 1)?.line {
                last += 1;
            }
        }
        let (from, to, line) = (row(first)?.start, row(last)?.end, row(first)?.line);
        let data = self.text.get(from..to).ok_or(MietteError::OutOfBounds)?.as_bytes();
        let span = SourceSpan::from(from..to);
        Ok(Box::new(MietteSpanContents::new_named(self.path.clone(), data, span, line, 0, last - first + 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    fn excerpt(text: &str, label: (usize, usize)) -> Excerpt {
        Excerpt::new(&Source::new("a.py", Language::Python, text), &[Span::new(label.0, label.1)], &[])
    }

    fn shown(text: &str, label: (usize, usize)) -> (String, usize, usize, usize) {
        let excerpt = excerpt(text, label);
        let span = excerpt.span(0);
        let context = excerpt.read_span(&span, 1, 1).unwrap();
        let header = excerpt.read_span(&span, 0, 0).unwrap();
        let text = String::from_utf8(context.data().to_vec()).unwrap();
        (text, context.line(), header.line() + 1, header.column() + 1)
    }

    #[test]
    fn lines_with_neighbours() {
        assert_eq!(shown("a\nb\nc = 1\nd\ne\n", (4, 5)), ("b\nc = 1\nd\n".into(), 1, 3, 1));
        assert_eq!(shown("a\r\nbé = x\r\n", (9, 10)), ("a\nbé = x\n".into(), 0, 2, 6));
        assert_eq!(shown("", (0, 0)), ("\n".into(), 0, 1, 1));
        assert_eq!(shown("ab", (2, 2)), ("ab\n".into(), 0, 1, 3));
        assert_eq!(shown("ab\n", (3, 3)), ("ab\n\n".into(), 0, 2, 1));
        assert_eq!(shown("ab", (90, 99)), ("ab\n".into(), 0, 1, 3));
    }

    #[test]
    fn long_lines_are_clipped() {
        let text = format!("{}OpenAI(){}", "x;".repeat(1_250_000), "é;".repeat(1_000_000));
        let excerpt = excerpt(&text, (2_500_000, 2_500_008));
        let span = excerpt.span(0);
        assert_eq!(&excerpt.text[span.offset()..span.offset() + span.len()], "OpenAI()");
        assert!(excerpt.text.len() < 500);
        let header = excerpt.read_span(&span, 0, 0).unwrap();
        assert_eq!((header.line(), header.column()), (0, 2_500_000));
    }

    #[test]
    fn labels_far_apart_on_one_line_keep_the_first() {
        let source = Source::new("a.js", Language::JavaScript, "ab ".repeat(100_000));
        let excerpt = Excerpt::new(&source, &[Span::new(150_000, 150_002), Span::new(9, 11)], &[]);
        assert!(excerpt.text.len() <= WIDEST + 8);
        let span = excerpt.span(0);
        assert_eq!(&excerpt.text[span.offset()..span.offset() + span.len()], "ab");
        assert_eq!(excerpt.span(1).len(), 0);
    }

    #[test]
    fn a_key_in_a_neighbouring_line_is_masked() {
        let body = "Qq0".repeat(16);
        let (text, ..) = shown(&format!("k = 'sk-{body}'\nOpenAI(api_key=k)\npassword = 'hunter'"), (60, 66));
        assert!(!text.contains("Qq0") && !text.contains("hunter"), "{text}");
        assert!(text.contains("OpenAI(api_key=k)"), "{text}");
    }

    #[test]
    fn a_name_above_the_shown_lines_counts() {
        let (text, ..) = shown("api_key = (\n\n'hunter'\nOpenAI()\n", (22, 28));
        assert!(!text.contains("hunter"), "{text}");
    }

    #[test]
    fn secrets_of_the_caller_over_several_lines() {
        let source = Source::new("a.py", Language::Python, "x = f('''ab\ncd\nef''')\n");
        let excerpt = Excerpt::new(&source, &[Span::new(12, 14)], &[Span::new(6, 20)]);
        assert_eq!(excerpt.text, "x = f('''**\n**\n**''')\n");
    }

    proptest::proptest! {
        #[test]
        fn any_label_fits(
            text in "([a-zé漢\t ]{0,9}(\r?\n|🙂|\x1b|key = 'x')){0,9}",
            labels in proptest::collection::vec((0..99_usize, 0..30_usize), 1..4),
        ) {
            let source = Source::new("a.py", Language::Python, text);
            let labels: Vec<Span> = labels.into_iter().map(|(start, len)| Span::new(start, start + len)).collect();
            let excerpt = Excerpt::new(&source, &labels, &[]);
            for at in 0..labels.len() {
                proptest::prop_assert!(excerpt.read_span(&excerpt.span(at), 0, 0).is_ok());
                proptest::prop_assert!(excerpt.read_span(&excerpt.span(at), 1, 1).is_ok());
            }
        }
    }

    #[test]
    fn escapes_are_inert() {
        let (text, ..) = shown("a\tb\x1b[31m\u{202e}\rc", (0, 1));
        assert_eq!(text, "a\tb?[31m\u{fffd}?c\n");
    }
}
