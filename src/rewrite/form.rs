//! Fields of an urlencoded form, as a body (`application/x-www-form-urlencoded`) or a query string.
//!
//! It never follows only the first of two fields with one name: receivers disagree on which counts,
//! so every duplicate is found. It never takes `;` for a separator, never looks into the values of
//! other fields, and never awaits, reads no clock, file, socket or randomness.

use super::percent::{self, PercentFault, Plus, encode_component, encode_form};
use super::row;
use super::splice::Edit;
use std::fmt;
use std::ops::Range;

/// The most fields of a form, empty ones included: a thousand is where common servers stop reading.
pub const FIELDS_MAX: usize = 1024;

/// A field. Every span is in bytes of the source; `Debug` prints the text's size.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    /// The name as written, without its `=`.
    pub name: Range<usize>,
    /// The value as written; `None` where the field has no `=`.
    pub value: Option<Range<usize>>,
    /// The value, decoded; empty where there is none.
    pub text: String,
    plus: Plus,
}

/// Why a form was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormFault {
    /// A name, or the value of a field that was asked for, is not percent-encoded UTF-8.
    Encoding(PercentFault),
    /// More than [`FIELDS_MAX`] fields.
    TooManyFields,
}

/// Every field of this name, in order. Names are compared decoded: `user%5Bid%5D` is `user[id]`.
///
/// # Errors
/// [`FormFault`]: where any field's name cannot be read with certainty, where the value of a field
/// of this name cannot, or past the bound. Values of other fields are not read.
pub fn fields(source: &[u8], name: &str, plus: Plus) -> Result<Vec<Field>, FormFault> {
    matching(source, |other| other == name, plus)
}

/// As [`fields`], whatever the case of a name's ASCII letters: as a server that binds names in any
/// case reads them.
///
/// # Errors
/// As [`fields`].
pub fn fields_in_any_case(source: &[u8], name: &str, plus: Plus) -> Result<Vec<Field>, FormFault> {
    matching(source, |other| other.eq_ignore_ascii_case(name), plus)
}

fn matching(source: &[u8], is: impl Fn(&str) -> bool, plus: Plus) -> Result<Vec<Field>, FormFault> {
    let mut found = Vec::new();
    let mut next = 0;
    for (n, piece) in source.split(|byte| *byte == b'&').enumerate() {
        if n >= FIELDS_MAX {
            return Err(FormFault::TooManyFields);
        }
        let start = next;
        next += piece.len() + 1;
        if piece.is_empty() {
            continue; // `a=1&&b=2`: nothing stands there, not a field with an empty name
        }
        found.extend(field(piece, start, &is, plus)?);
    }
    Ok(found)
}

/// The edit that gives the field this value, percent-encoded as the form was read. A field without a
/// `=` gets one.
pub fn replace(field: &Field, new: &str) -> Edit {
    let encoded = match field.plus {
        Plus::Space => encode_form(new),
        Plus::Literal => encode_component(new),
    };
    match &field.value {
        Some(value) => Edit { span: value.clone(), with: encoded.into_bytes() },
        None => {
            let Range { end, .. } = field.name;
            Edit { span: end..end, with: format!("={encoded}").into_bytes() }
        }
    }
}

/// The edits that take these fields out, each with one `&`. All that go are told at once: neighbours
/// share an edit, and two calls' edits could overlap, which [`splice`](super::splice::splice) refuses.
pub fn remove<'f>(source: &[u8], fields: impl IntoIterator<Item = &'f Field>) -> Vec<Edit> {
    let end = |field: &Field| field.value.as_ref().map_or(field.name.end, |value| value.end);
    let pieces = fields.into_iter().map(|field| field.name.start..end(field)).collect();
    row::cut(source, b'&', pieces)
}

/// The field that stands at `start`, if it has such a name.
fn field(
    piece: &[u8],
    start: usize,
    is: impl Fn(&str) -> bool,
    plus: Plus,
) -> Result<Option<Field>, FormFault> {
    let sign = memchr::memchr(b'=', piece);
    let (name, value) = piece.split_at(sign.unwrap_or(piece.len()));
    let decode = |part, at| {
        percent::decode(part, plus).map_err(|fault| FormFault::Encoding(fault.shifted(at)))
    };
    if !is(&decode(name, start)?) {
        return Ok(None);
    }
    let name = start..start + name.len();
    let value_start = name.end + 1;
    let text = decode(value.get(1..).unwrap_or_default(), value_start)?.into_owned();
    let value = sign.map(|_| value_start..start + piece.len());
    Ok(Some(Field { name, value, text, plus }))
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({:?}, value {:?}, {} bytes)", self.name, self.value, self.text.len())
    }
}

impl fmt::Display for FormFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding(fault) => fault.fmt(f),
            Self::TooManyFields => f.write_str("too many form fields"),
        }
    }
}

impl std::error::Error for FormFault {}

#[cfg(test)]
mod tests;
