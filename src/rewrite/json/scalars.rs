//! Every string and number of a document, however deep: what a payload says.
//!
//! Member names are not values, and `true`, `false` and `null` say nothing about a
//! person. It never builds a tree and never recurses.

use super::fault::JsonFault;
use super::locate::Bounds;
use super::scan::{Event, Kind, Scanner};
use super::text::decode;
use std::borrow::Cow;

/// The values in the document's order: strings decoded, numbers as they are written.
///
/// # Errors
/// Where the document is not JSON, or nests deeper than [`Bounds`]' default.
pub fn scalars(document: &[u8]) -> Result<Vec<Cow<'_, str>>, JsonFault> {
    let mut scanner = Scanner::new(document, 0..document.len(), Bounds::default().depth_max)?;
    let mut found = Vec::new();
    while let Some(event) = scanner.next()? {
        let raw = document.get(scanner.span()).unwrap_or_default();
        match event {
            Event::Scalar(Kind::String) => found.push(decode(raw)?),
            Event::Scalar(Kind::Number) => found.push(String::from_utf8_lossy(raw)),
            Event::Scalar(Kind::True | Kind::False | Kind::Null | Kind::Object | Kind::Array)
            | Event::Name
            | Event::Enter(_)
            | Event::Leave => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_or_too_deep_is_refused() {
        for text in ["", "{", "{} x", &"[".repeat(200)] {
            assert!(scalars(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn strings_and_numbers_come_out_and_names_and_truths_do_not() {
        let text = r#"{"name":"A\u006en","a":[1.50,{"b":"x","n":null}],"t":true,"e":""}"#;
        assert_eq!(scalars(text.as_bytes()).unwrap(), ["Ann", "1.50", "x", ""]);
    }
}
