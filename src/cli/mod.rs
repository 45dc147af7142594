//! The command line: words in, an exit code out.
//!
//! Every failure is one line on standard error that says what, where and what to
//! do. No command prints a payload, a secret or a key but `keygen`, which exists
//! to.

mod audit;
mod check;
pub mod demo;
mod dialect;
mod exit;
mod explain;
mod handle;
mod keygen;
mod print;
mod serve;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand};

pub use self::exit::{Exit, Failure};

/// Keep personal data out of the browser's side of a vendor's web chat.
///
/// A trusted back end hands a customer's data to the control plane and gets a
/// handle; the browser carries the handle; the data plane, in front of the
/// vendor's chat API, puts the data in its place on the way upstream.
#[derive(Parser)]
#[command(name = "cloakroom", version, max_term_width = 100, after_help = FIRST_STEPS)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const FIRST_STEPS: &str = "\
First steps:
  cloakroom demo                                 see it work, nothing else needed
  export CLOAKROOM_KEY=\"$(cloakroom keygen)\"     a key of your own
  cloakroom check -c conf/minimal.toml           every mistake of a file, with its line
  cloakroom serve -c conf/minimal.toml

Exit codes: 0 ok, 64 wrong usage, 65 a broken audit, 69 a needed service is not there, 74 input/output, 78 configuration.";

#[derive(Subcommand)]
enum Command {
    /// Run both planes.
    ///
    /// SIGTERM and SIGINT stop gracefully, SIGHUP takes the configuration anew,
    /// SIGQUIT hands the listeners to a process that was started with --upgrade
    /// before; without one, it ends this process.
    Serve {
        /// The configuration file.
        #[arg(short, long, value_name = "FILE")]
        config: PathBuf,
        /// Take the listeners over from a running process, then send it SIGQUIT.
        #[arg(long)]
        upgrade: bool,
    },
    /// Print every mistake of a configuration with its file, line and key.
    Check {
        /// The configuration file.
        #[arg(short, long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Run a sample vendor, a sample shop and the proxy; prints what to open and curl.
    Demo {
        /// Where the proxy listens; the control plane, the shop's page and the
        /// vendor take the three ports above it.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
    },
    /// Print a new key file: 32 random bytes, base64.
    Keygen,
    /// List, print or check dialects: how a vendor's chat carries handles.
    #[command(subcommand)]
    Dialect(dialect::Dialects),
    /// Say what the proxy would make of one raw HTTP request on standard input.
    ///
    /// Tenant, exchange, slots, and what would be put in each. Nothing is redeemed
    /// or sent, and no value of the request is shown.
    Explain {
        /// The configuration file.
        #[arg(short, long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Issue, inspect or revoke handles at a running control plane.
    #[command(subcommand)]
    Handle(handle::Handles),
    /// Check an audit: who reads it can then rely on it.
    #[command(subcommand)]
    Audit(audit::Audits),
    /// Print the control plane's OpenAPI description.
    Openapi,
    /// Print a JSON Schema of the configuration file, for editors.
    Schema,
    /// Print a completion script for a shell.
    Completions {
        /// bash, zsh, fish, elvish or powershell.
        shell: clap_complete::Shell,
    },
}

/// Runs the program with the process's own arguments.
#[must_use]
pub fn main() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => {
            // To standard output for --help and --version, else to standard error.
            let _ = usage.print();
            return if usage.use_stderr() { Exit::Usage } else { Exit::Ok };
        }
    };
    match run(arguments.command) {
        Ok(()) => Exit::Ok,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve { config, upgrade } => serve::serve(&config, upgrade),
        Command::Check { config } => check::check(&config),
        Command::Demo { listen } => demo::demo(listen),
        Command::Keygen => keygen::keygen(),
        Command::Dialect(dialects) => dialect::run(&dialects),
        Command::Handle(handles) => handle::run(handles),
        Command::Explain { config } => explain::explain(&config),
        Command::Audit(audits) => audit::run(audits),
        Command::Openapi => print::json(&crate::admin::openapi()),
        Command::Schema => print::json(&crate::config::schema()),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "cloakroom", &mut script);
            print::bytes(&script)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
