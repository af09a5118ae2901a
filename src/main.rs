//! The command line program; everything is in the library.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use mixlint::analysis::Output;
use mixlint::cli::{Core, EXIT_ERROR, Host, RuleInfo, run};
use mixlint::finding::Severity::{self, Error, Warning};

/// Stands in for `rules/` until its pages are read.
const RULES: [(&str, Severity); 15] = [
    ("mixroute-key-at-openai", Error),
    ("mixroute-key-without-base-url", Error),
    ("openai-key-at-mixroute", Error),
    ("foreign-key", Error),
    ("key-at-two-providers", Warning),
    ("ignored-base-url", Error),
    ("empty-base-url", Warning),
    ("late-base-url", Warning),
    ("base-url-path", Warning),
    ("misspelled-host", Error),
    ("insecure-base-url", Warning),
    ("malformed-key", Warning),
    ("conflicting-config", Warning),
    ("tracing-at-openai", Warning),
    ("unused-ignore", Warning),
];

fn main() -> ExitCode {
    // A panic's message may quote a scanned file; its place is ours.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        let _ = writeln!(io::stderr(), "error: mixlint panicked{place}");
    }));
    let cwd = match std::env::current_dir() {
        Ok(cwd) => cwd,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: the current directory: {}", error.kind());
            return EXIT_ERROR.into();
        }
    };
    let rules = RULES.map(|(name, severity)| RuleInfo { name, severity, summary: String::new(), body: name.into() });
    let core = Core { analyze: &|_| Output::default(), rules: &rules, providers: &[] };
    let host = Host {
        stdin: &mut io::stdin(),
        stdout: &mut io::stdout(),
        stderr: &mut io::stderr(),
        cwd,
        terminal: io::stdout().is_terminal(),
        env: &|name| std::env::var_os(name),
    };
    run(std::env::args_os(), host, &core).into()
}
