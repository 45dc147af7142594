//! `audit verify`: the first line that is wrong, or that none is.
//!
//! Reads only, and says nothing of what the lines say.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::exit::readable;
use super::{Exit, Failure, print};
use crate::config;
use crate::vault::audit::chain::LINE_MAX;
use crate::vault::audit::verify::{Verifier, Wrong};

#[derive(Subcommand)]
pub(super) enum Audits {
    /// Check that no line was changed, removed, moved or added.
    ///
    /// Without a configuration the hashes are checked, which shows damage and clumsy
    /// hands. With one the marks are too, which only the proxy's keys can make. An end
    /// that was cut off shows only by --head: a hash, or the beginning of one, that was
    /// seen elsewhere (the log, at a file's beginning and the process's end).
    Verify {
        /// The files of one audit, the oldest first.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The configuration with the keys that the lines were marked with.
        #[arg(short, long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// At least the first 12 hexadecimal digits of the hash of a line that must be there.
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
}

pub(super) fn run(audits: Audits) -> Result<(), Failure> {
    let Audits::Verify { files, config, head } = audits;
    if head.as_ref().is_some_and(|head| head.len() < 12) {
        let line = "--head needs at least 12 hexadecimal digits";
        return Err(Failure::new(Exit::Usage, line));
    }
    let keys = match &config {
        Some(file) => {
            readable(file)?;
            Some(config::load(file, 1)?.keyring.audit_keys())
        }
        None => None,
    };
    let checked =
        if keys.is_some() { "hashes and marks" } else { "hashes; give -c to check marks" };
    let mut verifier = Verifier::new(keys).expect(head);
    for file in &files {
        read(file, &mut verifier)?;
    }
    let end = verifier.end().map_err(|wrong| {
        let last = files.last().map(|file| file.display().to_string()).unwrap_or_default();
        Failure::new(Exit::Data, format!("{last}: {wrong}"))
    })?;
    let before = match end.first {
        0 | 1 => String::new(),
        first => format!(" (not 1: what came before is not in these files, {} lines)", first - 1),
    };
    print::line(&format!(
        "ok: {} lines ({checked}); the first is number {}{before}, the last is number {} with hash {}",
        end.lines,
        end.first,
        end.head.seq,
        end.head.hex()
    ))
}

fn read(file: &Path, verifier: &mut Verifier) -> Result<(), Failure> {
    readable(file)?;
    let mut text = BufReader::new(File::open(file)?);
    let mut line = Vec::new();
    let most = u64::try_from(LINE_MAX).unwrap_or(u64::MAX);
    for number in 1_u64.. {
        line.clear();
        // A longer one is none, and is not read into memory.
        if text.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        verifier.line(&line).map_err(|wrong| said(file, number, &wrong))?;
    }
    Ok(())
}

fn said(file: &Path, number: u64, wrong: &Wrong) -> Failure {
    Failure::new(Exit::Data, format!("{}:{number}: {wrong}", file.display()))
}
