//! The runs of bytes that a value shows early on, raw or in base64.
//!
//! It enumerates what [`Filter`](super::filter::Filter) knows. It allocates nothing but the list it
//! fills, as it runs once for each payload that is revealed.

use super::base64;
use super::filter::Starts;
use super::pattern::{Bareness, Letters, Pattern};

/// The most bytes of a run.
pub(super) const WIDTH_MAX: usize = 4;

/// The most bytes that may stand at one place: a character of base64 shares its bits between two
/// bytes of two spellings each, and two characters of each alphabet may stand for it.
const CHOICES_MAX: usize = 8;

/// How wide a run is, and how many of a value's first ones are listed.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) width: usize,
    pub(super) stride: usize,
}

/// Every run listed so far, with the starts it points to; a run may be listed more than once.
pub(super) struct Runs {
    pub(super) listed: Vec<(u32, Starts)>,
    shape: Shape,
}

/// The bytes that may stand at one place of a run, letter case folded away.
#[derive(Clone, Copy, Default)]
pub(super) struct Choices {
    bytes: [u8; CHOICES_MAX],
    len: usize,
}

impl Choices {
    fn of(bytes: &[u8]) -> Self {
        let mut choices = Self::default();
        bytes.iter().for_each(|byte| choices.add(*byte));
        choices
    }

    fn add(&mut self, byte: u8) {
        let byte = byte | 0x20;
        if self.bytes().contains(&byte) {
            return;
        }
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Runs {
    /// With room for `patterns` of ordinary text.
    pub(super) fn new(shape: Shape, patterns: usize) -> Self {
        Self { listed: Vec::with_capacity(6 * shape.stride * patterns), shape }
    }

    /// The runs of a value sought anywhere.
    pub(super) fn anywhere(&mut self, pattern: &Pattern) {
        let exact = pattern.exact();
        self.early(|place| exact.get(place).map(|byte| raw(*byte)), Starts::text);
        for place in 0..3 {
            // The first character that is all the value's may come after one that is shared.
            let shared = place.min(1);
            let choices = |index| character(pattern, place, index);
            self.early(choices, |at| Starts::base64(at + shared));
        }
    }

    /// The runs of a whole JSON value.
    pub(super) fn whole(&mut self, pattern: &Pattern) {
        whole(pattern, |window, starts| self.combine(window, starts));
    }

    /// The runs that begin at the first `stride` places.
    fn early(
        &mut self,
        choices: impl Fn(usize) -> Option<Choices>,
        starts: impl Fn(usize) -> Starts,
    ) {
        let Shape { width, stride } = self.shape;
        let mut window = [Choices::default(); WIDTH_MAX];
        for place in 0..stride + width - 1 {
            let Some(next) = choices(place) else { return };
            window.rotate_left(1);
            if let Some(last) = window.last_mut() {
                *last = next;
            }
            if let Some(at) = (place + 1).checked_sub(width) {
                self.combine(window.get(WIDTH_MAX - width..).unwrap_or_default(), starts(at));
            }
        }
    }

    /// Every run that takes one byte of each place.
    fn combine(&mut self, window: &[Choices], starts: Starts) {
        let from = self.listed.len();
        self.listed.push((0, starts));
        for (place, choices) in window.iter().enumerate() {
            let shift = 8 * place;
            let until = self.listed.len();
            let (first, others) = choices.bytes().split_first().unwrap_or((&0, &[]));
            for byte in others {
                for at in from..until {
                    let Some((run, _)) = self.listed.get(at).copied() else { continue };
                    self.listed.push((run | u32::from(*byte) << shift, starts));
                }
            }
            for (run, _) in self.listed.get_mut(from..until).unwrap_or_default() {
                *run |= u32::from(*first) << shift;
            }
        }
    }
}

/// The first three bytes of a whole JSON value, with the quote or the byte that precedes it.
pub(super) fn whole(pattern: &Pattern, mut each: impl FnMut(&[Choices; 3], Starts)) {
    let exact = pattern.exact();
    let text = |place| exact.get(place).map(|byte: &u8| raw(*byte));
    let third = |behind: &[u8]| text(1).unwrap_or_else(|| Choices::of(behind));
    let Some(first) = text(0) else { return };
    each(&[Choices::of(b"\""), first, third(b"\"\\")], Starts::WHOLE_QUOTED);
    if pattern.bareness() == Bareness::Found {
        let before = Choices::of(b":,[ \t\r\n");
        each(&[before, first, third(b",}] \t\r\n")], Starts::WHOLE_BARE);
    }
}

/// How a byte of a value may stand in raw text.
pub(super) fn raw(byte: u8) -> Choices {
    if byte == b' ' { Choices::of(b" +") } else { Choices::of(&[byte]) }
}

/// What may stand for the character of base64 that is the value's own `index`th, where the value's
/// first byte stands at `place` of a group; `None` behind the last.
pub(super) fn character(pattern: &Pattern, place: usize, index: usize) -> Option<Choices> {
    // Bits before the first character of the value's own: the rest of the one it shares.
    let bit = [0, 4, 2].get(place).copied().unwrap_or(0) + 6 * index;
    let byte = |at: usize| pattern.exact().get(at).map(|b| spellings(*b, pattern.letters()));
    let (left, right) = (byte(bit / 8)?, byte((bit + 5) / 8)?);
    let character = |left: u8, right: u8| {
        let pair = u32::from(left) << 8 | u32::from(right);
        base64::characters(u8::try_from(pair >> (10 - bit % 8) & 0x3f).unwrap_or(0))
    };
    // Most bytes are written in one way only.
    if let ([left, other], [right, another]) = (left, right)
        && left == other
        && right == another
    {
        return Some(Choices::of(character(left, right)));
    }
    let mut choices = Choices::default();
    for left in left {
        for right in right {
            character(left, right).iter().for_each(|byte| choices.add(*byte));
        }
    }
    Some(choices)
}

/// How a byte of a value may stand in text that is then written as base64.
fn spellings(byte: u8, letters: Letters) -> [u8; 2] {
    match letters {
        Letters::AnyCase if byte.is_ascii_alphabetic() => [byte | 0x20, byte & !0x20],
        _ if byte == b' ' => *b" +",
        Letters::AnyCase | Letters::AsGiven => [byte, byte],
    }
}
