//! Collects values and the other forms that they may have, and decides how each is sought.
//!
//! It runs once for each call that reveals, before anybody knows whether an answer holds a value:
//! what can wait is not done here. It never prints a value.

use super::forms::{forms, has_forms};
use super::lot::Lot;
use super::needles::{Needles, Replacement};
use super::pattern::Pattern;
use super::place;
use std::fmt;

/// Which values are too short to be sought everywhere. The words `true`, `false` and `null` are sought
/// as whole JSON strings only, whatever this says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortness {
    /// Values of fewer bytes are sought as whole JSON values only: in a text, so short a one stands by
    /// chance. At least [`SHORT_VALUE_LEAST`].
    pub value: usize,
    /// Numbers of fewer bytes are sought as whole JSON strings only: a bare one is left alone, as it may
    /// be a count or a code. 0 and 1 leave none.
    pub number: usize,
}

/// The least that [`Shortness::value`] can be brought to: two bytes occur in base64 by chance.
pub const SHORT_VALUE_LEAST: usize = 3;

impl Default for Shortness {
    fn default() -> Self {
        Self { value: 4, number: 4 }
    }
}

/// The sum of all values as they are added, in bytes. The tree takes some 30 times as much memory.
pub const TOTAL_MAX: usize = 1 << 20;

/// Collects values.
#[derive(Default)]
pub struct Builder {
    values: Vec<(Box<[u8]>, usize)>,
    /// Bytes of what was added, without its other forms.
    added: usize,
    replacements: Vec<Replacement>,
    short: Shortness,
}

/// A replacement, as its builder counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instead(usize);

/// The values are longer than [`TOTAL_MAX`] in sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMuch;

impl Builder {
    /// Which values are too short to be sought everywhere.
    #[must_use]
    pub fn short(mut self, short: Shortness) -> Self {
        self.short = short;
        self
    }

    /// Adds a value, and the other forms that it may have. An empty one is ignored; of two that are
    /// equal the first counts.
    #[must_use]
    pub fn add(mut self, value: &str, replacement: Replacement) -> Self {
        let instead = self.instead(replacement);
        self.put(value, instead);
        self
    }

    /// What stands in the place of values that are [put](Self::put) with it.
    pub fn instead(&mut self, replacement: Replacement) -> Instead {
        let known = self.replacements.iter().position(|known| *known == replacement);
        Instead(known.unwrap_or_else(|| {
            self.replacements.push(replacement);
            self.replacements.len() - 1
        }))
    }

    /// As [`add`](Self::add), for many values with one replacement of this builder.
    pub fn put(&mut self, value: &str, Instead(index): Instead) {
        if value.is_empty() {
            return;
        }
        self.added += value.len();
        self.values.push((value.as_bytes().into(), index));
        if has_forms(value) {
            self.values.extend(forms(value).map(|form| (form, index)));
        }
    }

    /// The values, ready to be looked for.
    ///
    /// # Errors
    /// [`TooMuch`] where they are too long in sum.
    pub fn build(self) -> Result<Needles, TooMuch> {
        if self.added > TOTAL_MAX {
            return Err(TooMuch);
        }
        let (mut anywhere, mut whole) = (Lot::default(), Lot::default());
        for (value, replacement) in self.values {
            let pattern = Pattern::new(value, replacement);
            // As parts of a text, the words for truth would be found everywhere.
            let quoted = pattern.is_number() && pattern.exact().len() < self.short.number
                || place::is_literal(pattern.exact());
            if quoted {
                whole.add(pattern.in_quotes_alone());
            } else if pattern.exact().len() < self.short.value.max(SHORT_VALUE_LEAST) {
                whole.add(pattern);
            } else {
                anywhere.add(pattern);
            }
        }
        Ok(Needles::of(anywhere, whole, self.replacements))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("values", &self.values.len()).finish_non_exhaustive()
    }
}
