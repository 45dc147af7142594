//! Which two bytes stand side by side in some value.
//!
//! A value reaches from raw text into an escape only where the byte before the escape and the one it
//! stands for do. It never says no where they do, and may say yes by chance where they do not.

use super::trie::fold;

/// Words of the table: 1 KiB in all.
const WORDS: usize = 128;

/// Bits of a place in the table.
const BITS: u32 = (64 * WORDS).ilog2();

/// The pairs.
pub(super) struct Joins(Box<[u64; WORDS]>);

impl Joins {
    pub(super) fn new() -> Self {
        Self(Box::new([0; WORDS]))
    }

    /// Adds every pair of a text.
    pub(super) fn add(&mut self, text: impl Iterator<Item = u8>) {
        let mut last = None;
        for byte in text {
            if let Some(last) = last.replace(byte) {
                let slot = slot(last, byte);
                if let Some(word) = self.0.get_mut(slot >> 6) {
                    *word |= 1 << (slot & 63);
                }
            }
        }
    }

    /// Whether the second byte may follow the first in a value.
    #[inline]
    pub(super) fn may(&self, first: u8, second: u8) -> bool {
        let slot = slot(first, second);
        self.0.get(slot >> 6).is_none_or(|word| word >> (slot & 63) & 1 == 1)
    }
}

#[inline]
fn slot(first: u8, second: u8) -> usize {
    let pair = u32::from(fold(first)) << 8 | u32::from(fold(second));
    usize::try_from(pair.wrapping_mul(0x9e37_79b1) >> (32 - BITS)).unwrap_or(0)
}
