//! One segment of a URL's path, by its position.
//!
//! It never resolves dot segments, never merges slashes and never normalises an escape: segments are
//! counted as sent. It never lets a value add or remove a segment, and never awaits, reads no clock,
//! file, socket or randomness.

use super::percent::{PercentFault, decode_component, encode_component};
use super::splice::Edit;
use std::fmt;
use std::ops::Range;

/// A segment. `Debug` prints the text's size.
#[derive(Clone, PartialEq, Eq)]
pub struct Segment {
    /// The segment as written, without slashes, in bytes of the path.
    pub span: Range<usize>,
    /// The segment, decoded; an encoded slash is data.
    pub text: String,
}

/// Why a path, or a value for one, was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFault {
    /// The segment is not percent-encoded UTF-8.
    Encoding(PercentFault),
    /// An empty value: the slashes around it could be read as one.
    Empty,
    /// The value `.` or `..`, which moves within the path, however it is escaped.
    Dots,
}

/// The segment at `index`, from 0: `/a/b` has `a` and `b`, `/a/` has `a` and an empty one. What
/// follows a `?` or `#` is no path. `None` past the last segment, and where the path does not begin
/// with a slash.
///
/// # Errors
/// [`PathFault::Encoding`] where that segment cannot be decoded; the others are not read.
pub fn segment(path: &[u8], index: usize) -> Result<Option<Segment>, PathFault> {
    let end = path.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(path.len());
    let Some(inside) = path.get(..end).and_then(|path| path.strip_prefix(b"/")) else {
        return Ok(None);
    };
    let mut start = 1;
    for (n, piece) in inside.split(|byte| *byte == b'/').enumerate() {
        if n < index {
            start += piece.len() + 1;
            continue;
        }
        let decoded = decode_component(piece);
        let text = decoded.map_err(|fault| PathFault::Encoding(fault.shifted(start)))?.into_owned();
        return Ok(Some(Segment { span: start..start + piece.len(), text }));
    }
    Ok(None)
}

/// The edit that makes the segment this text, percent-encoded: a slash becomes `%2F`, so the path
/// keeps its shape for every receiver that splits before it decodes.
///
/// # Errors
/// [`PathFault::Empty`] and [`PathFault::Dots`]: such a value would change what the path means.
pub fn replace(segment: &Segment, new: &str) -> Result<Edit, PathFault> {
    match new {
        "" => Err(PathFault::Empty),
        "." | ".." => Err(PathFault::Dots),
        new => Ok(Edit { span: segment.span.clone(), with: encode_component(new).into_bytes() }),
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment({:?}, {} bytes)", self.span, self.text.len())
    }
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding(fault) => fault.fmt(f),
            Self::Empty => f.write_str("empty value for a path segment"),
            Self::Dots => f.write_str("dot segment as the value of a path segment"),
        }
    }
}

impl std::error::Error for PathFault {}

#[cfg(test)]
mod tests;
