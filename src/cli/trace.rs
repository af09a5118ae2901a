//! `mixlint trace`.

use std::io::{BufWriter, Read, Write};

use super::args::{self, Global, TraceFormat};
use super::check::{Aim, Run, analyze, judge, style};
use super::fix::{self, Texts};
use super::select::Selection;
use super::{EXIT_ERROR, EXIT_FINDINGS, EXIT_OK, Host, Stop};
use crate::prefilter::Prefilter;
use crate::report::{self, Files, Format};
use crate::source::decode;
use crate::trace::{self, LONGEST};
use crate::{screen, walk};

pub(super) fn trace(args: &args::Trace, global: &Global, host: &mut Host<'_>) -> Result<u8, Stop> {
    let text = message(&args.message, global, host)?;
    let frames = trace::frames(&text);
    let Some(run) = analyze(&args.paths(), Aim::Texts(&frames), global, host)? else { return Ok(EXIT_OK) };
    let Run { failed, output, catalog, config, again, .. } = run;
    let selection = Selection::new(&[], &[], &config)?;
    let mut state = judge(output, &selection, &host.cwd);
    let mut answer = trace::trace(&catalog, &state.output, &text);
    // There may be many, and each edit is tried on all files.
    state.output.judged = Vec::new();
    // An edit is shown only where `check --fix` would keep it.
    let prefilter = Prefilter::new(&catalog);
    let mut once_more = |texts: &Texts| judge(again.once_more(&config, &prefilter, texts), &selection, &host.cwd);
    let found = |suspect: &trace::Suspect| suspect.finding.clone().and_then(|found| Some((found.fix.clone()?, found)));
    let fixes: Vec<_> = answer.suspects.iter().filter_map(found).collect();
    let fixes: Vec<_> = fixes.iter().map(|(fix, finding)| (finding, fix)).collect();
    let mut good = fix::which_repair(&state, &fixes, &host.cwd, &mut once_more).into_iter();
    for finding in answer.suspects.iter_mut().filter_map(|suspect| suspect.finding.as_mut()) {
        finding.fix = finding.fix.take().filter(|_| good.next() == Some(true));
        finding.severity = selection.severity(finding);
    }
    let output = state.output;
    let root = crate::root::project_root(&host.cwd);
    let files = Files { sources: &output.sources, secrets: &output.secrets, cwd: &host.cwd, root: &root };
    let style = style(global, Format::Full, host);
    let mut out = BufWriter::new(&mut *host.stdout);
    report::answer(&mut out, args.output_format == TraceFormat::Json, &files, &catalog, &answer, style)?;
    out.flush()?;
    Ok(match (failed.is_empty(), answer.explained()) {
        (false, _) => EXIT_ERROR,
        (true, true) => EXIT_FINDINGS,
        (true, false) => EXIT_OK,
    })
}

/// The message: standard input, the text of a file of this name, or the argument itself.
fn message(argument: &str, global: &Global, host: &mut Host<'_>) -> Result<String, Stop> {
    let path = host.cwd.join(argument);
    // A message of several lines, or longer than any path, is never the name of a file.
    let is_file = || argument.len() < 4096 && !argument.contains(['\n', '\0']) && path.is_file();
    let (bytes, cut) = if argument == "-" {
        let wrong = |error: std::io::Error| Stop::User(format!("standard input: {}", error.kind()));
        end_of(&mut *host.stdin).map_err(wrong)?
    } else if is_file() {
        let read = std::fs::File::open(&path).and_then(|mut file| end_of(&mut file));
        let shown = screen::path(std::path::Path::new(argument));
        read.map_err(|error| Stop::User(format!("{shown}: {}", walk::reason(&error))))?
    } else {
        return Ok(argument.to_owned());
    };
    if cut && !global.quiet {
        let _ = writeln!(host.stderr, "only the last {} KiB of the message are looked at", LONGEST >> 10);
    }
    Ok(decode(bytes.clone()).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned()))
}

/// The end of what can be read, at most [`LONGEST`] bytes, and whether something before it was left out.
fn end_of(from: &mut dyn Read) -> std::io::Result<(Vec<u8>, bool)> {
    let mut kept = Vec::new();
    let mut cut = false;
    loop {
        let read = from.take(LONGEST as u64).read_to_end(&mut kept)?;
        if kept.len() > LONGEST {
            kept.drain(..kept.len() - LONGEST);
            cut = true;
        }
        if read == 0 {
            return Ok((kept, cut));
        }
    }
}
