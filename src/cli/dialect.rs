//! `dialect list | show | check`: what vendors are spoken, and whether a file of
//! one's own is right.

use std::path::PathBuf;

use clap::Subcommand;

use super::{Exit, Failure, print};
use crate::config::dialects;

#[derive(Subcommand)]
pub(super) enum Dialects {
    /// The built-in dialects, with their calls and slots counted.
    List,
    /// Print a built-in dialect's file: the start of one of your own.
    Show {
        /// As `list` prints it.
        name: String,
    },
    /// Check a dialect file and run its examples.
    Check {
        /// The file.
        file: PathBuf,
    },
}

pub(super) fn run(command: &Dialects) -> Result<(), Failure> {
    match command {
        Dialects::List => list(),
        Dialects::Show { name } => show(name),
        Dialects::Check { file } => check(file),
    }
}

fn list() -> Result<(), Failure> {
    print::line(&format!("{:<12} {:>5} {:>5} {:>8}", "DIALECT", "CALLS", "SLOTS", "EXAMPLES"))?;
    for name in dialects::builtin_names() {
        let text = dialects::builtin_text(name).unwrap_or_default();
        let dialect = dialects::parse_dialect(text, name)?;
        let slots: usize = dialect.exchanges.iter().map(|exchange| exchange.slots.len()).sum();
        let (calls, examples) = (dialect.exchanges.len(), dialect.examples.len());
        print::line(&format!("{name:<12} {calls:>5} {slots:>5} {examples:>8}"))?;
    }
    Ok(())
}

fn show(name: &str) -> Result<(), Failure> {
    match dialects::builtin_text(name) {
        Some(text) => print::bytes(text.as_bytes()),
        None => Err(Failure::new(
            Exit::Usage,
            format!(
                "there is no built-in dialect \"{name}\"; there are: {}",
                dialects::builtin_names().join(", ")
            ),
        )),
    }
}

fn check(file: &PathBuf) -> Result<(), Failure> {
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|fault| Failure::new(Exit::Io, format!("{shown}: cannot be read: {fault}")))?;
    let dialect = dialects::parse_dialect(&text, &shown)?;
    let faults = dialects::check_examples(&dialect);
    if !faults.is_empty() {
        let lines: Vec<String> = faults.iter().map(|fault| format!("{shown}: {fault}")).collect();
        return Err(Failure::new(Exit::Config, lines.join("\n")));
    }
    print::line(&format!(
        "{shown}: ok: dialect \"{}\", {} calls, {} examples hold",
        dialect.name,
        dialect.exchanges.len(),
        dialect.examples.len()
    ))
}
