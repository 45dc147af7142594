//! Rules out most of a text by looking at a few bytes of it.
//!
//! A table knows every run of three or four bytes that a value, raw or in base64, may show early on.
//! A look every few bytes then meets each value at least once, so that what lies between two misses
//! cannot begin one. It never misses; where it hits, the walks decide.

use super::base64;
use super::trie::{Letters, Pattern};

/// Bits of a table: 512 bytes at least, 32 KiB at most, so that it stays in the first cache.
const BITS: std::ops::RangeInclusive<u32> = 12..=18;

/// The farthest apart two looks are, in bytes: what it costs to go back after an escape.
const STRIDE_MAX: usize = 8;

/// The table, and how far apart to look.
pub(super) struct Filter {
    table: Box<[u64]>,
    /// Every run with what it may belong to, in order: asked where the table hits.
    runs: Vec<(u32, Starts)>,
    shift: u32,
    /// Bytes per look, as a mask of a little-endian load of four.
    mask: u32,
    pub(super) width: usize,
    /// Bytes from one look to the next.
    pub(super) stride: usize,
}

/// Where a value may begin that shows a run: bit `k` stands for the offset `1 - k` from the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Starts {
    pub(super) text: u16,
    pub(super) base64: u16,
    pub(super) whole: u16,
}

impl Starts {
    /// One more than the greatest bit in use.
    pub(super) const BITS: usize = STRIDE_MAX + 2;

    fn with(self, other: Self) -> Self {
        let (text, base64) = (self.text | other.text, self.base64 | other.base64);
        Self { text, base64, whole: self.whole | other.whole }
    }
}

/// The bytes that may stand at one place of a run.
type Options = Vec<u8>;

impl Filter {
    /// For values sought anywhere (each at least three bytes), and for those sought as whole JSON values.
    pub(super) fn new(anywhere: &[Pattern], whole: &[Pattern]) -> Self {
        let least =
            anywhere.iter().map(|pattern| pattern.exact().len()).min().unwrap_or(usize::MAX);
        let (width, stride) = match (whole.is_empty(), least) {
            (false, _) => (3, 1),
            (true, 0..=6) => (3, least.saturating_sub(2).max(1)),
            (true, 7..) => (4, (least - 3).min(STRIDE_MAX)),
        };
        let mut runs = Vec::new();
        for pattern in anywhere {
            early(&text_options(pattern), width, stride, &mut runs, |at| Starts {
                text: 2 << at,
                ..Starts::default()
            });
            for place in 0..3 {
                // The first character that is all the value's may come after one that is shared.
                let shared = place.min(1);
                early(&base64_options(pattern, place), width, stride, &mut runs, |at| Starts {
                    base64: 2 << (at + shared),
                    ..Starts::default()
                });
            }
        }
        whole.iter().for_each(|pattern| whole_runs(pattern, &mut runs));
        Self::of(runs, width, stride)
    }

    fn of(mut runs: Vec<(u32, Starts)>, width: usize, stride: usize) -> Self {
        runs.sort_unstable_by_key(|(run, _)| *run);
        runs.dedup_by(|(run, starts), (kept, into)| {
            let same = run == kept;
            if same {
                *into = into.with(*starts);
            }
            same
        });
        let wanted =
            u32::try_from(runs.len()).unwrap_or(u32::MAX).saturating_mul(32).max(1).ilog2() + 1;
        let bits = wanted.clamp(*BITS.start(), *BITS.end());
        let mask = if width == 4 { u32::MAX } else { 0x00ff_ffff };
        let table = vec![0; 1 << (bits - 6)].into_boxed_slice();
        let mut filter = Self { table, runs: Vec::new(), shift: 32 - bits, mask, width, stride };
        for (run, _) in &runs {
            let slot = filter.slot(*run);
            if let Some(word) = filter.table.get_mut(slot >> 6) {
                *word |= 1 << (slot & 63);
            }
        }
        Self { runs, ..filter }
    }

    /// Where values may begin by the bytes here, a look that hit.
    pub(super) fn starts(&self, four: [u8; 4]) -> Starts {
        let run = (u32::from_le_bytes(four) | 0x2020_2020) & self.mask;
        let found = self.runs.binary_search_by_key(&run, |(run, _)| *run).ok();
        found.and_then(|at| self.runs.get(at)).map_or(Starts::default(), |(_, starts)| *starts)
    }

    /// Whether a value may show here; `four` are the bytes here, though only [`Self::width`] count.
    #[inline]
    pub(super) fn hits(&self, four: [u8; 4]) -> bool {
        let slot = self.slot(u32::from_le_bytes(four) | 0x2020_2020);
        self.table.get(slot >> 6).is_none_or(|word| word >> (slot & 63) & 1 == 1)
    }

    #[inline]
    fn slot(&self, run: u32) -> usize {
        // A multiplicative hash: its upper bits depend on all of the run.
        let hash = (run & self.mask).wrapping_mul(0x9e37_79b1) >> self.shift;
        usize::try_from(hash).unwrap_or(0)
    }
}

/// The runs that begin at the first `stride` places.
fn early(
    options: &[Options],
    width: usize,
    stride: usize,
    runs: &mut Vec<(u32, Starts)>,
    starts: impl Fn(usize) -> Starts,
) {
    for (at, window) in options.windows(width).take(stride).enumerate() {
        combine(window, runs, starts(at));
    }
}

/// Every run that takes one byte of each place.
fn combine(window: &[Options], runs: &mut Vec<(u32, Starts)>, starts: Starts) {
    let mut partial = vec![0u32];
    for (at, options) in window.iter().enumerate() {
        let with = |run: &u32| -> Vec<u32> {
            options.iter().map(|byte| run | (u32::from(*byte) << (8 * at))).collect()
        };
        partial = partial.iter().flat_map(with).collect();
    }
    runs.extend(partial.into_iter().map(|run| (run, starts)));
}

fn option(bytes: &[u8]) -> Options {
    let mut options: Options = bytes.iter().map(|byte| byte | 0x20).collect();
    options.sort_unstable();
    options.dedup();
    options
}

fn text_options(pattern: &Pattern) -> Vec<Options> {
    let places = pattern.exact().iter();
    places.map(|byte| if *byte == b' ' { option(b" +") } else { option(&[*byte]) }).collect()
}

/// The characters that carry nothing but the value's bits, its first byte standing at `place` of a group.
fn base64_options(pattern: &Pattern, place: usize) -> Vec<Options> {
    let mut options = Vec::new();
    let (mut choices, mut count) = (vec![0u32], 0);
    // Bits before the first whole character of the value's own: the rest of the one it shares.
    let mut skip = [0, 4, 2].get(place).copied().unwrap_or(0);
    for byte in pattern.exact() {
        let spelt = spellings(*byte, pattern.letters());
        choices = choices
            .iter()
            .flat_map(|had| spelt.iter().map(move |b| had << 8 | u32::from(*b)))
            .collect();
        count += 8 - skip;
        skip = 0;
        while count >= 6 {
            count -= 6;
            let sextets = choices.iter().filter_map(|bits| u8::try_from(bits >> count & 0x3f).ok());
            let characters: Vec<u8> = sextets.flat_map(base64::characters).copied().collect();
            options.push(option(&characters));
        }
        choices.iter_mut().for_each(|bits| *bits &= (1 << count) - 1);
        choices.sort_unstable();
        choices.dedup();
    }
    options
}

/// How a byte of a value may stand in text that is then written as base64.
fn spellings(byte: u8, letters: Letters) -> Vec<u8> {
    match letters {
        Letters::AnyCase if byte.is_ascii_alphabetic() => vec![byte | 0x20, byte & !0x20],
        _ if byte == b' ' => b" +".to_vec(),
        Letters::AnyCase | Letters::AsGiven => vec![byte],
    }
}

/// The first three bytes of a whole JSON value, with the quote or the byte that precedes it.
fn whole_runs(pattern: &Pattern, runs: &mut Vec<(u32, Starts)>) {
    let text = text_options(pattern);
    let quoted = [option(b"\"")].into_iter().chain(text.clone()).chain([option(b"\"\\")]);
    let at_quote = Starts { whole: 2, ..Starts::default() };
    combine(&quoted.take(3).collect::<Vec<_>>(), runs, at_quote);
    let bare = [option(b":,[ \t\r\n")].into_iter().chain(text).chain([option(b",}] \t\r\n")]);
    let behind = Starts { whole: 1, ..Starts::default() };
    combine(&bare.take(3).collect::<Vec<_>>(), runs, behind);
}
