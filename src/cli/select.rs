//! Which rules run, and with which severity.

use std::path::Path;

use super::Stop;
use crate::config::{Config, Level, did_you_mean};
use crate::finding::{Finding, Severity};
use crate::rules::page::names;
use crate::screen;
use crate::source::Source;
use crate::walk::{self, Excludes};

/// The rules of a run.
pub(super) struct Selection<'a> {
    select: Option<&'a [String]>,
    ignore: Vec<&'a str>,
    config: &'a Config,
    per_file: Vec<(Excludes, &'a [String])>,
}

impl<'a> Selection<'a> {
    /// `--select` replaces the configuration's `select`; `--ignore` adds to its `ignore`.
    pub(super) fn new(select: &'a [String], ignore: &'a [String], config: &'a Config) -> Result<Self, Stop> {
        if let Some(unknown) = select.iter().chain(ignore).find(|name| !names().any(|known| known == *name)) {
            return Err(Stop::User(unknown_rule(unknown)));
        }
        let mut per_file = Vec::new();
        for (glob, names) in &config.per_file_ignores {
            let mut globs = Excludes::default();
            let added = globs.add(&config.root, [glob.as_str()]);
            added.map_err(|_| Stop::User(format!("per-file-ignores: not a glob: {}", screen::clean(glob))))?;
            per_file.push((globs, names.as_slice()));
        }
        let select = if select.is_empty() { config.select.as_deref() } else { Some(select) };
        let ignore = ignore.iter().chain(&config.ignore).map(String::as_str).collect();
        Ok(Self { select, ignore, config, per_file })
    }

    /// Whether a rule runs.
    pub(super) fn is_active(&self, rule: &str) -> bool {
        self.select.is_none_or(|select| select.iter().any(|name| name == rule))
            && !self.ignore.contains(&rule)
            && self.config.severity.get(rule) != Some(&Level::Off)
    }

    /// Whether a rule is to be heard about a file.
    pub(super) fn holds_for(&self, rule: &str, source: &Source, cwd: &Path) -> bool {
        let path = walk::absolute(source.path(), cwd);
        !self.per_file.iter().any(|(globs, names)| names.iter().any(|name| name == rule) && globs.matches(&path, false))
    }

    /// The severity of a finding.
    pub(super) fn severity(&self, finding: &Finding) -> Severity {
        match self.config.severity.get(finding.rule) {
            Some(Level::On(severity)) => *severity,
            _ => finding.severity,
        }
    }
}

/// What to say of a name that no rule has.
pub(super) fn unknown_rule(name: &str) -> String {
    let near = did_you_mean(name, names());
    let help = near.unwrap_or_else(|| "`mixlint rules` lists the rules".to_owned());
    format!("unknown rule `{}`\n  help: {help}", screen::clean(name))
}
