//! Every string and number of a document, however deep: what a payload says.
//!
//! Member names are not values, and `true`, `false` and `null` say nothing about a
//! person. It never builds a tree and never recurses.

use super::fault::JsonFault;
use super::locate::Bounds;
use super::scan::{Event, Kind, Scanner};
use super::text::decode_read;
use std::borrow::Cow;

/// Gives `each` the values in the document's order: strings decoded, numbers as they are written.
///
/// # Errors
/// Where the document is not JSON, or nests deeper than [`Bounds`]' default; what stands before
/// has been given by then.
pub fn scalars<'d>(
    document: &'d [u8],
    mut each: impl FnMut(Cow<'d, str>),
) -> Result<(), JsonFault> {
    let mut scanner = Scanner::new(document, 0..document.len(), Bounds::default().depth_max)?;
    while let Some(event) = scanner.next()? {
        let raw = document.get(scanner.span()).unwrap_or_default();
        match event {
            Event::Scalar(Kind::String) => each(decode_read(raw)?),
            Event::Scalar(Kind::Number) => each(String::from_utf8_lossy(raw)),
            Event::Scalar(Kind::True | Kind::False | Kind::Null | Kind::Object | Kind::Array)
            | Event::Name
            | Event::Enter(_)
            | Event::Leave => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_or_too_deep_is_refused() {
        for text in ["", "{", "{} x", &"[".repeat(200)] {
            assert!(scalars(text.as_bytes(), drop).is_err(), "{text}");
        }
    }

    #[test]
    fn strings_and_numbers_come_out_and_names_and_truths_do_not() {
        let text = r#"{"name":"A\u006en","a":[1.50,{"b":"x","n":null}],"t":true,"e":""}"#;
        let mut found = Vec::new();
        scalars(text.as_bytes(), |value| found.push(value)).unwrap();
        assert_eq!(found, ["Ann", "1.50", "x", ""]);
    }
}
