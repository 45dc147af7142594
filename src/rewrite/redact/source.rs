//! What is at hand of a stream: a window of bytes, known by their offsets from the stream's start.
//!
//! It owns nothing and copies nothing.

/// A window onto a stream.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) bytes: &'a [u8],
    /// The stream's offset of the first of them.
    pub(super) base: usize,
    pub(super) tail: Tail,
}

/// Whether bytes may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// They may.
    Open,
    /// This is the stream's end.
    Closed,
}

impl Source<'_> {
    /// The byte at an offset of the stream, if at hand.
    pub(super) fn get(&self, at: usize) -> Option<u8> {
        self.bytes.get(at.checked_sub(self.base)?).copied()
    }

    /// The offset behind the last byte at hand.
    pub(super) fn end(&self) -> usize {
        self.base + self.bytes.len()
    }

    /// The bytes between two offsets; nothing where they are not at hand.
    pub(super) fn span(&self, from: usize, to: usize) -> &[u8] {
        let from = from.saturating_sub(self.base);
        self.bytes.get(from..to.saturating_sub(self.base)).unwrap_or_default()
    }
}
