//! Why a multipart body, or a value for one of its fields, was refused: a kind and an offset.
//!
//! It never holds or prints a byte of the body, so a fault may go to a log.

use std::fmt;

/// A refusal, told without any content of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MultipartFault {
    /// Where, in bytes from the start of the body; of a new value, from that value's start.
    pub offset: usize,
    /// What was wrong there.
    pub kind: MultipartFaultKind,
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MultipartFaultKind {
    /// The boundary stands behind two dashes, but not as a line of its own.
    BadDelimiter,
    /// A part's header lines are malformed, or name no field, or name it twice.
    BadHead,
    /// No closing delimiter, or none at all.
    NotClosed,
    /// More parts than [`PARTS_MAX`](super::PARTS_MAX).
    TooManyParts,
    /// The value of a field that was asked for is not UTF-8.
    NotUtf8,
    /// A new value that holds the boundary.
    BoundaryInValue,
}

impl MultipartFaultKind {
    pub(super) fn at(self, offset: usize) -> MultipartFault {
        MultipartFault { offset, kind: self }
    }

    fn words(self) -> &'static str {
        match self {
            Self::BadDelimiter => "boundary outside a delimiter line",
            Self::BadHead => "malformed part header",
            Self::NotClosed => "missing closing delimiter",
            Self::TooManyParts => "too many parts",
            Self::NotUtf8 => "invalid UTF-8",
            Self::BoundaryInValue => "boundary in a value",
        }
    }
}

impl fmt::Display for MultipartFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at offset {}", self.kind.words(), self.offset)
    }
}

impl std::error::Error for MultipartFault {}
