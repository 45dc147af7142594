//! Why a stream of frames was refused, and the close code that says so.
//!
//! It never holds or prints a byte of a frame, so a fault may go to a log.

use super::close::CloseCode;
use std::fmt;

/// What a peer did that RFC 6455 or a bound does not allow. The stream cannot be read on after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameFault {
    /// A reserved bit is set, though no extension was agreed on.
    ReservedBits,
    /// An opcode that RFC 6455 does not define.
    BadOpcode,
    /// A length that is not written in the shortest way, or has its highest bit set.
    BadLength,
    /// A frame from a client without a mask.
    Unmasked,
    /// A frame from a server with a mask.
    Masked,
    /// A control frame that is not the whole of it.
    FragmentedControl,
    /// A control frame of more than [`CONTROL_MAX`](super::CONTROL_MAX) bytes.
    ControlTooBig,
    /// A continuation, but nothing to continue.
    NothingToContinue,
    /// A new message before the last fragment of the one before.
    MessageInsideMessage,
    /// A close frame with half a code, or a code that must not be sent.
    BadClose,
    /// A text message, or a close frame's reason, that is not UTF-8.
    NotUtf8,
    /// A frame longer than [`Bounds::frame_max`](super::Bounds::frame_max).
    FrameTooBig,
    /// A message longer than [`Bounds::message_max`](super::Bounds::message_max).
    MessageTooBig,
    /// A message of more fragments than [`Bounds::fragments_max`](super::Bounds::fragments_max).
    TooManyFragments,
}

impl FrameFault {
    /// What to tell both peers.
    pub fn close_code(self) -> CloseCode {
        match self {
            Self::ReservedBits
            | Self::BadOpcode
            | Self::BadLength
            | Self::Unmasked
            | Self::Masked
            | Self::FragmentedControl
            | Self::ControlTooBig
            | Self::NothingToContinue
            | Self::MessageInsideMessage
            | Self::BadClose => CloseCode::Protocol,
            Self::NotUtf8 => CloseCode::NotUtf8,
            Self::FrameTooBig | Self::MessageTooBig | Self::TooManyFragments => CloseCode::TooBig,
        }
    }
}

impl fmt::Display for FrameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReservedBits => "reserved bits set",
            Self::BadOpcode => "unknown opcode",
            Self::BadLength => "length not in its shortest form",
            Self::Unmasked => "unmasked client frame",
            Self::Masked => "masked server frame",
            Self::FragmentedControl => "fragmented control frame",
            Self::ControlTooBig => "control frame too big",
            Self::NothingToContinue => "nothing to continue",
            Self::MessageInsideMessage => "message inside a message",
            Self::BadClose => "bad close frame",
            Self::NotUtf8 => "text is not UTF-8",
            Self::FrameTooBig => "frame too big",
            Self::MessageTooBig => "message too big",
            Self::TooManyFragments => "too many fragments",
        })
    }
}

impl std::error::Error for FrameFault {}
