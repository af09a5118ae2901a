//! `mixlint routes`.

use std::io::{BufWriter, Write};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::args::{self, Global, RoutesFormat};
use super::check::{Aim, Run, analyze, plural, style};
use super::{EXIT_ERROR, EXIT_OK, Host, Stop};
use crate::catalog::Catalog;
use crate::config::did_you_mean;
use crate::finding::{RouteRecord, Verdict};
use crate::report::{self, Earlier, Files, Format};
use crate::walk::{self, Excludes};
use crate::{read, root, screen};

/// No earlier report is larger than this.
const LARGEST_BASE: u64 = 64 << 20;

pub(super) fn routes(args: &args::Routes, global: &Global, host: &mut Host<'_>) -> Result<u8, Stop> {
    let earlier = args.diff_base.as_deref().map(|path| earlier(path, host)).transpose()?;
    let Some(run) = analyze(&args.paths, Aim::Clients, global, host)? else { return Ok(EXIT_OK) };
    let Run { failed, mut output, catalog, .. } = run;
    let filter = Filter::new(args, &catalog, host)?;
    let found = output.routes.len();
    output.routes.retain(|route| {
        let path = output.sources.get(route.at.file.index()).map(|source| walk::absolute(source.path(), &host.cwd));
        path.is_some_and(|path| filter.holds(route, &path))
    });
    let root = root::project_root(&host.cwd);
    let files = Files { sources: &output.sources, secrets: &[], cwd: &host.cwd, root: &root };
    report::sort_routes(&mut output.routes, &files);

    let format = match args.output_format {
        RoutesFormat::Text => report::RoutesFormat::Text,
        RoutesFormat::Json => report::RoutesFormat::Json,
        RoutesFormat::Mermaid => report::RoutesFormat::Mermaid,
        RoutesFormat::Dot => report::RoutesFormat::Dot,
        RoutesFormat::Html => report::RoutesFormat::Html,
    };
    let style = style(global, Format::Full, host);
    let width = width(host);
    let mut out = BufWriter::new(&mut *host.stdout);
    match &earlier {
        Some(earlier) => report::changes(&mut out, earlier, &files, &output.routes)?,
        None => report::routes(&mut out, format, &files, &catalog, &output.routes, style, width)?,
    }
    out.flush()?;
    drop(out);
    if !global.quiet && args.output_format == RoutesFormat::Text && earlier.is_none() {
        let read = plural(output.reported.iter().filter(|reported| **reported).count(), "file");
        let line = match (found, output.routes.len()) {
            (0, _) => format!("No clients in {read}"),
            (found, 0) => format!("None of {} in {read} is shown", plural(found, "route")),
            (_, shown) => {
                let count = |verdict| output.routes.iter().filter(|route| route.verdict == verdict).count();
                let (wrong, right) = (count(Verdict::Mismatch), count(Verdict::Match));
                let unknown = shown - wrong - right;
                format!("{} in {read}: {wrong} mismatch, {right} match, {unknown} unknown", plural(shown, "route"))
            }
        };
        let _ = writeln!(host.stderr, "{line}");
    }
    Ok(if failed.is_empty() { EXIT_OK } else { EXIT_ERROR })
}

/// How wide the terminal is; of what is none, nobody knows, and nothing is cut off.
pub(super) fn width(host: &Host<'_>) -> Option<usize> {
    if !host.terminal {
        return None;
    }
    let columns = (host.env)("COLUMNS").and_then(|columns| columns.to_str()?.parse().ok());
    columns.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))).filter(|width| *width > 0)
}

/// Reads the JSON of an earlier run.
fn earlier(path: &std::path::Path, host: &Host<'_>) -> Result<Earlier, Stop> {
    let wrong = |reason: String| Stop::User(format!("{}: {reason}", screen::path(path)));
    let bytes = read::file(&host.cwd.join(path), LARGEST_BASE).map_err(|refusal| wrong(refusal.to_string()))?;
    Earlier::parse(&bytes).map_err(wrong)
}

/// Which routes are shown.
struct Filter<'a> {
    providers: &'a [String],
    keys: Option<GlobSet>,
    paths: Option<Excludes>,
    verdicts: &'a [args::RouteVerdict],
}

impl<'a> Filter<'a> {
    fn new(args: &'a args::Routes, catalog: &Catalog, host: &Host<'_>) -> Result<Self, Stop> {
        let ids = || catalog.providers.iter().map(|provider| provider.id.as_str());
        for provider in &args.provider {
            if !ids().any(|id| id == provider) {
                let help = did_you_mean(provider, ids()).map_or_else(String::new, |help| format!("\n  help: {help}"));
                return Err(Stop::User(format!("unknown provider `{}`{help}", screen::clean(provider))));
            }
        }
        let mut keys = GlobSetBuilder::new();
        for key in &args.key {
            let glob = GlobBuilder::new(key).case_insensitive(true).build();
            keys.add(glob.map_err(|_| Stop::User(format!("--key: not a glob: {}", screen::clean(key))))?);
        }
        let keys = keys.build().map_err(|_| Stop::User("--key: not a glob".to_owned()))?;
        let mut paths = Excludes::default();
        let added = paths.add(&host.cwd, args.path.iter().map(String::as_str));
        added.map_err(|error| Stop::User(format!("--path: {}", screen::clean(&error.to_string()))))?;
        Ok(Self {
            providers: &args.provider,
            keys: (!args.key.is_empty()).then_some(keys),
            paths: (!args.path.is_empty()).then_some(paths),
            verdicts: &args.verdict,
        })
    }

    /// Whether a route passes each of the filters that are given.
    fn holds(&self, route: &RouteRecord, path: &std::path::Path) -> bool {
        let is_of = |provider: &String| {
            route.endpoint.provider.as_ref() == Some(provider) || route.key.providers.contains(provider)
        };
        let verdict = match route.verdict {
            Verdict::Match => args::RouteVerdict::Match,
            Verdict::Mismatch => args::RouteVerdict::Mismatch,
            Verdict::Unknown => args::RouteVerdict::Unknown,
        };
        (self.providers.is_empty() || self.providers.iter().any(is_of))
            && self.keys.as_ref().is_none_or(|keys| route.key.name.as_ref().is_some_and(|name| keys.is_match(name)))
            && self.paths.as_ref().is_none_or(|paths| paths.matches(path, false))
            && (self.verdicts.is_empty() || self.verdicts.contains(&verdict))
    }
}
