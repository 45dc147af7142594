//! Finds a value at a start within base64 or base64url text, at each of the three alignments.
//!
//! It decodes as it reads, so padding, what stands before and what stands behind do not matter. Of
//! escapes it knows those of one layer that stand for a character of the alphabet (`\/`, `%2B`). It
//! never looks inside the decoded text for escapes, and never reads across a line break.

use super::lot::Lot;
use super::source::{Source, Tail};
use super::trie::{Trie, fold};
use super::unit::{Layers, Taken, introduces, take};
use super::walk::{Known, Verdict, Walk};

/// The characters of the alphabets that encoders escape.
pub(super) const ESCAPED: [u8; 2] = *b"+/";

/// The walks over base64: one for each place a group of four characters can begin at.
pub(super) struct Base64Walk {
    lanes: [Lane; 4],
    /// Characters read: what the work is measured by.
    pub(super) steps: u64,
}

struct Lane {
    walk: Walk,
    /// Bits read that do not make a byte yet, and how many.
    bits: u32,
    bit_count: u32,
    /// Where the character stands in which the next byte begins.
    from: usize,
    /// An escape moved the groups: what is known of one start says nothing of the next.
    bent: bool,
}

/// A character of base64 text.
pub(super) enum Sextet {
    /// Its six bits, and where it ends.
    Is(u8, usize),
    /// It is none.
    Not,
    /// The bytes end before it can be told.
    Cut,
}

impl Base64Walk {
    pub(super) fn new() -> Self {
        Self { lanes: std::array::from_fn(|_| Lane::new()), steps: 0 }
    }

    /// The longest value of which the first bit stands in the character at `start`, and that
    /// character's place in its group of four.
    pub(super) fn at<'n>(
        &mut self,
        lot: &'n Lot,
        source: Source<'_>,
        start: usize,
    ) -> (Verdict<'n>, usize) {
        let mut best = (Verdict::Dead, 0);
        let bits = pair(source, start);
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            // Three bytes in four characters: no byte begins in the last one.
            let place = (start + 4 - index) % 4;
            let first =
                bits.map(|bits| u8::try_from(bits >> (4 - 2 * place.min(2)) & 0xff).unwrap_or(0));
            if place == 3 || first.is_some_and(|byte| !lot.begins(fold(byte))) {
                continue;
            }
            let verdict = lane.at(lot.trie(), source, start, place, &mut self.steps);
            let better = match (&verdict, &best.0) {
                (Verdict::Pending, _) => return (Verdict::Pending, place),
                (Verdict::Match(end, _), Verdict::Match(other, _)) => end > other,
                (Verdict::Match(_, _), Verdict::Dead | Verdict::Pending) => true,
                (Verdict::Dead, _) => false,
            };
            if better {
                best = (verdict, place);
            }
        }
        best
    }
}

impl Lane {
    fn new() -> Self {
        Self { walk: Walk::new(), bits: 0, bit_count: 0, from: 0, bent: false }
    }

    fn at<'n>(
        &mut self,
        trie: &'n Trie,
        source: Source<'_>,
        start: usize,
        place: usize,
        steps: &mut u64,
    ) -> Verdict<'n> {
        if self.bent || start >= self.walk.pos {
            return self.begin(trie, source, start, place, steps);
        }
        match self.walk.seek(trie, start) {
            Known::Dead => Verdict::Dead,
            Known::Here => self.go(trie, source, steps),
            Known::Within => self.begin(trie, source, start, place, steps),
        }
    }

    fn begin<'n>(
        &mut self,
        trie: &'n Trie,
        source: Source<'_>,
        start: usize,
        place: usize,
        steps: &mut u64,
    ) -> Verdict<'n> {
        self.bent = false;
        self.walk.reset(start);
        match sextet(source, start) {
            Sextet::Not => Verdict::Dead,
            Sextet::Cut => Verdict::Pending,
            Sextet::Is(sextet, end) => {
                self.bent = end > start + 1;
                self.walk.pos = end;
                self.from = start;
                self.bit_count = [6, 4, 2].get(place).copied().unwrap_or(0);
                self.bits = u32::from(sextet) & ((1 << self.bit_count) - 1);
                self.go(trie, source, steps)
            }
        }
    }

    fn go<'n>(&mut self, trie: &'n Trie, source: Source<'_>, steps: &mut u64) -> Verdict<'n> {
        loop {
            *steps += 1;
            let (sextet, end) = match sextet(source, self.walk.pos) {
                Sextet::Is(sextet, end) => (sextet, end),
                Sextet::Cut if self.may_go_on(trie) => return Verdict::Pending,
                Sextet::Cut | Sextet::Not => return self.walk.conclude(trie),
            };
            let bits = self.bits << 6 | u32::from(sextet);
            let left = (self.bit_count + 6) % 8;
            if self.bit_count + 6 >= 8 {
                let byte = u8::try_from((bits >> left) & 0xff).unwrap_or(0);
                if !self.walk.step(trie, byte, self.from, end) {
                    return self.walk.conclude(trie);
                }
                self.from = if left == 0 { end } else { self.walk.pos };
            }
            self.bent |= end > self.walk.pos + 1;
            self.bits = bits & ((1 << left) - 1);
            self.bit_count = left;
            self.walk.pos = end;
        }
    }

    /// Whether a next byte that begins with the bits at hand would lead on.
    fn may_go_on(&self, trie: &Trie) -> bool {
        let open = 8 - self.bit_count;
        let low = self.bits << open;
        (low..low + (1 << open))
            .filter_map(|byte| u8::try_from(byte).ok())
            .any(|byte| trie.child(self.walk.node, fold(byte)).is_some())
    }
}

/// The bits of the two characters from an offset on, where they are at hand.
fn pair(source: Source<'_>, start: usize) -> Option<u32> {
    let Sextet::Is(first, next) = sextet(source, start) else { return None };
    let Sextet::Is(second, _) = sextet(source, next) else { return None };
    Some(u32::from(first) << 6 | u32::from(second))
}

/// The character of base64 text at an offset.
pub(super) fn sextet(source: Source<'_>, at: usize) -> Sextet {
    match source.get(at) {
        None if source.tail == Tail::Open => Sextet::Cut,
        None => Sextet::Not,
        Some(byte) if introduces(byte) => {
            match take(source.bytes, at - source.base, Layers::Once) {
                Taken::Whole(unit) => unit
                    .ascii()
                    .filter(|byte| ESCAPED.contains(byte))
                    .and_then(value)
                    .map_or(Sextet::Not, |sextet| Sextet::Is(sextet, source.base + unit.end)),
                Taken::Cut if source.tail == Tail::Open => Sextet::Cut,
                Taken::Cut | Taken::Nothing => Sextet::Not,
            }
        }
        Some(byte) => value(byte).map_or(Sextet::Not, |sextet| Sextet::Is(sextet, at + 1)),
    }
}

/// The six bits of a character of either alphabet.
#[inline]
pub(super) fn value(byte: u8) -> Option<u8> {
    VALUES.get(usize::from(byte)).copied().flatten()
}

/// The six bits by byte.
static VALUES: [Option<u8>; 256] = {
    let mut values = [None; 256];
    let (mut rest, mut byte): (&mut [Option<u8>], u8) = (&mut values, 0);
    while let Some((first, others)) = rest.split_first_mut() {
        *first = worked_out(byte);
        (rest, byte) = (others, byte.wrapping_add(1));
    }
    values
};

const fn worked_out(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// The characters for six bits, in both alphabets where they differ.
pub(super) fn characters(sextet: u8) -> &'static [u8] {
    const TABLE: &[u8; 66] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-/_";
    let at = usize::from(sextet);
    match sextet {
        62 => b"+-",
        63 => b"/_",
        _ => TABLE.get(at..=at).unwrap_or_default(),
    }
}
