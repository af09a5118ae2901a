//! The baseline: a file of findings that are known and not reported, so that a project can begin with new ones.
//!
//! An entry is a fingerprint, which outlives edits elsewhere in the file, with the rule and the path for people. It holds
//! no text of any file.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::report::{Reported, Suppression};

/// Why a text is no baseline. What serde says may quote it, so that only the place is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    /// Not JSON, or not in the form of a baseline.
    #[error("line {0}, column {1}: not a baseline")]
    Form(usize, usize),
    /// One of another time.
    #[error("a baseline of version {0}, which this mixlint does not know")]
    Version(u32),
}

/// A known finding. The order is that of the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The file, as the repository has it.
    pub path: String,
    /// The rule.
    pub rule: String,
    /// Which of the rule's findings in the file.
    pub fingerprint: String,
}

/// The known findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeSet<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    findings: Vec<Entry>,
}

const VERSION: u32 = 1;

impl Baseline {
    /// Reads the text of a baseline.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let form = |error: serde_json::Error| BaselineError::Form(error.line(), error.column());
        // Of another version the form may be another.
        let Versioned { version } = serde_json::from_str(text).map_err(form)?;
        if version != VERSION {
            return Err(BaselineError::Version(version));
        }
        let file: File = serde_json::from_str(text).map_err(form)?;
        Ok(Self { entries: file.findings.into_iter().collect() })
    }

    /// The text: sorted, one entry after the other, so that a difference shows which came and went.
    pub fn render(&self) -> String {
        let file = File { version: VERSION, findings: self.entries.iter().cloned().collect() };
        // Strings and numbers always have a JSON form.
        serde_json::to_string_pretty(&file).unwrap_or_default() + "\n"
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes in what a run reports. Entries that the run could not meet, for it looked elsewhere, stay.
    pub fn renew(&mut self, findings: &[Reported], could_meet: impl Fn(&Entry) -> bool) {
        self.entries.retain(|entry| !could_meet(entry));
        self.entries.extend(findings.iter().filter(|reported| reported.suppressed.is_none()).map(Entry::of));
    }

    /// Marks the findings that are known, and returns the entries that the run could have met and did not.
    pub fn apply(&self, findings: &mut [Reported], could_meet: impl Fn(&Entry) -> bool) -> Vec<&Entry> {
        let mut met = BTreeSet::new();
        for reported in findings.iter_mut().filter(|reported| reported.suppressed.is_none()) {
            let entry = Entry::of(reported);
            if self.entries.contains(&entry) {
                reported.suppressed = Some(Suppression::Baseline);
                met.insert(entry);
            }
        }
        self.entries.iter().filter(|entry| !met.contains(entry) && could_meet(entry)).collect()
    }
}

impl Entry {
    fn of(reported: &Reported) -> Self {
        let Reported { finding, path, fingerprint, .. } = reported;
        Self { path: path.clone(), rule: finding.rule.to_owned(), fingerprint: fingerprint.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Span;
    use crate::finding::{FileId, Finding, Location, Severity};

    fn reported(path: &str, rule: &'static str, fingerprint: &str) -> Reported {
        let at = Location { file: FileId(0), span: Span::new(0, 0) };
        let finding = Finding::new(rule, Severity::Error, at, String::new());
        Reported { finding, path: path.to_owned(), fingerprint: fingerprint.to_owned(), suppressed: None }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut baseline = Baseline::default();
        baseline.renew(&[reported("b.py", "x", "1"), reported("a.py", "y", "2"), reported("a.py", "x", "3")], |_| true);
        let text = baseline.render();
        assert_eq!(Baseline::parse(&text), Ok(baseline));
        let order: Vec<usize> = ["\"3\"", "\"2\"", "\"1\""].iter().map(|print| text.find(print).unwrap()).collect();
        assert!(order.is_sorted(), "{text}");
    }

    #[test]
    fn known_ones_are_marked_and_stale_ones_told() {
        let mut baseline = Baseline::default();
        baseline.renew(&[reported("a.py", "x", "1"), reported("a.py", "x", "2"), reported("b.py", "x", "3")], |_| true);
        let mut findings = [reported("a.py", "x", "1"), reported("a.py", "x", "4")];
        let stale = baseline.apply(&mut findings, |entry| entry.path == "a.py");
        assert_eq!(stale.iter().map(|entry| entry.fingerprint.as_str()).collect::<Vec<_>>(), ["2"]);
        assert_eq!(findings[0].suppressed, Some(Suppression::Baseline));
        assert_eq!(findings[1].suppressed, None);
        // Only what the run looked at is written anew.
        baseline.renew(&[reported("a.py", "x", "4")], |entry| entry.path == "a.py");
        assert_eq!(baseline.entries.iter().map(|entry| entry.fingerprint.as_str()).collect::<Vec<_>>(), ["4", "3"]);
    }

    #[test]
    fn refuses_without_quoting() {
        let value = "Qq0".repeat(16);
        for (text, expected) in [
            (format!("\"{value}\""), "line 1, column"),
            (format!("{{\"version\": 1,\n \"findings\": [\"{value}\"]}}"), "line 2, column"),
            (format!("{{\"version\": 1, \"findings\": [], \"{value}\": 1}}"), "line 1, column"),
            ("{\"version\": 2, \"entries\": []}".to_owned(), "version 2"),
        ] {
            let error = Baseline::parse(&text).unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("Qq0"), "{error}");
        }
    }
}
