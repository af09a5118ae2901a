//! The command line: parses it, finds and reads the files, hands them to the analysis, and reports.
//!
//! Results go to standard output, everything else to standard error. Exit codes, in every format: 0 nothing to
//! report, 1 findings, 2 the tool could not do its job.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches};

use crate::analysis::{Input, Output};
use crate::finding::Severity;

mod args;
mod check;
mod files;
mod select;

use args::{Args, Command};

/// What a rule is to its users. The texts come from `rules/`.
#[derive(Clone, Debug)]
pub struct RuleInfo {
    /// Its name.
    pub name: &'static str,
    /// How bad its findings are.
    pub severity: Severity,
    /// One line.
    pub summary: String,
    /// The page, in Markdown.
    pub body: String,
}

/// The parts of the program that the command line puts together.
pub struct Core<'a> {
    /// The analysis.
    pub analyze: &'a (dyn Fn(&Input) -> Output + Sync),
    /// All rules, in the order in which they are listed.
    pub rules: &'a [RuleInfo],
    /// Identifiers of the providers in the catalogue; empty: `[keys]` in a configuration is not checked.
    pub providers: &'a [&'a str],
}

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

/// Runs the program, and returns its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, mut host: Host<'_>, core: &Core<'_>) -> u8 {
    let parsed = Args::command().try_get_matches_from(args).and_then(|matches| Args::from_arg_matches(&matches));
    let args = match parsed {
        Ok(args) => args,
        Err(error) => return usage(&error, &mut host),
    };
    match dispatch(&args, &mut host, core) {
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

/// Help, the version, or what is wrong with the arguments.
fn usage(error: &clap::Error, host: &mut Host<'_>) -> u8 {
    let text = error.render();
    if error.use_stderr() {
        let _ = write!(host.stderr, "{text}");
        return EXIT_ERROR;
    }
    let _ = write!(host.stdout, "{text}").and_then(|()| host.stdout.flush());
    EXIT_OK
}

fn dispatch(args: &Args, host: &mut Host<'_>, core: &Core<'_>) -> Result<u8, Stop> {
    let code = match &args.command {
        Command::Check(check) => check::check(check, &args.global, host, core)?,
        Command::Routes(routes) => check::routes(routes, &args.global, host, core)?,
        Command::Explain { rule } => {
            let info = core.rules.iter().find(|info| info.name == rule);
            let info = info.ok_or_else(|| Stop::User(select::unknown_rule(rule, core.rules)))?;
            writeln!(host.stdout, "{}", info.body.trim_end())?;
            EXIT_OK
        }
        Command::Rules => {
            let width = core.rules.iter().map(|info| info.name.len()).max().unwrap_or(0);
            for info in core.rules {
                writeln!(host.stdout, "{:width$}  {:7}  {}", info.name, info.severity.name(), info.summary)?;
            }
            EXIT_OK
        }
    };
    host.stdout.flush()?;
    Ok(code)
}
