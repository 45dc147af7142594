//! Why a JSON text was refused: a kind and an offset.
//!
//! It never holds or prints a byte of the text, so a fault may go to a log.

use std::fmt;

/// A refusal, told without any content of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonFault {
    /// Where, in bytes from the start of the slice that was handed in.
    pub offset: usize,
    /// What was wrong there.
    pub kind: FaultKind,
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// A byte that the grammar does not allow here; a byte order mark is one.
    UnexpectedByte,
    /// The text ends inside a value, or a span that was asked for leaves the text.
    UnexpectedEnd,
    /// Something other than white space after the value.
    TrailingBytes,
    /// An unescaped control character (below U+0020) in a string.
    ControlInString,
    /// A backslash followed by what is not one of JSON's escapes.
    BadEscape,
    /// A `\u` escape for half of a surrogate pair.
    LoneSurrogate,
    /// The bytes are not UTF-8.
    NotUtf8,
    /// More containers inside each other than the bound allows.
    TooDeep,
    /// More matches than the bound allows.
    TooManyLocated,
    /// More pointers asked for than [`POINTERS_MAX`](super::locate::POINTERS_MAX).
    TooManyPointers,
    /// A value, but not the object that was needed.
    NotAnObject,
}

impl FaultKind {
    pub(super) fn at(self, offset: usize) -> JsonFault {
        JsonFault { offset, kind: self }
    }

    fn words(self) -> &'static str {
        match self {
            Self::UnexpectedByte => "unexpected byte",
            Self::UnexpectedEnd => "unexpected end",
            Self::TrailingBytes => "trailing bytes",
            Self::ControlInString => "control character in a string",
            Self::BadEscape => "unknown escape",
            Self::LoneSurrogate => "lone surrogate",
            Self::NotUtf8 => "invalid UTF-8",
            Self::TooDeep => "nesting too deep",
            Self::TooManyLocated => "too many matches",
            Self::TooManyPointers => "too many pointers",
            Self::NotAnObject => "not an object",
        }
    }
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at offset {}", self.kind.words(), self.offset)
    }
}

impl std::error::Error for JsonFault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_a_kind_and_an_offset() {
        assert_eq!(FaultKind::UnexpectedByte.at(17).to_string(), "unexpected byte at offset 17");
    }
}
