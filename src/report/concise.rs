//! `path:line:column: severity[rule] message`, for problem matchers and editors.

use std::io::{self, Write};

use super::{Files, Style, paint};
use crate::finding::Finding;
use crate::screen;

pub(super) fn write(out: &mut dyn Write, files: &Files<'_>, findings: &[Finding], style: Style) -> io::Result<()> {
    for finding in findings {
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
