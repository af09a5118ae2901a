//! A rule's page on a terminal: headings, code and lists told apart, text wrapped. Piped, a page is the Markdown it is.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::Style;

/// Longer lines are hard to read, however wide the terminal is.
const WIDEST: usize = 100;
const NARROWEST: usize = 30;

/// Writes a page.
pub fn page(out: &mut dyn Write, markdown: &str, style: Style, width: usize) -> io::Result<()> {
    let width = width.clamp(NARROWEST, WIDEST);
    let paint = |code: &str, text: &str| match style.color {
        true => format!("\x1b[{code}m{text}\x1b[0m"),
        false => text.to_owned(),
    };
    let mut paragraph = String::new();
    let mut fence: Option<String> = None;
    for line in markdown.trim_end().lines() {
        if let Some(info) = line.strip_prefix("```") {
            flush(out, &mut paragraph, style, width)?;
            if fence.is_none() && !info.trim().is_empty() {
                let words =
                    info.split_whitespace().filter(|word| !word.starts_with(['=', '[', '"']) && *word != "also");
                let name = words.clone().nth(1).or_else(|| words.clone().next()).unwrap_or_default();
                writeln!(out, "    {}", paint("2", name))?;
            }
            fence = if fence.is_some() { None } else { Some(info.to_owned()) };
        } else if fence.is_some() || line.starts_with("    ") {
            flush(out, &mut paragraph, style, width)?;
            let bar = if style.unicode { "│" } else { "|" };
            writeln!(
                out,
                "    {} {}",
                paint("2", bar),
                paint("36", line.strip_prefix("    ").filter(|_| fence.is_none()).unwrap_or(line))
            )?;
        } else if let Some(title) = line.strip_prefix("# ") {
            writeln!(out, "{}", paint("1;4", title))?;
        } else if let Some(title) = line.strip_prefix("## ") {
            flush(out, &mut paragraph, style, width)?;
            writeln!(out, "{}", paint("1", &title.to_uppercase()))?;
        } else if let Some(title) = line.strip_prefix("### ") {
            flush(out, &mut paragraph, style, width)?;
            writeln!(out, "{}", paint("1", title))?;
        } else if line.trim().is_empty() {
            flush(out, &mut paragraph, style, width)?;
            writeln!(out)?;
        } else {
            if line.starts_with("- ") || line.starts_with('|') {
                flush(out, &mut paragraph, style, width)?;
            }
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line.trim());
        }
    }
    flush(out, &mut paragraph, style, width)
}

/// Writes a paragraph or an item of a list, wrapped.
fn flush(out: &mut dyn Write, paragraph: &mut String, style: Style, width: usize) -> io::Result<()> {
    let text = std::mem::take(paragraph);
    if text.is_empty() {
        return Ok(());
    }
    if text.starts_with('|') {
        return writeln!(out, "{text}");
    }
    let (first, rest, text) = match text.strip_prefix("- ") {
        Some(item) => (if style.unicode { "• " } else { "- " }, "  ", item),
        None => ("", "", text.as_str()),
    };
    let mut line = first.to_owned();
    let mut used = first.width();
    let mut empty = true;
    let mut code = false;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let long = word.width();
        if !empty && used + 1 + long > width {
            writeln!(out, "{line}")?;
            line = rest.to_owned();
            used = rest.width();
            empty = true;
        }
        if !empty {
            line.push(' ');
            used += 1;
        }
        line.push_str(&spans(word, &mut code, style));
        used += long;
        empty = false;
    }
    writeln!(out, "{line}")
}

/// A word with its code in colour; the marks stay, so that it can be copied and is told apart without colours too.
fn spans(word: &str, code: &mut bool, style: Style) -> String {
    if !style.color {
        return word.to_owned();
    }
    let mut out = String::new();
    if *code {
        out.push_str("\x1b[36m");
    }
    for c in word.chars() {
        if c == '`' && !*code {
            out.push_str("\x1b[36m`");
        } else if c == '`' {
            out.push_str("`\x1b[0m");
        } else {
            out.push(c);
        }
        *code ^= c == '`';
    }
    if *code {
        out.push_str("\x1b[0m");
    }
    out
}
