//! The two patterns of a dialect's file: calls and pointers, each with what to
//! write instead.
//!
//! What they mean is known to `dialect::call` and `rewrite::json::pointer` alone.

use crate::config::at::At;
use crate::config::notes::Notes;
use crate::dialect::call::CallPattern;
use crate::rewrite::json::pointer::{Pointer, PointerFault, SEGMENTS_MAX, Segment};

/// A method and a path.
pub(super) fn call(text: &At<String>, notes: &mut Notes<'_>) -> Option<CallPattern> {
    match CallPattern::parse(text) {
        Ok(call) => Some(call),
        Err(fault) => {
            notes.wrong(&text.span(), fault.to_string());
            None
        }
    }
}

/// A JSON pointer, with wildcards.
pub(super) fn pointer(text: &At<String>, notes: &mut Notes<'_>) -> Option<Pointer> {
    let fault = match Pointer::parse(text) {
        Ok(pointer) => return Some(pointer),
        Err(fault) => fault,
    };
    let message = match fault {
        PointerFault::NoLeadingSlash => "a pointer begins with \"/\"".to_owned(),
        PointerFault::BadEscape => "\"~\" is written \"~0\", and \"/\" in a name \"~1\"".to_owned(),
        PointerFault::TooManySegments => {
            format!("a pointer has at most {SEGMENTS_MAX} segments")
        }
    };
    notes.fix(&text.span(), message, "write \"/context/id\"");
    None
}

/// A JSON pointer to one place.
pub(super) fn exact_pointer(text: &At<String>, notes: &mut Notes<'_>) -> Option<Pointer> {
    let pointer = pointer(text, notes)?;
    if pointer.segments().contains(&Segment::Any) {
        notes.wrong(&text.span(), "must be one place, without \"*\"");
        return None;
    }
    Some(pointer)
}
