//! Values that are sought in one way, and the tree of them once somebody needs it.
//!
//! Most answers hold none, and the filter says so: then no tree is ever built. It never prints a
//! value.

use super::pattern::Pattern;
use super::trie::{Trie, fold};
use super::unit::first_introducer;
use std::sync::OnceLock;

/// So many values are compared one by one at less than what a tree costs.
const FEW: usize = 32;

/// The values, in the order in which they were added.
#[derive(Default)]
pub(super) struct Lot {
    patterns: Vec<Pattern>,
    /// A bit for each folded byte that some value begins with.
    begins: [u64; 4],
    introducers: OnceLock<bool>,
    trie: OnceLock<Trie>,
}

impl Lot {
    /// Adds a value that is not empty. Of two that are equal the first counts.
    pub(super) fn add(&mut self, pattern: Pattern) {
        let Some(first) = pattern.exact().first().copied() else { return };
        let (word, bit) = place(fold(first));
        if let Some(word) = self.begins.get_mut(word) {
            *word |= bit;
        }
        self.patterns.push(pattern);
    }

    /// Every value, repeated as often as it was added.
    pub(super) fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether any value begins with this folded byte.
    pub(super) fn begins(&self, byte: u8) -> bool {
        let (word, bit) = place(byte);
        self.begins.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Whether some value contains a byte that begins an escape.
    pub(super) fn has_introducers(&self) -> bool {
        *self
            .introducers
            .get_or_init(|| self.patterns.iter().any(|one| first_introducer(one.exact()).is_some()))
    }

    /// Whether nobody needed the tree yet, and the values are few enough to be compared one by one.
    pub(super) fn is_untried(&self) -> bool {
        self.patterns.len() <= FEW && self.trie.get().is_none()
    }

    /// The values as a tree, built by whoever asks first.
    pub(super) fn trie(&self) -> &Trie {
        self.trie.get_or_init(|| {
            let bytes = self.patterns.iter().map(|pattern| pattern.exact().len()).sum();
            let mut trie = Trie::with_room(bytes);
            self.patterns.iter().for_each(|pattern| trie.add(pattern));
            trie.link();
            trie
        })
    }
}

fn place(byte: u8) -> (usize, u64) {
    (usize::from(byte >> 6), 1 << (byte & 63))
}
