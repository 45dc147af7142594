//! A message on its way: the text of one, out of its fragments.
//!
//! It never decodes with replacement characters, never waits for the end of a message to find that it
//! is not UTF-8, and never holds a binary one.

use super::event::TextMessage;
use super::fault::FrameFault;

/// What has come of a message whose last fragment has not.
pub(super) struct Unfinished {
    /// Its bytes so far, without heads.
    pub(super) len: usize,
    /// Its frames so far.
    pub(super) fragments: usize,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    Text(Assembly),
    Binary,
}

impl Unfinished {
    /// A message before its first frame.
    pub(super) fn new(kind: Kind) -> Self {
        Self { len: 0, fragments: 0, kind }
    }

    /// How much memory it holds, in bytes.
    pub(super) fn held(&self) -> usize {
        match &self.kind {
            Kind::Text(Assembly { text, cut, sent }) => {
                text.capacity() + cut.capacity() + sent.capacity()
            }
            Kind::Binary => 0,
        }
    }
}

/// A text on its way.
#[derive(Default)]
pub(super) struct Assembly {
    text: String,
    /// The beginning of a character whose end is in the next fragment: 3 bytes at most.
    cut: Vec<u8>,
    sent: Vec<u8>,
}

impl Assembly {
    /// Takes one fragment: the frame as sent, and its payload unmasked.
    pub(super) fn push(&mut self, frame: &[u8], payload: Vec<u8>) -> Result<(), FrameFault> {
        self.sent.extend_from_slice(frame);
        let bytes = if self.cut.is_empty() {
            payload
        } else {
            self.cut.extend_from_slice(&payload);
            std::mem::take(&mut self.cut)
        };
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(fault) if fault.utf8_error().error_len().is_some() => {
                return Err(FrameFault::NotUtf8);
            }
            Err(fault) => {
                let whole = fault.utf8_error().valid_up_to();
                let mut bytes = fault.into_bytes();
                self.cut = bytes.split_off(whole);
                String::from_utf8(bytes).map_err(|_| FrameFault::NotUtf8)?
            }
        };
        if self.text.is_empty() {
            self.text = text; // most messages are one frame, and are not copied
        } else {
            self.text.push_str(&text);
        }
        Ok(())
    }

    /// The message, now that its last fragment has come.
    pub(super) fn finish(self) -> Result<TextMessage, FrameFault> {
        let Self { text, cut, sent } = self;
        if !cut.is_empty() {
            return Err(FrameFault::NotUtf8);
        }
        Ok(TextMessage { text, sent })
    }
}
