//! `path:line:column: severity[rule] message`, for problem matchers and editors.

use std::io::{self, Write};

use super::{Report, Style, paint};
use crate::screen;

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>, style: Style) -> io::Result<()> {
    let files = &report.files;
    for finding in report.active().map(|reported| &reported.finding) {
        let start = files.start(finding.at);
        let (on, off) = paint(finding.severity, style);
        writeln!(
            out,
            "{}:{}:{}: {on}{}[{}]{off} {}",
            files.path(finding.at.file),
            start.line,
            start.column,
            finding.severity.name(),
            finding.rule,
            screen::clean(&finding.message)
        )?;
    }
    Ok(())
}
