//! Checks an audit line by line and stops at the first that is wrong.
//!
//! Without keys it proves that the file is what some writer left, up to whoever could
//! write it anew as a whole; with the keys, that a holder of them wrote every line. Lines
//! that were cut off the end leave no trace inside: compare the end with one that was
//! seen elsewhere ([`Verifier::expect`]).

use std::fmt;

use super::chain::{Flaw, Link, read};
use crate::domain::{AuditKey, KeyId};

/// A check under way.
#[derive(Debug)]
pub struct Verifier {
    keys: Option<Vec<AuditKey>>,
    expected: Option<String>,
    at: Option<Link>,
    first: u64,
    lines: u64,
}

/// What is known of a file without a wrong line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// Lines.
    pub lines: u64,
    /// The number of the first: 1, or something came before that was not given.
    pub first: u64,
    /// Its end.
    pub head: Link,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// It is no line, or does not fit itself.
    Flaw(Flaw),
    /// It has no line feed: half of it, or its end, is gone.
    CutShort,
    /// The first line is not the one that begins a file.
    HeadGone,
    /// Lines between the one before and this one are gone.
    Removed {
        /// The number that should stand here.
        expected: u64,
        /// The one that does.
        found: u64,
    },
    /// It has a number that has passed: moved, or a copy.
    Reordered {
        /// The number that should stand here.
        expected: u64,
        /// The one that does.
        found: u64,
    },
    /// It has the right number and continues another line.
    Inserted,
    /// No holder of the key wrote it.
    Forged(KeyId),
    /// The configuration has no such key.
    KeyUnknown(KeyId),
    /// The file ends before the line that was expected in it.
    Short,
    /// There is nothing in it.
    Empty,
}

impl Verifier {
    /// Checks hashes, and with `keys` marks too.
    #[must_use]
    pub fn new(keys: Option<Vec<AuditKey>>) -> Self {
        Self { keys, expected: None, at: None, first: 0, lines: 0 }
    }

    /// Demands a line whose hash begins so: one that was seen elsewhere (a log line, a
    /// metric), so that an end that was cut off shows.
    #[must_use]
    pub fn expect(self, hash: Option<String>) -> Self {
        Self { expected: hash, ..self }
    }

    /// Takes the next line, with its line feed. Of several files, one after the other,
    /// the lines are given as if they were one.
    ///
    /// # Errors
    /// [`Wrong`], when this is the first line that is.
    pub fn line(&mut self, line: &[u8]) -> Result<(), Wrong> {
        let line = line.strip_suffix(b"\n").ok_or(Wrong::CutShort)?;
        let whole = read(line).map_err(Wrong::Flaw)?;
        match self.at {
            None if !whole.opens => return Err(Wrong::HeadGone),
            None => {}
            Some(last) => follows(&last, whole.link.seq, &whole.prev)?,
        }
        if let Some(keys) = &self.keys {
            let key = keys.iter().find(|key| key.id() == whole.key);
            let key = key.ok_or(Wrong::KeyUnknown(whole.key))?;
            if !key.fits(whole.marked, &whole.mac) {
                return Err(Wrong::Forged(whole.key));
            }
        }
        if self.expected.as_ref().is_some_and(|hash| whole.link.hex().starts_with(hash)) {
            self.expected = None;
        }
        if self.at.is_none() {
            self.first = whole.link.seq;
        }
        self.at = Some(whole.link);
        self.lines += 1;
        Ok(())
    }

    /// The end of the last file.
    ///
    /// # Errors
    /// [`Wrong::Empty`], and [`Wrong::Short`] when an expected line did not come.
    pub fn end(self) -> Result<Checked, Wrong> {
        let head = self.at.ok_or(Wrong::Empty)?;
        if self.expected.is_some() {
            return Err(Wrong::Short);
        }
        Ok(Checked { lines: self.lines, first: self.first, head })
    }
}

fn follows(last: &Link, found: u64, prev: &[u8; 32]) -> Result<(), Wrong> {
    let expected = last.seq.saturating_add(1);
    if found > expected {
        return Err(Wrong::Removed { expected, found });
    }
    if found < expected {
        return Err(Wrong::Reordered { expected, found });
    }
    if *prev != last.hash { Err(Wrong::Inserted) } else { Ok(()) }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flaw(flaw) => flaw.fmt(f),
            Self::CutShort => f.write_str("it is cut short: it has no line end"),
            Self::HeadGone => {
                f.write_str("removed: the file does not begin with its first line (event \"open\")")
            }
            Self::Removed { expected, found } => {
                write!(f, "removed: number {expected} should stand here, and {found} does")
            }
            Self::Reordered { expected, found } => {
                write!(
                    f,
                    "reordered or repeated: number {expected} should stand here, and {found} does"
                )
            }
            Self::Inserted => {
                f.write_str("inserted, or the line before was replaced: it continues another line")
            }
            Self::Forged(key) => write!(f, "forged: no holder of key {key} wrote it"),
            Self::KeyUnknown(key) => {
                write!(f, "not checked: key {key} is not in the configuration's keyring")
            }
            Self::Short => f.write_str("removed: the line that --head names is not in it"),
            Self::Empty => f.write_str("there is nothing in it"),
        }
    }
}

#[cfg(test)]
mod tests;
