//! A value as it is looked for.
//!
//! It knows what it is by itself; how and where it may be spelt is for others. It never prints it.

use super::place;

/// A value as it is looked for.
#[derive(Clone)]
pub(super) struct Pattern {
    /// Its bytes, with a space for every `+`.
    exact: Box<[u8]>,
    letters: Letters,
    bareness: Bareness,
    /// What to put in its place, as the builder counted them.
    pub(super) replacement: usize,
    /// The next pattern of the same folded text.
    pub(super) next: Option<usize>,
}

/// Whether letter case counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    /// Only as given.
    AsGiven,
    /// Any mixture (ASCII letters).
    AnyCase,
}

/// What becomes of a whole JSON value without quotes that is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bareness {
    /// It is found: a number.
    Found,
    /// It is left alone: a count or a code, or no number at all.
    Left,
}

impl Pattern {
    /// Of bytes that are not empty.
    pub(super) fn new(mut value: Box<[u8]>, replacement: usize) -> Self {
        if memchr::memchr(b'+', &value).is_some() {
            value.iter_mut().filter(|byte| **byte == b'+').for_each(|byte| *byte = b' ');
        }
        // E-mail addresses are the same in any letter case.
        let addressed = memchr::memchr_iter(b'@', &value).take(2).count() == 1;
        let letters = if addressed { Letters::AnyCase } else { Letters::AsGiven };
        let bareness = if is_number(&value) { Bareness::Found } else { Bareness::Left };
        Self { exact: value, letters, bareness, replacement, next: None }
    }

    /// As it is, but not found without quotes.
    pub(super) fn in_quotes_alone(self) -> Self {
        Self { bareness: Bareness::Left, ..self }
    }

    /// As it is, with the next one of the same folded text.
    pub(super) fn before(self, next: Option<usize>) -> Self {
        Self { next, ..self }
    }

    /// Its bytes, with a space for every `+`.
    pub(super) fn exact(&self) -> &[u8] {
        &self.exact
    }

    pub(super) fn letters(&self) -> Letters {
        self.letters
    }

    pub(super) fn bareness(&self) -> Bareness {
        self.bareness
    }

    /// Whether it could be a JSON number, or the inside of one.
    pub(super) fn is_number(&self) -> bool {
        is_number(&self.exact)
    }

    /// Whether text that was read with the same folded bytes is this value.
    pub(super) fn is(&self, read: impl Iterator<Item = u8>) -> bool {
        let plain = |byte: u8| if byte == b'+' { b' ' } else { byte };
        self.letters == Letters::AnyCase || self.exact.iter().copied().eq(read.map(plain))
    }
}

fn is_number(exact: &[u8]) -> bool {
    exact.iter().all(|byte| place::in_number(*byte) || *byte == b' ')
        && exact.iter().any(u8::is_ascii_digit)
}
