//! Walks the tree of values along a stream, and on a wrong turn goes on from the longest suffix.
//!
//! So every byte is read once per walk, however often a value repeats itself. It never decides how
//! characters are spelt: its callers decode, it only keeps where each byte came from.

use super::pattern::Pattern;
use super::trie::{At, Trie, fold};
use std::collections::VecDeque;

/// One byte that was decoded.
#[derive(Clone, Copy)]
struct Step {
    byte: u8,
    /// Where its spelling begins and ends, as offsets of the stream.
    from: usize,
    to: usize,
}

/// How a walk from one start came out.
pub(super) enum Verdict<'n> {
    /// A value, up to this offset.
    Match(usize, &'n Pattern),
    /// No value begins there.
    Dead,
    /// The bytes at hand end within what may become one.
    Pending,
}

/// What the walk knows of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// The walk stands there: read on.
    Here,
    /// No value begins there.
    Dead,
    /// It lies within a spelling that the walk took as a whole.
    Within,
}

/// A walk: the path from the root to a place in the tree is the last steps taken.
pub(super) struct Walk {
    /// The next offset to read.
    pub(super) pos: usize,
    pub(super) node: At,
    steps: VecDeque<Step>,
}

impl Walk {
    pub(super) fn new() -> Self {
        Self { pos: 0, node: Trie::ROOT, steps: VecDeque::new() }
    }

    /// Begins anew.
    pub(super) fn reset(&mut self, at: usize) {
        self.pos = at;
        self.node = Trie::ROOT;
        self.steps.clear();
    }

    /// Brings the walk to a start, which is never before the one last sought.
    pub(super) fn seek(&mut self, trie: &Trie, start: usize) -> Known {
        if start >= self.pos {
            self.reset(start);
            return Known::Here;
        }
        while self.steps.front().is_some_and(|step| step.from < start)
            && self.steps.len() > trie.depth(self.node)
        {
            self.steps.pop_front();
        }
        while self.start(trie) < start {
            self.node = trie.suffix(self.node);
        }
        if self.start(trie) == start {
            return Known::Here;
        }
        match self.steps.iter().find(|step| step.from >= start) {
            Some(step) if step.from == start => Known::Dead,
            Some(_) | None => Known::Within,
        }
    }

    /// Takes a byte if the tree leads on with it.
    pub(super) fn step(&mut self, trie: &Trie, byte: u8, from: usize, to: usize) -> bool {
        let Some(node) = trie.child(self.node, fold(byte)) else { return false };
        self.node = node;
        self.steps.push_back(Step { byte, from, to });
        true
    }

    /// The way led no further: the longest value on it, or no value begins where it began.
    pub(super) fn conclude<'n>(&mut self, trie: &'n Trie) -> Verdict<'n> {
        let depth = trie.depth(self.node);
        let path = self.steps.iter().skip(self.steps.len().saturating_sub(depth));
        for end in trie.ends(self.node) {
            let mut read = path.clone().take(trie.depth(end));
            let Some(pattern) = trie.ending(end, read.clone().map(|step| step.byte)) else {
                continue;
            };
            let Some(last) = read.next_back() else { continue };
            return Verdict::Match(last.to, pattern);
        }
        Verdict::Dead
    }

    fn start(&self, trie: &Trie) -> usize {
        let first = self.steps.len().checked_sub(trie.depth(self.node));
        first.and_then(|first| self.steps.get(first)).map_or(self.pos, |step| step.from)
    }
}
