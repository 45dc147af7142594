//! Text fields of a `multipart/form-data` body (RFC 7578), by name.
//!
//! It never takes a file for a field, never reads a boundary leniently (a line that one receiver
//! might take for a delimiter and another not is refused), and never touches preamble, epilogue or
//! other parts. It never awaits, reads no clock, file, socket or randomness.

mod fault;
mod head;
mod params;

pub use fault::{MultipartFault, MultipartFaultKind};

use super::splice::Edit;
use head::{Content, Head};
use memchr::memmem;
use std::fmt;
use std::ops::Range;

/// The most parts of a body: a form with some hundred fields is past any that a chat sends.
pub const PARTS_MAX: usize = 256;

/// The most characters of a boundary, as RFC 2046 has it.
pub const BOUNDARY_MAX: usize = 70;

/// What divides the parts, known to be 1 to [`BOUNDARY_MAX`] of RFC 2046's characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundary {
    /// The boundary behind its two dashes.
    dashed: String,
}

/// A text field. Every span is in bytes of the source; `Debug` prints the text's size.
#[derive(Clone, PartialEq, Eq)]
pub struct Part {
    /// From the part's own delimiter to the next: what goes where the part goes.
    pub span: Range<usize>,
    /// The value as written.
    pub value: Range<usize>,
    /// The same as text.
    pub text: String,
}

/// The boundary that a `Content-Type` value names, as a token or quoted. `None` where the type is not
/// `multipart/form-data`, and where the parameter is missing, twice there, or not allowed.
pub fn boundary(content_type: &str) -> Option<Boundary> {
    let (essence, list) = params::read(content_type)?;
    let text = params::only(&list, "boundary")??;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    let valid = essence.eq_ignore_ascii_case("multipart/form-data")
        && (1..=BOUNDARY_MAX).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.ends_with(' ');
    valid.then(|| Boundary { dashed: format!("--{text}") })
}

/// Every field of this name, in order: parts without a file name, of no type or a `text/` one in
/// UTF-8, and not transfer-encoded. Names are compared as written. Other parts are only checked.
///
/// # Errors
/// [`MultipartFault`]: where the body is not whole and unambiguous, where the value of a field of
/// this name is not UTF-8, or past [`PARTS_MAX`].
pub fn fields(source: &[u8], boundary: &Boundary, name: &str) -> Result<Vec<Part>, MultipartFault> {
    let mut found = Vec::new();
    let mut open: Option<Range<usize>> = None; // the delimiter line before the part that is read
    for (n, at) in memmem::find_iter(source, &boundary.dashed).enumerate() {
        let (end, line) = delimiter(source, at..at + boundary.dashed.len())?;
        if let Some(opened) = open {
            found.extend(part(source, opened, at, name)?);
        }
        match line {
            Delimiter::Close => return Ok(found),
            Delimiter::Open if n >= PARTS_MAX => {
                return Err(MultipartFaultKind::TooManyParts.at(at));
            }
            Delimiter::Open => open = Some(at..end),
        }
    }
    Err(MultipartFaultKind::NotClosed.at(source.len()))
}

/// The edit that gives the field this value, as it is.
///
/// # Errors
/// [`MultipartFaultKind::BoundaryInValue`], at its offset in the value, where the boundary stands in
/// it behind two dashes: at the start of a line or not, as some receivers take any line end for one.
pub fn replace(boundary: &Boundary, part: &Part, new: &str) -> Result<Edit, MultipartFault> {
    if let Some(at) = memmem::find(new.as_bytes(), boundary.dashed.as_bytes()) {
        return Err(MultipartFaultKind::BoundaryInValue.at(at));
    }
    Ok(Edit { span: part.value.clone(), with: new.as_bytes().to_vec() })
}

/// The edit that takes the field out, with its delimiter. Those of several fields never overlap.
pub fn remove(part: &Part) -> Edit {
    Edit { span: part.span.clone(), with: Vec::new() }
}

/// The two lines that divide.
enum Delimiter {
    /// A part follows.
    Open,
    /// The last part has ended.
    Close,
}

/// Reads the line that the dashed boundary at `dashed` stands in, which must begin with it, and tells
/// where the line ends.
fn delimiter(source: &[u8], dashed: Range<usize>) -> Result<(usize, Delimiter), MultipartFault> {
    let Range { start, end } = dashed;
    let bad = MultipartFaultKind::BadDelimiter.at(start);
    let before = source.get(..start).unwrap_or_default();
    if !before.is_empty() && !before.ends_with(b"\r\n") {
        return Err(bad);
    }
    let rest = source.get(end..).unwrap_or_default();
    let (rest, line) = match rest.strip_prefix(b"--") {
        Some(rest) => (rest, Delimiter::Close),
        None => (rest, Delimiter::Open),
    };
    let padding = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let rest = rest.get(padding..).unwrap_or_default();
    match (rest.strip_prefix(b"\r\n"), &line) {
        (Some(next), _) => Ok((source.len() - next.len(), line)),
        (None, Delimiter::Close) if rest.is_empty() => Ok((source.len(), line)),
        (None, Delimiter::Open | Delimiter::Close) => Err(bad),
    }
}

/// The part between a delimiter line and the delimiter at `next`, if it is a field of this name.
fn part(
    source: &[u8],
    opened: Range<usize>,
    next: usize,
    name: &str,
) -> Result<Option<Part>, MultipartFault> {
    let bad = MultipartFaultKind::BadHead.at(opened.end);
    // The line end before a delimiter belongs to the delimiter.
    let end = next.saturating_sub(2);
    let inside = source.get(opened.end..end).ok_or(bad)?;
    let head_len = memmem::find(inside, b"\r\n\r\n").ok_or(bad)?;
    let (head, _) = inside.split_at(head_len);
    let Head { name: own, content } = head::read(head).ok_or(bad)?;
    match content {
        Content::Text if own == name => {}
        Content::Text | Content::Other => return Ok(None),
    }
    let value = opened.end + head_len + 4..end;
    let text = std::str::from_utf8(source.get(value.clone()).unwrap_or_default());
    let text = text.map_err(|e| MultipartFaultKind::NotUtf8.at(value.start + e.valid_up_to()))?;
    Ok(Some(Part { span: opened.start..next, text: text.to_owned(), value }))
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({:?}, value {:?}, {} bytes)", self.span, self.value, self.text.len())
    }
}

#[cfg(test)]
mod tests;
