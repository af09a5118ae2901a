//! What goes into the analysis and what comes out of it: the seam between the command line and the core.

use crate::config::Config;
use crate::facts::Comment;
use crate::finding::{FileId, Finding, Location, RouteRecord};
use crate::source::Source;

/// All that the analysis may know. It reads no file and no environment besides.
#[derive(Debug, Default)]
pub struct Input {
    /// The read set, sorted by path. A [`FileId`] is an index into it.
    pub sources: Vec<Source>,
    /// Which of them are in the report set; as long as `sources`.
    pub reported: Vec<bool>,
    /// The configuration: `keys`, `environment`, `providers` and `clients` are for the analysis; selection and
    /// severities are applied to its result.
    pub config: Config,
    /// Parse every file, whatever the prefilter says. What is found must be the same.
    pub no_prefilter: bool,
}

impl Input {
    /// Whether findings may be about a file.
    pub fn is_reported(&self, file: FileId) -> bool {
        self.reported.get(file.index()).copied().unwrap_or(false)
    }
}

/// What the analysis says of them, of all rules, in any order.
#[derive(Debug, Default)]
pub struct Output {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What there is.
    pub routes: Vec<RouteRecord>,
    /// The comments that hold `mixlint:`, for suppression.
    pub comments: Vec<(FileId, Comment)>,
    /// Where literals that may be keys stand: excerpts mask them, whatever they look like.
    pub secrets: Vec<Location>,
    /// How many files were parsed.
    pub files_parsed: usize,
    /// How many clients were found.
    pub clients: usize,
    /// Files that could not be parsed, and why.
    pub unparsed: Vec<(FileId, String)>,
}
