//! The values that must not come back, and what stands in their place.
//!
//! Built for each call that reveals, so that what an answer without values needs is cheap to build,
//! and the rest waits for one that may hold some. It never prints a value, and cannot be changed
//! once built. The values are not wiped when it is dropped: they are many small allocations, and the
//! payload they came from lives as long.

use super::base64;
use super::builder::Builder;
use super::filter::Filter;
use super::glance::Glance;
use super::joins::Joins;
use super::lot::Lot;
use super::place;
use super::roles::{Role, Roles};
use super::trie::fold;
use super::unit::{UNIT_MAX, introduces};
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// So many glances cost about as much as the filter.
const GLANCES_MAX: u32 = 8;

/// The longest mark, in bytes: a handle has 77.
pub const MARK_MAX: usize = 256;

/// What stands in a value's place.
///
/// In base64, and where digits may be a part of a JSON number, a text would break what is around it:
/// there the value's own bytes are overwritten in place, with `*` (as base64 spells it) and `1`.
/// `Debug` prints its kind.
#[derive(Clone, PartialEq, Eq)]
pub enum Replacement {
    /// A text: a handle, or a fixed mark.
    Mark(Mark),
    /// As many `*` as the value had bytes on the wire, so that the length of the whole stays.
    SameLength,
}

/// A text that needs no escape in JSON, URLs, forms, HTML, cookies or headers. It may be a handle, so
/// `Debug` prints its size.
#[derive(Clone, PartialEq, Eq)]
pub struct Mark(Box<str>);

/// A text that is no [`Mark`]: empty, longer than [`MARK_MAX`], or with a character outside
/// `A-Z a-z 0-9 _ . [ ] -`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkFault;

/// The values, ready to be looked for.
pub struct Needles {
    pub(super) anywhere: Lot,
    pub(super) whole: Lot,
    filter: OnceLock<Filter>,
    joins: OnceLock<Joins>,
    /// How many texts were glanced at.
    glances: AtomicU32,
    replacements: Vec<Replacement>,
}

impl Mark {
    /// Checks the text's alphabet and length.
    ///
    /// # Errors
    /// [`MarkFault`], whatever was wrong.
    pub fn new(text: &str) -> Result<Self, MarkFault> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.[]-".contains(&byte);
        let good = (1..=MARK_MAX).contains(&text.len()) && text.bytes().all(fits);
        if good { Ok(Self(text.into())) } else { Err(MarkFault) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What stands side by side in the values; in a whole JSON value, its quotes too.
fn joins(anywhere: &Lot, whole: &Lot) -> Joins {
    let mut joins = Joins::new();
    for pattern in anywhere.patterns() {
        joins.add(pattern.exact().iter().copied());
    }
    for pattern in whole.patterns() {
        let exact = pattern.exact().iter().copied();
        joins.add(std::iter::once(b'"').chain(exact).chain([b'"']));
    }
    joins
}

impl Needles {
    /// Nothing yet.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Of what is sought everywhere, what as whole JSON values alone, and what takes their place.
    pub(super) fn of(anywhere: Lot, whole: Lot, replacements: Vec<Replacement>) -> Self {
        let (filter, joins, glances) = (OnceLock::new(), OnceLock::new(), AtomicU32::new(0));
        Self { anywhere, whole, filter, joins, glances, replacements }
    }

    /// Whether there is nothing to look for; then an answer costs nothing.
    pub fn is_empty(&self) -> bool {
        self.anywhere.is_empty() && self.whole.is_empty()
    }

    /// Whether there are values that are looked for as whole JSON values alone.
    pub fn has_short(&self) -> bool {
        !self.whole.is_empty()
    }

    /// How many different values there are.
    pub fn len(&self) -> usize {
        let count = |lot: &Lot| lot.trie().patterns().len();
        count(&self.anywhere) + count(&self.whole)
    }

    /// The most bytes that a redactor may hold back: every byte of the longest value in its longest
    /// spelling, one more of them, and what a place in JSON is judged by.
    pub fn held_max(&self) -> usize {
        let patterns = self.anywhere.patterns().iter().chain(self.whole.patterns());
        let longest = patterns.map(|pattern| pattern.exact().len()).max();
        longest.map_or(0, |longest| (longest + 1) * UNIT_MAX + place::CONTEXT)
    }

    /// What a byte can be the beginning or the inside of.
    pub(super) fn roles(&self, byte: u8) -> Roles {
        let (escape, folded) = (introduces(byte), fold(byte));
        let (anywhere, whole) = (&self.anywhere, &self.whole);
        let base64 = escape || base64::value(byte).is_some();
        Roles {
            text: Role::of(!anywhere.is_empty() && (escape || anywhere.begins(folded))),
            base64: Role::of(!anywhere.is_empty() && base64),
            whole: Role::of(!whole.is_empty() && (byte == b'"' || whole.begins(folded))),
        }
    }

    /// Whether none of the texts, each of them whole, holds a value. Asked of a few short ones it costs
    /// less than searching; where it is not sure, and from the ninth time on, it says that one may.
    pub fn are_absent<'t>(&self, texts: impl Iterator<Item = &'t [u8]>) -> bool {
        if self.filter.get().is_some() || self.glances.fetch_add(1, Relaxed) >= GLANCES_MAX {
            return false;
        }
        let Some(glance) = Glance::of(texts) else { return false };
        glance.lacks_anywhere(&self.anywhere) && glance.lacks_whole(&self.whole)
    }

    /// Rules out most of a text; made by whoever asks first.
    pub(super) fn filter(&self) -> &Filter {
        self.filter.get_or_init(|| Filter::new(self.anywhere.patterns(), self.whole.patterns()))
    }

    /// Whether some text had to be searched so far.
    #[cfg(test)]
    pub(super) fn has_filter(&self) -> bool {
        self.filter.get().is_some()
    }

    /// What stands side by side in the values: asked where an escape is met.
    pub(super) fn joins(&self) -> &Joins {
        self.joins.get_or_init(|| joins(&self.anywhere, &self.whole))
    }

    pub(super) fn replacement(&self, index: usize) -> &Replacement {
        self.replacements.get(index).unwrap_or(&Replacement::SameLength)
    }
}

impl fmt::Debug for Replacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mark(mark) => mark.fmt(f),
            Self::SameLength => f.write_str("SameLength"),
        }
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mark({} bytes)", self.0.len())
    }
}

impl fmt::Debug for Needles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Needles")
            .field("anywhere", &self.anywhere.patterns().len())
            .field("whole", &self.whole.patterns().len())
            .finish()
    }
}
