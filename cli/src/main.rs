//! The command line of Duractor; everything it does is in the library.

use std::process::ExitCode;

use duractor_cli::terminal::say;

fn main() -> ExitCode {
    match duractor_cli::run(std::env::args_os().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format!("error: {error:#}").trim_end());
            ExitCode::FAILURE
        }
    }
}
