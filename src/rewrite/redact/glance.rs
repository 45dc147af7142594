//! Rules out a short text at less than what [`Filter`](super::filter::Filter) costs to make.
//!
//! The filter is a table of the values, by which a text is looked through. Here it is the other way
//! round: a table of the text, by which the values are looked through, each until one of its runs is
//! missing. It says that no value is there, or that it does not know; it never finds one, and
//! knows nothing of a text with escapes or with more to come.

use super::base64;
use super::lot::Lot;
use super::pattern::{Letters, Pattern};
use super::runs::{Choices, character, raw, whole};
use super::unit::first_introducer;

/// Bytes of a text, all its parts together. In more of them runs are met by chance too often.
const TEXT_MAX: usize = 1 << 10;

/// Words of the table: 2 KiB in all.
const WORDS: usize = 256;

/// Bits of a place in the table.
const BITS: u32 = (64 * WORDS).ilog2();

/// Bytes of a run: as many as the shortest value has that is sought anywhere.
const WIDTH: usize = 3;

/// The runs of one text or of several, letter case folded away.
pub(super) struct Glance {
    runs: [u64; WORDS],
}

impl Glance {
    /// Of texts none of which goes on in another; `None` where they are too long, or an escape stands in one.
    pub(super) fn of<'t>(texts: impl Iterator<Item = &'t [u8]>) -> Option<Self> {
        let (mut glance, mut left) = (Self { runs: [0; WORDS] }, TEXT_MAX);
        for text in texts {
            left = left.checked_sub(text.len())?;
            glance.take(text)?;
        }
        Some(glance)
    }

    /// Takes the runs of a text, as it stands between two commas: a bare JSON value may be all of it.
    fn take(&mut self, text: &[u8]) -> Option<()> {
        if first_introducer(text).is_some() {
            return None;
        }
        let next = |run: u32, byte: u8| run >> 8 | u32::from(byte | 0x20) << 16;
        let mut bytes = text.iter().chain(b",");
        let first = bytes.next().copied().unwrap_or_default();
        bytes.fold(next(next(0, b','), first), |run, byte| {
            let run = next(run, *byte);
            let slot = slot(run);
            if let Some(word) = self.runs.get_mut(slot >> 6) {
                *word |= 1 << (slot & 63);
            }
            run
        });
        Some(())
    }

    /// Whether none of these values is in the texts, neither as it is nor in base64.
    pub(super) fn lacks_anywhere(&self, lot: &Lot) -> bool {
        lot.patterns().iter().all(|pattern| !self.may_hold(pattern))
    }

    /// Whether none of these is a whole JSON value in the texts.
    pub(super) fn lacks_whole(&self, lot: &Lot) -> bool {
        lot.patterns().iter().all(|pattern| {
            let mut any = false;
            whole(pattern, |window, _| any |= self.shows(window));
            !any
        })
    }

    fn may_hold(&self, pattern: &Pattern) -> bool {
        let exact = pattern.exact();
        let text = |index: usize| exact.get(index).map(|byte| raw(*byte));
        self.may_begin(text) || (0..3).any(|place| self.may_begin_in_base64(pattern, place))
    }

    fn may_begin_in_base64(&self, pattern: &Pattern, place: usize) -> bool {
        // Nearly always the one way to write the first run is missing, and that is all.
        let sole = sole(pattern, place);
        sole.is_none_or(|run| self.has(run))
            && self.may_begin(|index| character(pattern, place, index))
    }

    /// Whether all of its runs may stand in the texts; the first that is missing decides.
    fn may_begin(&self, choices: impl Fn(usize) -> Option<Choices>) -> bool {
        let window = |from: usize| Some([choices(from)?, choices(from + 1)?, choices(from + 2)?]);
        (0..).map_while(window).all(|run| self.shows(&run))
    }

    /// Whether some run that takes one byte of each place stands in the texts.
    fn shows(&self, window: &[Choices; WIDTH]) -> bool {
        let [first, second, third] = window.each_ref().map(Choices::bytes);
        first.iter().any(|one| {
            second.iter().any(|two| third.iter().any(|three| self.has([*one, *two, *three])))
        })
    }

    fn has(&self, [one, two, three]: [u8; WIDTH]) -> bool {
        let slot = slot(u32::from_le_bytes([one, two, three, 0]));
        self.runs.get(slot >> 6).is_none_or(|word| word >> (slot & 63) & 1 == 1)
    }
}

/// The first run in base64 of a value whose first byte stands at `place` of a group, if there is but
/// one way to write it.
fn sole(pattern: &Pattern, place: usize) -> Option<[u8; WIDTH]> {
    let [one, two, three] = *pattern.exact().first_chunk()?;
    if pattern.letters() == Letters::AnyCase || [one, two, three].contains(&b' ') {
        return None;
    }
    let bits = u32::from_be_bytes([0, one, two, three]);
    let shift = [18, 14, 16].get(place)?;
    let sextet = |nth: u32| u8::try_from(bits >> (shift - 6 * nth) & 0x3f).unwrap_or(0);
    let [one, two, three] = [0, 1, 2].map(|nth| base64::characters(sextet(nth)));
    let ([one], [two], [three]) = (one, two, three) else { return None };
    Some([one | 0x20, two | 0x20, three | 0x20])
}

#[inline]
fn slot(run: u32) -> usize {
    usize::try_from(run.wrapping_mul(0x9e37_79b1) >> (32 - BITS)).unwrap_or(0)
}
