//! The command line: parses it, finds and reads the files, hands them to the analysis, and reports.
//!
//! Results go to standard output, everything else to standard error. Exit codes, in every format: 0 nothing to
//! report, 1 findings, 2 the tool could not do its job.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches};

use crate::rules::page::pages;

mod args;
mod baseline;
mod check;
mod files;
mod fix;
mod progress;
mod routes;
mod select;
mod trace;
mod write;

use args::{Args, Command};

/// The world around a run.
pub struct Host<'a> {
    /// Standard input.
    pub stdin: &'a mut (dyn Read + Send),
    /// Standard output.
    pub stdout: &'a mut (dyn Write + Send),
    /// Standard error.
    pub stderr: &'a mut (dyn Write + Send),
    /// The working directory, absolute.
    pub cwd: PathBuf,
    /// Whether standard output is a terminal.
    pub terminal: bool,
    /// A variable of the process environment: for colours, never for what is checked.
    pub env: &'a (dyn Fn(&str) -> Option<OsString> + Sync),
}

/// Nothing to report.
pub const EXIT_OK: u8 = 0;
/// There are findings.
pub const EXIT_FINDINGS: u8 = 1;
/// The tool could not do its job.
pub const EXIT_ERROR: u8 = 2;

/// Why a run ends early.
enum Stop {
    /// Somebody else's fault, said in one sentence or some lines.
    User(String),
    /// The result could not be written.
    Output(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<crate::config::ConfigError> for Stop {
    fn from(error: crate::config::ConfigError) -> Self {
        Self::User(error.to_string())
    }
}

/// Says that there was a panic. Its message may quote a scanned file, and is not shown; its place is ours.
pub fn tell_panic(info: &PanicHookInfo<'_>, out: &mut dyn Write) {
    let place = info.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
    let _ = writeln!(out, "error: mixlint panicked{place}");
}

/// Runs the program, and returns its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, host: Host<'_>) -> u8 {
    run_with(args, host, false)
}

/// The same; where standard error is a terminal, a long run says there that it goes on.
pub fn run_with(args: impl IntoIterator<Item = OsString>, mut host: Host<'_>, progress: bool) -> u8 {
    let parsed = Args::command().try_get_matches_from(args).and_then(|matches| Args::from_arg_matches(&matches));
    let mut args = match parsed {
        Ok(args) => args,
        Err(error) => return usage(&error, &mut host),
    };
    args.global.progress = progress && !args.global.quiet && (host.env)("TERM").is_none_or(|term| term != "dumb");
    match safely(|| dispatch(&args, &mut host)) {
        Ok(code) => code,
        // Who reads the output has seen enough: `mixlint check | head`.
        Err(Stop::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => EXIT_OK,
        Err(stop) => {
            let message = match stop {
                Stop::User(message) => message,
                Stop::Output(error) => format!("the result cannot be written: {}", error.kind()),
            };
            // Where this cannot be written either, the exit code says it.
            let _ = writeln!(host.stderr, "error: {message}");
            EXIT_ERROR
        }
    }
}

/// What a panic carries may come from a file; where it was is all that can be said, and the hook says it.
fn safely(work: impl FnOnce() -> Result<u8, Stop>) -> Result<u8, Stop> {
    let failed = |_| Err(Stop::User("mixlint itself failed; please report it".to_owned()));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(failed)
}

/// Help, the version, or what is wrong with the arguments.
fn usage(error: &clap::Error, host: &mut Host<'_>) -> u8 {
    let text = error.render();
    if error.use_stderr() {
        // It repeats the arguments, and one of them may be a key.
        for line in text.to_string().lines() {
            let _ = writeln!(host.stderr, "{}", crate::screen::clean(line));
        }
        return EXIT_ERROR;
    }
    let _ = write!(host.stdout, "{text}").and_then(|()| host.stdout.flush());
    EXIT_OK
}

fn dispatch(args: &Args, host: &mut Host<'_>) -> Result<u8, Stop> {
    let code = match &args.command {
        Command::Check(check) => check::check(check, &args.global, host)?,
        Command::Routes(routes) => routes::routes(routes, &args.global, host)?,
        Command::Trace(message) => trace::trace(message, &args.global, host)?,
        Command::Explain { rule } => {
            let info = pages().iter().find(|info| info.name == *rule);
            let info = info.ok_or_else(|| Stop::User(select::unknown_rule(rule)))?;
            let style = check::style(&args.global, crate::report::Format::Full, host);
            // A terminal gets the page drawn, a pipe the Markdown that it is.
            match (host.terminal || style.color, routes::width(host)) {
                (true, width) => crate::report::page(&mut host.stdout, &info.body, style, width.unwrap_or(80))?,
                (false, _) => writeln!(host.stdout, "{}", info.body.trim_end())?,
            }
            EXIT_OK
        }
        Command::Rules => {
            let width = pages().iter().map(|info| info.name.len()).max().unwrap_or(0);
            for info in pages() {
                writeln!(host.stdout, "{:width$}  {:7}  {}", info.name, info.severity.name(), info.summary)?;
            }
            EXIT_OK
        }
        Command::Completions { shell } => {
            // It panics where it cannot write; memory takes everything.
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "mixlint", &mut script);
            host.stdout.write_all(&script)?;
            EXIT_OK
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Args::command()).render(&mut page)?;
            for name in ["check", "routes"] {
                if let Some(command) = Args::command().find_subcommand(name) {
                    let title = format!("MIXLINT {}", name.to_uppercase());
                    writeln!(page, ".SH \"{title}\"")?;
                    clap_mangen::Man::new(command.clone()).render_options_section(&mut page)?;
                }
            }
            host.stdout.write_all(&page)?;
            EXIT_OK
        }
    };
    host.stdout.flush()?;
    Ok(code)
}
