//! The members of one object, by span; what lies deeper is validated and stepped over.
//!
//! It never decodes, never copies, never recurses.

use super::fault::{FaultKind, JsonFault};
use super::scan::{Event, Kind, Scanner};
use std::ops::Range;

/// One member's places in the source.
pub(super) struct Place {
    /// The name, with its quotes.
    pub(super) name: Range<usize>,
    /// The value.
    pub(super) value: Range<usize>,
}

/// The members of the object that the scanner stands before, in order, duplicates included.
///
/// # Errors
/// Where the scanner's text is refused, or is a value other than an object.
pub(super) fn places(mut scanner: Scanner<'_>) -> Result<Vec<Place>, JsonFault> {
    enter(&mut scanner)?;
    let mut places = Vec::new();
    let mut name = None;
    while let Some(event) = scanner.next()? {
        let value = match event {
            Event::Name => {
                name = Some(scanner.span());
                continue;
            }
            Event::Leave => continue, // the object's own brace: deeper ones are stepped over
            Event::Enter(_) => scanner.skip()?,
            Event::Scalar(_) => scanner.span(),
        };
        places.extend(name.take().map(|name| Place { name, value }));
    }
    Ok(places)
}

/// Reads the object's opening brace.
fn enter(scanner: &mut Scanner<'_>) -> Result<(), JsonFault> {
    match scanner.next()? {
        Some(Event::Enter(Kind::Object)) => Ok(()),
        Some(_) | None => Err(FaultKind::NotAnObject.at(scanner.span().start)),
    }
}
