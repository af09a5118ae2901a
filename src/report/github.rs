//! Workflow commands, which GitHub Actions shows as annotations: `::error title=...,file=...,line=...::message`.

use std::borrow::Cow;
use std::io::{self, Write};

use super::{Report, Reported};
use crate::screen;

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let files = &report.files;
    for Reported { finding, path, .. } in report.active() {
        let (start, end) = (files.start(finding.at), files.end(finding.at));
        let mut properties = vec![
            ("title", format!("mixlint ({})", finding.rule)),
            ("file", path.clone()),
            ("line", start.line.to_string()),
        ];
        // A runner drops columns that are not on one line, with a complaint.
        if start.line == end.line {
            properties.push(("col", start.column.to_string()));
        }
        properties.push(("endLine", end.line.to_string()));
        if start.line == end.line {
            properties.push(("endColumn", end.column.to_string()));
        }
        let properties: Vec<String> =
            properties.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
        let help = finding.help.as_deref().map(|help| format!("\nhelp: {}", screen::clean(help)));
        let message = screen::clean(&finding.message) + help.as_deref().unwrap_or("");
        writeln!(out, "::{} {}::{}", finding.severity.name(), properties.join(","), data(&message))?;
    }
    Ok(())
}

/// A message: the command ends with its line.
fn data(text: &str) -> String {
    escape(text, |c| matches!(c, '%' | '\r' | '\n')).into_owned()
}

/// A property, which ends at `,` or `:` too.
fn property(text: &str) -> String {
    escape(text, |c| matches!(c, '%' | '\r' | '\n' | ':' | ',')).into_owned()
}

fn escape(text: &str, special: fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(special) {
        return text.into();
    }
    let one = |c: char| if special(c) { format!("%{:02X}", u32::from(c)) } else { c.to_string() };
    text.chars().map(one).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        assert_eq!(data("100%, a:b\r\nc"), "100%25, a:b%0D%0Ac");
        assert_eq!(property("100%, a:b\r\nc"), "100%25%2C a%3Ab%0D%0Ac");
    }
}
