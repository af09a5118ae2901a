//! The arguments. Parsing does nothing but parse.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Finds API keys that a program would send to the wrong provider.
#[derive(Debug, Parser)]
#[command(name = "mixlint", version, arg_required_else_help = true, disable_help_subcommand = true)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) global: Global,
}

#[derive(Debug, clap::Args)]
pub(super) struct Global {
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: Color,
    /// Say more: which configuration is used, which files are skipped and why
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Say nothing but the results
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Whether to say on standard error, which is a terminal, that a run goes on.
    #[arg(skip)]
    pub(super) progress: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Lint files and directories
    Check(Check),
    /// List every client with the key and the endpoint that it may use
    Routes(Routes),
    /// Explain an error message: whose key is it, where does it come from, which client sends it where
    ///
    /// Exit codes: 1 if a wrong route explains the message, 0 if none does, 2 if something could not be read.
    Trace(Trace),
    /// Print the page of a rule
    Explain {
        /// Its name
        rule: String,
    },
    /// List the rules
    Rules,
    /// Write the completions of a shell
    #[command(hide = true)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the man page
    #[command(hide = true)]
    Man,
}

/// How files are read, whatever is asked about them.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Reading {
    /// Use this configuration, not the nearest one
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub(super) config: Option<PathBuf>,
    /// Use no configuration
    #[arg(long)]
    pub(super) no_config: bool,
    /// Leave out files that match a glob, as in a .gitignore in the current directory
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,
    /// Read the blocks of code in Markdown files, too; a file that is given is always read
    #[arg(long)]
    pub(super) include_docs: bool,
    /// Heed neither .gitignore nor .ignore
    #[arg(long)]
    pub(super) no_ignore: bool,
    /// How many threads to use; 0: as many as there are processors
    #[arg(short = 'j', long = "jobs", value_name = "N", default_value_t = 0)]
    pub(super) jobs: usize,
    /// Parse every file
    #[arg(long, hide = true)]
    pub(super) no_prefilter: bool,
    /// Parse only what may be about a finding, as in a large project
    #[arg(long, hide = true, conflicts_with = "no_prefilter")]
    pub(super) narrow: bool,
}

impl Reading {
    /// How many threads to use. Where more are asked for than any machine has a use for, they would only take its memory.
    pub(super) fn threads(&self) -> usize {
        const MOST: usize = 256;
        self.jobs.min(MOST)
    }
}

/// What to read. The same for `check` and `routes`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Paths {
    /// Files and directories; '-' reads standard input [default: the current directory]
    #[arg(value_name = "PATHS")]
    pub(super) paths: Vec<PathBuf>,
    /// Name of the file that standard input holds: decides its language and where its project is
    #[arg(long, value_name = "PATH")]
    pub(super) stdin_filename: Option<PathBuf>,
    /// Read more paths from a file, or from standard input for '-': one a line, or separated by NUL
    #[arg(long, value_name = "FILE")]
    pub(super) files_from: Option<PathBuf>,
    #[command(flatten)]
    pub(super) reading: Reading,
    /// Leave out excluded files even if they are given
    #[arg(long)]
    pub(super) force_exclude: bool,
    /// Print the files that would be checked, and stop
    #[arg(long)]
    pub(super) show_files: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) paths: Paths,
    /// How to show findings
    #[arg(long, value_name = "FORMAT", default_value = "full")]
    pub(super) output_format: CheckFormat,
    /// Run these rules only
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) select: Vec<String>,
    /// Do not run these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) ignore: Vec<String>,
    /// Leave out the findings that this file has; its default is the configuration's `baseline`
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// Write what is found to the baseline [default: mixlint-baseline.json], and do not report it
    #[arg(long)]
    pub(super) write_baseline: bool,
    /// The least severe finding that makes the exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    pub(super) fail_on: FailOn,
    /// Repair what can be repaired, and report what is left
    #[arg(long)]
    pub(super) fix: bool,
    /// Count repairs of what others may share: a value in another file, a dotenv file
    #[arg(long)]
    pub(super) unsafe_fixes: bool,
    /// Show what --fix would change, and change nothing
    #[arg(long)]
    pub(super) diff: bool,
    /// Count the findings of each rule
    #[arg(long)]
    pub(super) statistics: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Routes {
    #[command(flatten)]
    pub(super) paths: Paths,
    /// How to show routes
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) output_format: RoutesFormat,
    /// Only routes of a provider's keys or to its endpoints; may be given more than once
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(super) provider: Vec<String>,
    /// Only routes whose key has a name that matches a glob, in any case
    #[arg(long, value_name = "GLOB")]
    pub(super) key: Vec<String>,
    /// Only routes of clients in files that match a glob, as in a .gitignore in the current directory
    #[arg(long, value_name = "GLOB")]
    pub(super) path: Vec<String>,
    /// Only routes that are so
    #[arg(long, value_name = "VERDICT", value_delimiter = ',')]
    pub(super) verdict: Vec<RouteVerdict>,
    /// Print, as Markdown, what changed since an earlier `--output-format json`
    #[arg(long, value_name = "FILE", conflicts_with = "output_format")]
    pub(super) diff_base: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum RouteVerdict {
    /// Key and endpoint belong together
    Match,
    /// They do not
    Mismatch,
    /// Not known
    Unknown,
}

#[derive(Debug, clap::Args)]
pub(super) struct Trace {
    /// The error, log line, JSON body or stack trace; the name of a file that holds it; or '-' for standard input
    #[arg(value_name = "TEXT|FILE|-", allow_hyphen_values = true)]
    pub(super) message: String,
    /// Where the project is; may be given more than once [default: the current directory]
    #[arg(short, long = "path", value_name = "PATH")]
    pub(super) path: Vec<PathBuf>,
    /// How to show the answer
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) output_format: TraceFormat,
    #[command(flatten)]
    pub(super) reading: Reading,
}

impl Trace {
    /// What to read of the project.
    pub(super) fn paths(&self) -> Paths {
        Paths { paths: self.path.clone(), reading: self.reading.clone(), ..Paths::default() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TraceFormat {
    /// For people
    Text,
    /// One JSON object
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// The code, with labels and help
    Full,
    /// path:line:column: severity[rule] message
    Concise,
    /// Annotations of GitHub Actions
    Github,
    /// GitLab's Code Quality report
    Gitlab,
    /// SARIF 2.1.0
    Sarif,
    /// One JSON object
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum RoutesFormat {
    /// A table, as wide as the terminal
    #[value(alias = "full")]
    Text,
    /// One JSON object
    Json,
    /// A flowchart for Markdown
    Mermaid,
    /// A graph for Graphviz
    Dot,
    /// One page without scripts
    Html,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Error,
    Warning,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}
