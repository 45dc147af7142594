//! Rules out most of a text by looking at a few bytes of it.
//!
//! A table knows every run of three or four bytes that a value, raw or in base64, may show early on.
//! A look every few bytes then meets each value at least once, so that what lies between two misses
//! cannot begin one. It never misses; where it hits, the walks decide.

use super::pattern::Pattern;
use super::runs::{Runs, Shape};

/// Bits of the table: 512 bytes at least, 32 KiB at most, so that it stays in the first cache.
const BITS: std::ops::RangeInclusive<u32> = 12..=18;

/// Bits of the table per run, so that one look of so many hits by chance.
const BITS_PER_RUN: usize = 64;

/// The farthest apart two looks are, in bytes. Each doubling doubles the runs that must be listed.
const STRIDE_MAX: usize = 4;

/// The most runs that are listed; beyond, every look hits and the walks do all the work.
const RUNS_MAX: usize = 1 << 18;

/// The table, and how far apart to look.
pub(super) struct Filter {
    table: Box<[u64]>,
    shift: u32,
    /// Every run with what it may belong to: asked where the table hits. Open addressing, at most
    /// half full.
    runs: Box<[(u32, Starts)]>,
    runs_shift: u32,
    /// Bytes per look, as a mask of a little-endian load of four.
    mask: u32,
    width: usize,
    /// Bytes from one look to the next.
    pub(super) stride: usize,
}

/// What looking came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Here a value may show.
    Hit(usize),
    /// None may, before this offset.
    Missed(usize),
}

/// What a look needs, at hand.
#[derive(Clone, Copy)]
struct Tester<'f> {
    table: &'f [u64],
    shift: u32,
    mask: u32,
}

impl Tester<'_> {
    #[inline]
    fn hits(self, four: [u8; 4]) -> bool {
        let run = (u32::from_le_bytes(four) | 0x2020_2020) & self.mask;
        let slot = usize::try_from(hash(run) >> (self.shift & 31)).unwrap_or(0);
        self.table.get(slot >> 6).is_none_or(|word| word >> (slot & 63) & 1 == 1)
    }
}

/// Where a value may begin that shows a run: bit `k` stands for the offset `1 - k` from the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Starts {
    pub(super) text: u8,
    pub(super) base64: u8,
    pub(super) whole: u8,
}

impl Starts {
    /// A whole JSON value: the run begins with its quote.
    pub(super) const WHOLE_QUOTED: Self = Self { text: 0, base64: 0, whole: 2 };
    /// A whole JSON value: the run begins with the byte before it.
    pub(super) const WHOLE_BARE: Self = Self { text: 0, base64: 0, whole: 1 };
    /// Any value anywhere near.
    const ALL: Self = Self { text: u8::MAX, base64: u8::MAX, whole: u8::MAX };
    /// One more than the greatest bit in use.
    pub(super) const BITS: usize = STRIDE_MAX + 2;

    /// A value as text, the run being so far behind its start.
    pub(super) fn text(behind: usize) -> Self {
        Self { text: 2 << behind, ..Self::default() }
    }

    /// A value in base64, the run being so far behind its start.
    pub(super) fn base64(behind: usize) -> Self {
        Self { base64: 2 << behind, ..Self::default() }
    }

    fn with(self, other: Self) -> Self {
        let (text, base64) = (self.text | other.text, self.base64 | other.base64);
        Self { text, base64, whole: self.whole | other.whole }
    }
}

impl Filter {
    /// For values sought anywhere (each at least three bytes), and for those sought as whole JSON values.
    pub(super) fn new(anywhere: &[Pattern], whole: &[Pattern]) -> Self {
        let least = anywhere.iter().map(|pattern| pattern.exact().len()).min();
        let least = least.unwrap_or(usize::MAX);
        let (width, stride) = match (whole.is_empty(), least) {
            (false, _) => (3, 1),
            (true, 0..=6) => (3, least.saturating_sub(2).clamp(1, STRIDE_MAX)),
            (true, 7..) => (4, (least - 3).min(STRIDE_MAX)),
        };
        let mut runs = Runs::new(Shape { width, stride }, anywhere.len());
        for pattern in anywhere {
            if runs.listed.len() <= RUNS_MAX {
                runs.anywhere(pattern);
            }
        }
        for pattern in whole {
            if runs.listed.len() <= RUNS_MAX {
                runs.whole(pattern);
            }
        }
        if runs.listed.len() > RUNS_MAX {
            let all = Self::of(&[], width, stride);
            return Self {
                table: [u64::MAX].repeat(all.table.len()).into(),
                runs: [].into(),
                ..all
            };
        }
        Self::of(&runs.listed, width, stride)
    }

    fn of(listed: &[(u32, Starts)], width: usize, stride: usize) -> Self {
        let bits = listed.len().saturating_mul(BITS_PER_RUN).max(1).ilog2();
        let bits = bits.clamp(*BITS.start(), *BITS.end());
        let slots = (2 * listed.len()).next_power_of_two().clamp(2, 1 << 31);
        let mut filter = Self {
            table: vec![0; 1 << (bits - 6)].into_boxed_slice(),
            shift: 32 - bits,
            runs: vec![(0, Starts::default()); slots].into_boxed_slice(),
            runs_shift: 32 - slots.ilog2(),
            mask: if width == 4 { u32::MAX } else { 0x00ff_ffff },
            width,
            stride,
        };
        for (run, starts) in listed {
            let slot = filter.slot(*run);
            if let Some(word) = filter.table.get_mut(slot >> 6) {
                *word |= 1 << (slot & 63);
            }
            let at = filter.find(*run);
            if let Some(kept) = filter.runs.get_mut(at) {
                *kept = (*run, kept.1.with(*starts));
            }
        }
        filter
    }

    /// Where values may begin by the bytes here, a look that hit.
    pub(super) fn starts(&self, four: [u8; 4]) -> Starts {
        let run = (u32::from_le_bytes(four) | 0x2020_2020) & self.mask;
        self.runs.get(self.find(run)).map_or(Starts::ALL, |(_, starts)| *starts)
    }

    /// The first look that hits, of those that are a stride apart from an offset on and read nothing
    /// behind the bytes; else the first that would.
    pub(super) fn look(&self, bytes: &[u8], from: usize) -> Look {
        match self.stride {
            1 => self.strides::<1>(bytes, from),
            2 => self.strides::<2>(bytes, from),
            3 => self.strides::<3>(bytes, from),
            _ => self.strides::<STRIDE_MAX>(bytes, from),
        }
    }

    /// Looks at `LOOKS` places for each decision: a miss is the rule, and a decision is what costs.
    fn strides<const STRIDE: usize>(&self, bytes: &[u8], from: usize) -> Look {
        const LOOKS: usize = 4;
        let tester = Tester { table: &self.table, shift: self.shift, mask: self.mask };
        let span = (LOOKS - 1) * STRIDE + 4;
        let mut at = from;
        while let Some(block) = bytes.get(at..at.saturating_add(span)) {
            let one = |nth: usize| {
                let four = block.get(nth * STRIDE..).and_then(<[u8]>::first_chunk);
                four.is_none_or(|four| tester.hits(*four))
            };
            if one(0) | one(1) | one(2) | one(3) {
                break;
            }
            at += LOOKS * STRIDE;
        }
        while at.saturating_add(self.width) <= bytes.len() {
            if tester.hits(four(bytes, at)) {
                return Look::Hit(at);
            }
            at += STRIDE;
        }
        Look::Missed(at)
    }

    #[inline]
    fn slot(&self, run: u32) -> usize {
        usize::try_from(hash(run & self.mask) >> self.shift).unwrap_or(0)
    }

    /// Where a run stands, or the free place where it would.
    fn find(&self, run: u32) -> usize {
        let mut at = usize::try_from(hash(run) >> self.runs_shift).unwrap_or(0);
        while self.runs.get(at).is_some_and(|(r, s)| *s != Starts::default() && *r != run) {
            at = (at + 1) & (self.runs.len() - 1);
        }
        at
    }
}

/// The bytes at an index, padded at the end.
#[inline]
pub(super) fn four(bytes: &[u8], at: usize) -> [u8; 4] {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.first_chunk() {
        Some(four) => *four,
        None => std::array::from_fn(|at| rest.get(at).copied().unwrap_or(0)),
    }
}

/// A multiplicative hash: its upper bits depend on all of the run.
#[inline]
fn hash(run: u32) -> u32 {
    run.wrapping_mul(0x9e37_79b1)
}
