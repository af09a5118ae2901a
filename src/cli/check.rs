//! `mixlint check`, and what the other commands share with it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::args::{self, CheckFormat, Color, FailOn, Global, Paths};
use super::baseline;
use super::files::{self, Around, Loaded};
use super::fix::{self, Judged, Texts};
use super::progress::Progress;
use super::select::Selection;
use super::{EXIT_ERROR, EXIT_FINDINGS, EXIT_OK, Host, Stop};
use crate::analysis::{self, Asked, Extent, Output};
use crate::catalog::Catalog;
use crate::config::{Config, Known};
use crate::finding::{Applicability, Finding, Severity};
use crate::prefilter::{Prefilter, Sight};
use crate::report::{self, Files, Format, Notice, Report, Style, Summary, Suppression};
use crate::root;
use crate::rules::page::names;
use crate::screen;
use crate::source::{Encoding, Source};
use crate::suppress::{self, Silenced};
use crate::trace::{self, Frame};
use crate::walk::{Files as Walked, MAX_FILE_SIZE, Options, SkipReason};
use crate::workers::Workers;

/// What a run has read and found.
pub(super) struct Run {
    skipped: Vec<(PathBuf, SkipReason)>,
    pub(super) failed: Vec<(PathBuf, SkipReason)>,
    pub(super) config: Config,
    pub(super) catalog: Cow<'static, Catalog>,
    pub(super) output: Output,
    pub(super) again: Again,
}

/// What it takes to analyse the same files once more.
pub(super) struct Again {
    /// The files, if somebody asked for them to be kept.
    given: Vec<analysis::Given>,
    /// The one that is standard input.
    stdin: Option<(PathBuf, Encoding)>,
    options: Options,
    limit: u64,
    directories: Vec<PathBuf>,
    extent: Extent,
    workers: Workers,
    /// The lines of a stack trace.
    frames: Vec<Frame>,
}

impl Again {
    /// What is wrong with the files that were kept if some had other texts.
    pub(super) fn once_more(&self, config: &Config, look: &Prefilter<'_>, texts: &Texts) -> Output {
        self.analyze(self.given.clone(), config, look, texts, Asked::Findings)
    }

    /// Analyses files as if some had other texts.
    fn analyze(
        &self,
        mut given: Vec<analysis::Given>,
        config: &Config,
        prefilter: &Prefilter<'_>,
        texts: &Texts,
        asked: Asked,
    ) -> Output {
        for given in &mut given {
            if let Some(text) = texts.get(&given.path) {
                let source = Source::new(&given.source.path, given.source.language, text.clone());
                *given = analysis::Given::taken(source, given.path.clone());
            }
        }
        let around = Around {
            options: &self.options,
            limit: self.limit,
            directories: self.directories.clone(),
            texts: texts.clone(),
            repositories: root::Repositories::default(),
        };
        let lines = |sources: &[&Source]| trace::in_project(&self.frames, sources);
        if !self.frames.is_empty() {
            let sources: Vec<&Source> = given.iter().map(|given| &given.source).collect();
            // What a line uses is known only of a file that is parsed.
            for line in lines(&sources) {
                given[line.file.index()].sight = Sight::sure();
            }
        }
        let options = analysis::Options {
            config,
            catalog: prefilter.catalog(),
            prefilter,
            extent: self.extent,
            asked,
            workers: Some(&self.workers),
            lines: (!self.frames.is_empty()).then_some(&lines),
        };
        analysis::analyze(given, &around, &options)
    }
}

/// What of the analysis is to be reported, and what a comment silences.
pub(super) fn judge(mut output: Output, selection: &Selection<'_>, cwd: &Path) -> Judged {
    let names: Vec<&str> = names().collect();
    let rules = suppress::Rules { known: &names, active: &|rule| selection.is_active(rule) };
    let found = std::mem::take(&mut output.findings);
    let outcome = suppress::apply(&output.sources, &output.reported, &output.comments, found, &rules);
    let mut findings: Vec<(Finding, Option<Suppression>)> =
        outcome.kept.into_iter().map(|finding| (finding, None)).collect();
    findings.extend(outcome.silenced.into_iter().map(|silenced| {
        let Silenced { finding, at, reason } = silenced;
        (finding, Some(Suppression::Comment { at, reason }))
    }));
    findings.retain(|(finding, _)| {
        let source = output.sources.get(finding.at.file.index());
        output.reported.get(finding.at.file.index()).copied().unwrap_or(false)
            && selection.is_active(finding.rule)
            && source.is_some_and(|source| selection.holds_for(finding.rule, source, cwd))
    });
    for (finding, _) in &mut findings {
        finding.severity = selection.severity(finding);
    }
    Judged { output, findings }
}

pub(super) fn check(args: &args::Check, global: &Global, host: &mut Host<'_>) -> Result<u8, Stop> {
    // A slip in a rule's name is told before anything is read.
    Selection::new(&args.select, &args.ignore, &Default::default())?;
    let fixes = args.fix || args.diff;
    let most = if args.unsafe_fixes { Applicability::Unsafe } else { Applicability::Safe };
    let aim = if fixes { Aim::Fixes } else { Aim::Findings };
    let Some(run) = analyze(&args.paths, aim, global, host)? else { return Ok(EXIT_OK) };
    let Run { skipped, failed, config, catalog, output, again } = run;
    let selection = Selection::new(&args.select, &args.ignore, &config)?;
    let mut judged = judge(output, &selection, &host.cwd);
    let (mut fixed_stdin, mut lost) = (false, false);
    if fixes {
        let (cwd, prefilter) = (host.cwd.clone(), Prefilter::new(&catalog));
        let mut once_more = |texts: &Texts| judge(again.once_more(&config, &prefilter, texts), &selection, &cwd);
        let mut fixed = fix::fix(judged, most, &cwd, &mut once_more);
        if !global.quiet {
            fix::tell_refused(&fixed, host);
        }
        if args.diff {
            fix::show(&fixed, most, global.quiet, host)?;
            let code = if fixed.texts.is_empty() { EXIT_OK } else { EXIT_FINDINGS };
            return Ok(if failed.is_empty() { code } else { EXIT_ERROR });
        }
        lost = fix::write(&mut fixed, again.stdin.as_ref(), host)?;
        if lost {
            // What could not be written is as it was, and so are its findings.
            fixed.state = once_more(&fixed.texts);
        }
        if !global.quiet {
            fix::tell(&fixed, host);
        }
        fixed_stdin = again.stdin.is_some();
        judged = fixed.state;
    }
    let Judged { output, findings } = judged;
    let root = crate::root::project_root(&host.cwd);
    let files = Files { sources: &output.sources, secrets: &output.secrets, cwd: &host.cwd, root: &root };
    let mut findings = report::collect(findings, &files);
    baseline::apply(args, global, &config, &selection, (&files, &output.reported), &mut findings, host.stderr)?;
    let active = || findings.iter().filter(|reported| reported.suppressed.is_none()).map(|reported| &reported.finding);

    let errors = active().filter(|finding| finding.severity == Severity::Error).count();
    let summary = Summary {
        files_read: output.reported.iter().filter(|reported| **reported).count(),
        files_parsed: output.files_parsed,
        files_skipped: skipped.len() + failed.len(),
        clients: output.clients,
        errors,
        warnings: active().count() - errors,
    };
    let least = match args.fail_on {
        FailOn::Error => Some(Severity::Error),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Never => None,
    };
    let fails = least.is_some_and(|least| active().any(|finding| finding.severity >= least));
    let exit_code = match (failed.is_empty() && !lost, fails) {
        (false, _) => EXIT_ERROR,
        (true, true) => EXIT_FINDINGS,
        (true, false) => EXIT_OK,
    };
    let format = match args.output_format {
        CheckFormat::Full => Format::Full,
        CheckFormat::Concise => Format::Concise,
        CheckFormat::Github => Format::Github,
        CheckFormat::Gitlab => Format::Gitlab,
        CheckFormat::Sarif => Format::Sarif,
        CheckFormat::Json => Format::Json,
    };
    let style = style(global, format, host);
    // The fixed text has standard output for itself.
    let stream = if fixed_stdin { &mut *host.stderr } else { &mut *host.stdout };
    let mut out = BufWriter::new(stream);
    let notices = notices(&failed, &output);
    let report = Report { files, findings: &findings, summary: &summary, notices: &notices, exit_code };
    report::findings(&mut out, format, &report, style)?;
    if args.statistics && !format.is_document() {
        out.write_all(statistics(active()).as_bytes())?;
    }
    out.flush()?;
    drop(out);
    if args.statistics && format.is_document() {
        let _ = host.stderr.write_all(statistics(active()).as_bytes());
    }
    if !global.quiet && !format.is_document() {
        let known = findings.iter().filter(|reported| reported.suppressed == Some(Suppression::Baseline)).count();
        let _ = writeln!(host.stderr, "{}", last_line(&summary, known));
        if let Some(line) = fix::fixable(active(), fixes.then_some(most)) {
            let _ = writeln!(host.stderr, "{line}");
        }
    }

    Ok(exit_code)
}

/// Files that could not be looked at.
fn notices(failed: &[(PathBuf, SkipReason)], output: &Output) -> Vec<Notice> {
    let notice = |path: &Path, severity, message: String| Notice { path: path.to_path_buf(), severity, message };
    let failed = failed.iter().map(|(path, reason)| notice(path, Severity::Error, reason.to_string()));
    let unparsed = output.unparsed.iter().filter_map(|(file, reason)| {
        let source = output.sources.get(file.index())?;
        Some(notice(source.path(), Severity::Warning, format!("not parsed: {reason}")))
    });
    failed.chain(unparsed).collect()
}

/// So many files are looked at as a whole, whatever their texts show.
const FEW: usize = 64;

/// What an analysis is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim<'a> {
    /// All clients.
    Clients,
    /// All clients, what else the texts say, and what the lines of a stack trace use.
    Texts(&'a [Frame]),
    /// The findings.
    Findings,
    /// The findings, and to look again when some are fixed.
    Fixes,
}

/// Finds, reads and analyses the files; `None` if they were only to be shown.
pub(super) fn analyze(args: &Paths, aim: Aim<'_>, global: &Global, host: &mut Host<'_>) -> Result<Option<Run>, Stop> {
    let names: Vec<&str> = names().collect();
    let providers: Vec<&str> = Catalog::builtin().providers.iter().map(|provider| provider.id.as_str()).collect();
    let known = Known { rules: &names, providers: &providers };
    let given = files::given(args, host)?;
    let config = given.config(args, &host.cwd, &known)?;
    if global.verbose > 0 {
        let path = config.path.as_ref().map_or_else(|| "none".to_owned(), |path| screen::path(path));
        let _ = writeln!(host.stderr, "configuration: {path}");
    }
    let options = files::options(args, &config, &host.cwd)?;
    let progress = Progress::new(global.progress);
    let found = progress.during(host.stderr, || "looking for files".to_owned(), || given.walk(&options))?;
    let count = plural(found.entries.len(), "file");
    // What one file needs is done before a second thread would have begun.
    let threads = if found.entries.len() <= 1 && args.reading.jobs == 0 { 1 } else { args.reading.threads() };
    let workers = Workers::new(threads);
    if args.show_files {
        show_files(&found, global, host)?;
        return Ok(None);
    }

    let catalog = if config.providers.is_empty() && config.clients.is_empty() && config.tools.is_empty() {
        Cow::Borrowed(Catalog::builtin())
    } else {
        let more = Catalog::extended(config.providers.clone(), config.clients.clone(), config.tools.clone());
        Cow::Owned(more.map_err(|error| {
            let path = config.path.as_ref().map_or_else(String::new, |path| format!("{}: ", screen::path(path)));
            Stop::User(format!("{path}{}", screen::clean(&error.to_string())))
        })?)
    };
    let prefilter = Prefilter::new(&catalog);
    let keep = matches!(aim, Aim::Texts(_)) || (found.entries.len() <= FEW && !args.reading.narrow);
    let limit = config.max_file_size.unwrap_or(MAX_FILE_SIZE);
    let directories = given.directories(&host.cwd);
    let Loaded { given, skipped, failed, stdin } = progress.during(
        host.stderr,
        || format!("reading {count}"),
        || workers.run(|| given.load(found, &options, limit, &prefilter, keep)),
    );
    let extent = match aim {
        _ if args.reading.no_prefilter => Extent::Everything,
        // A policy is about every client.
        Aim::Findings | Aim::Fixes if config.policy.is_empty() => {
            Extent::Findings(if args.reading.narrow { 0 } else { analysis::SMALL })
        }
        _ => Extent::Clients,
    };
    let again = Again {
        given: if matches!(aim, Aim::Fixes | Aim::Texts(_)) { given.clone() } else { Vec::new() },
        stdin,
        options,
        limit,
        directories,
        extent,
        workers,
        frames: if let Aim::Texts(frames) = aim { frames.to_vec() } else { Vec::new() },
    };
    let asked = match aim {
        Aim::Clients => Asked::Routes,
        Aim::Findings | Aim::Fixes => Asked::Findings,
        Aim::Texts(_) => Asked::Judged,
    };
    let work = || again.analyze(given, &config, &prefilter, &Texts::new(), asked);
    let output = progress.during(host.stderr, || format!("checking {count}"), work);

    for (path, reason) in &failed {
        let _ = writeln!(host.stderr, "error: {}: {}", screen::path(path), screen::clean(&reason.to_string()));
    }
    if global.verbose > 0 {
        tell_skipped(&skipped, host);
        for (file, reason) in &output.unparsed {
            let path = output.sources.get(file.index()).map(|source| screen::path(source.path()));
            let _ = writeln!(host.stderr, "{}: {}", path.unwrap_or_default(), screen::clean(reason));
        }
        for file in &output.partly {
            let path = output.sources.get(file.index()).map(|source| screen::path(source.path()));
            let _ = writeln!(host.stderr, "{}: read in part, its syntax is not clear", path.unwrap_or_default());
        }
    }
    Ok(Some(Run { skipped, failed, config, catalog, output, again }))
}

fn show_files(found: &Walked, global: &Global, host: &mut Host<'_>) -> Result<(), Stop> {
    let mut out = BufWriter::new(&mut *host.stdout);
    for entry in &found.entries {
        writeln!(out, "{}", screen::path(&entry.shown))?;
    }
    out.flush()?;
    drop(out);
    if global.verbose > 0 {
        tell_skipped(&found.skipped, host);
    }
    Ok(())
}

fn tell_skipped(skipped: &[(PathBuf, SkipReason)], host: &mut Host<'_>) {
    for (path, reason) in skipped {
        let _ = writeln!(host.stderr, "skipped {}: {}", screen::path(path), screen::clean(&reason.to_string()));
    }
}

/// `3 mixroute-key-at-openai`, most frequent first.
fn statistics<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.rule).or_insert(0_usize) += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(rule, count)| (std::cmp::Reverse(*count), *rule));
    counts.iter().map(|(rule, count)| format!("{count:6} {rule}\n")).collect()
}

fn last_line(summary: &Summary, known: usize) -> String {
    let files = plural(summary.files_read, "file");
    let more: Vec<String> = [(summary.files_skipped, "skipped"), (known, "known")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join(", ")) };
    if summary.errors + summary.warnings == 0 {
        return format!("No findings in {files}{more}");
    }
    format!("Found {} in {files}{more}", report::counts(summary.errors, summary.warnings))
}

pub(super) fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Colours and characters. The lines of `concise` are for programs: they are coloured on demand only.
pub(super) fn style(global: &Global, format: Format, host: &Host<'_>) -> Style {
    let set = |name: &str| (host.env)(name).filter(|value| !value.is_empty());
    let on = |name: &str| set(name).is_some_and(|value| value != "0");
    let color = match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if format != Format::Full || set("NO_COLOR").is_some() => false,
        Color::Auto => {
            let dumb = set("TERM").is_some_and(|term| term == "dumb");
            on("FORCE_COLOR") || on("CLICOLOR_FORCE") || (host.terminal && !dumb)
        }
    };
    // What is not a terminal is a log or a file: UTF-8 in all likelihood. A terminal says what it is by its locale.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| set(name));
    let utf8 = |value: &std::ffi::OsString| {
        let value = value.to_string_lossy().to_ascii_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    };
    let unicode = !host.terminal || cfg!(windows) || cfg!(target_os = "macos") || locale.is_some_and(|l| utf8(&l));
    Style { color, unicode }
}
