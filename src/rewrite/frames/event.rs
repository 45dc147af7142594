//! What was read from a stream of frames.
//!
//! It never prints what was said: `Debug` shows sizes.

use std::fmt;

/// One thing that was read, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A text message, from its first fragment to its last.
    Text(TextMessage),
    /// One frame of a binary message, head and all, as sent.
    Binary(BinaryFrame),
    /// A ping, a pong or a close frame.
    Control(Control),
}

/// A text message, and the frames that it came in.
#[derive(Clone, PartialEq, Eq)]
pub struct TextMessage {
    pub(super) text: String,
    pub(super) sent: Vec<u8>,
}

/// A frame of a binary message, head and all, as sent; it may be a fragment.
#[derive(Clone, PartialEq, Eq)]
pub struct BinaryFrame {
    pub(super) sent: Vec<u8>,
}

/// A control frame.
#[derive(Clone, PartialEq, Eq)]
pub struct Control {
    pub(super) kind: ControlKind,
    pub(super) sent: Vec<u8>,
}

/// The kinds of control frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ControlKind {
    /// Wants a pong.
    Ping,
    /// Answers a ping, or is a sign of life.
    Pong,
    /// The last frame of its direction.
    Close,
}

impl Event {
    /// The bytes to pass on where nothing is rewritten.
    pub fn into_sent(self) -> Vec<u8> {
        match self {
            Self::Text(TextMessage { text: _, sent }) => sent,
            Self::Binary(BinaryFrame { sent }) => sent,
            Self::Control(Control { kind: _, sent }) => sent,
        }
    }
}

impl TextMessage {
    /// What was said, unmasked and joined.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The frames that it came in, without the control frames between them.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// The same, to pass on where nothing is rewritten.
    pub fn into_sent(self) -> Vec<u8> {
        self.sent
    }
}

impl BinaryFrame {
    /// The frame's bytes.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// Whether its message ends with it.
    pub fn is_last(&self) -> bool {
        self.sent.first().is_some_and(|first| first & 0x80 != 0)
    }

    /// What follows its head, as sent: masked, if it came from a client.
    pub fn payload(&self) -> &[u8] {
        let second = self.sent.get(1).copied().unwrap_or_default();
        let length = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        self.sent.get(2 + length + mask..).unwrap_or_default()
    }
}

impl Control {
    /// Which one.
    pub fn kind(&self) -> ControlKind {
        self.kind
    }

    /// The frame's bytes.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }
}

impl fmt::Debug for TextMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TextMessage({} bytes in {})", self.text.len(), self.sent.len())
    }
}

impl fmt::Debug for BinaryFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BinaryFrame({} bytes)", self.sent.len())
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Control({:?}, {} bytes)", self.kind, self.sent.len())
    }
}
