//! The command line program; everything is in the library.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use mixlint::cli::{EXIT_ERROR, Host, run_with, tell_panic};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|info| tell_panic(info, &mut io::stderr())));
    let cwd = match std::env::current_dir() {
        Ok(cwd) => cwd,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: the current directory: {}", error.kind());
            return EXIT_ERROR.into();
        }
    };
    let host = Host {
        stdin: &mut io::stdin(),
        stdout: &mut io::stdout(),
        stderr: &mut io::stderr(),
        cwd,
        terminal: io::stdout().is_terminal(),
        env: &|name| std::env::var_os(name),
    };
    run_with(std::env::args_os(), host, io::stderr().is_terminal()).into()
}
