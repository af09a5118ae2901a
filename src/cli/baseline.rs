//! `--baseline` and `--write-baseline`: where the file is, and what is said of it.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use super::args::{self, Global};
use super::select::Selection;
use super::{Stop, write};
use crate::baseline::{Baseline, Entry};
use crate::config::Config;
use crate::read::Refusal;
use crate::report::{Files, Reported};
use crate::{read, screen, walk};

/// What `--write-baseline` writes if nothing says another.
const DEFAULT: &str = "mixlint-baseline.json";
/// No baseline is larger than this.
const MAX_SIZE: u64 = 64 << 20;
/// So many stale entries are told one by one.
const TOLD: usize = 10;

/// Marks the findings that the baseline knows, after it was written if that is asked for.
pub(super) fn apply(
    args: &args::Check,
    global: &Global,
    config: &Config,
    selection: &Selection<'_>,
    (files, reported): (&Files<'_>, &[bool]),
    findings: &mut [Reported],
    stderr: &mut dyn Write,
) -> Result<(), Stop> {
    let configured = || config.baseline.as_ref().map(|path| config.root.join(path));
    let path = match &args.baseline {
        Some(path) => Some(files.cwd.join(path)),
        None => configured().or_else(|| args.write_baseline.then(|| files.cwd.join(DEFAULT))),
    };
    let Some(path) = path else { return Ok(()) };
    let shown = screen::path(&walk::shown(&path, files.cwd));

    let read: BTreeSet<String> = files.reported(reported).map(|file| files.path_in_repository(file)).collect();
    let could_meet = |entry: &Entry| {
        selection.is_active(&entry.rule) && (read.contains(&entry.path) || !files.root.join(&entry.path).exists())
    };
    let known = load(&path, &shown)?;
    if args.write_baseline {
        let mut baseline = known.unwrap_or_default();
        baseline.renew(findings, could_meet);
        write::put(&path, &baseline.render())
            .map_err(|reason| Stop::User(format!("{shown}: cannot be written: {reason}")))?;
        baseline.apply(findings, could_meet);
        if !global.quiet {
            let _ = writeln!(stderr, "{shown}: {}", super::check::plural(baseline.len(), "known finding"));
        }
        return Ok(());
    }
    let baseline = known.ok_or_else(|| {
        Stop::User(format!("{shown}: no such file or directory\n  help: `--write-baseline` writes it"))
    })?;
    let stale = baseline.apply(findings, could_meet);
    if !stale.is_empty() && !global.quiet {
        tell(&stale, &shown, stderr);
    }
    Ok(())
}

/// The baseline, if there is one.
fn load(path: &Path, shown: &str) -> Result<Option<Baseline>, Stop> {
    let bad = |reason: String| Stop::User(format!("{shown}: {reason}"));
    let text = match read::file(path, MAX_SIZE) {
        Ok(text) => text,
        Err(Refusal::System(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(Refusal::Special | Refusal::TooLarge) => return Err(bad("not a baseline".to_owned())),
        Err(refusal) => return Err(bad(refusal.to_string())),
    };
    let help = "restore the file, or remove it and write it anew with `--write-baseline`";
    let text = String::from_utf8(text).map_err(|_| bad(format!("not a baseline\n  help: {help}")))?;
    Baseline::parse(&text).map(Some).map_err(|error| bad(format!("{error}\n  help: {help}")))
}

fn tell(stale: &[&Entry], shown: &str, stderr: &mut dyn Write) {
    let count = super::check::plural(stale.len(), "known finding");
    let _ = writeln!(stderr, "{shown}: {count} no longer there; `--write-baseline` forgets them:");
    for entry in stale.iter().take(TOLD) {
        let _ = writeln!(stderr, "  {}: {}", screen::clean(&entry.path), screen::clean(&entry.rule));
    }
    if stale.len() > TOLD {
        let _ = writeln!(stderr, "  and {} more", stale.len() - TOLD);
    }
}
