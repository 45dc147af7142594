//! JSON in JSON: an edit through two levels changes the slot and nothing else.
//!
//! It never checks the inner document by eye alone: serde_json reads both levels.

use super::*;
use crate::rewrite::json::{Bounds, FaultKind, Kind, Located, Pointer, locate, sample};
use crate::rewrite::splice::{Edit, splice};
use proptest::prelude::*;

fn only(source: &[u8], pointer: &str) -> Located {
    let pointer = Pointer::parse(pointer).unwrap();
    let [found] =
        <[Located; 1]>::try_from(locate(source, &[&pointer], &Bounds::default()).unwrap()).unwrap();
    found
}

/// The source with the string at `outer` opened, and in it the value at `slot` set.
fn set(source: &[u8], outer: &str, slot: &str, new: &str) -> Vec<u8> {
    let string = only(source, outer);
    let text = inner(&source[string.value.clone()]).unwrap();
    let edit = Edit { span: only(text.as_bytes(), slot).value, with: new.into() };
    let text = String::from_utf8(splice(text.as_bytes(), vec![edit]).unwrap()).unwrap();
    splice(source, vec![Edit { span: string.value, with: rewrap(&text) }]).unwrap()
}

#[test]
fn what_is_no_string_is_refused() {
    assert_eq!(inner(b"{}").unwrap_err().kind, FaultKind::UnexpectedByte);
    assert_eq!(inner(br#""{\"a\":1}"#).unwrap_err().kind, FaultKind::UnexpectedEnd);
    assert_eq!(inner(br#""{\"a\":\"\ud800\"}""#).unwrap_err().kind, FaultKind::LoneSurrogate);
}

#[test]
fn an_inner_document_that_is_no_json_is_refused_by_the_inner_search() {
    let text = inner(br#""{\"a\":}""#).unwrap();
    let fault = locate(text.as_bytes(), &[], &Bounds::default()).unwrap_err();
    assert_eq!(fault.kind, FaultKind::UnexpectedByte);
}

#[test]
fn a_slot_two_levels_down_is_set_and_escapes_around_it_are_spelled_anew() {
    let source = br#" { "n" : 1.50, "ctx":"{ \"id\":\"klk1_x\", \u0022t\": \"a\\nb\\u00e9\\\/\" }" , "z":[] }"#;
    let out = set(source, "/ctx", "/id", r#""A \"B\"""#);
    let wanted = br#" { "n" : 1.50, "ctx":"{ \"id\":\"A \\\"B\\\"\", \"t\": \"a\\nb\\u00e9\\/\" }" , "z":[] }"#;
    assert_eq!(String::from_utf8(out).unwrap(), String::from_utf8(wanted.to_vec()).unwrap());
}

proptest! {
    #[test]
    fn what_is_wrapped_is_the_same_text_inside(document in sample::document(), any: String) {
        for text in [document, any] {
            let quoted = rewrap(&text);
            prop_assert_eq!(inner(&quoted).unwrap(), text.as_str());
            prop_assert!(quoted.len() <= 6 * text.len() + 2);
            prop_assert_eq!(serde_json::from_slice::<String>(&quoted).unwrap(), text);
        }
    }

    #[test]
    fn an_edit_through_two_levels_leaves_all_else(
        before in sample::value(), after in sample::value(), space in sample::space(), new: String
    ) {
        let head = format!("{{\"before\":{before},{space}\"slot\":");
        let tail = format!("{space},\"after\":{after}}}");
        let text = format!("{head}\"klk1_x\"{tail}");
        let left = format!("{{\"x\":{before},{space}\"ctx\":{space}");
        let right = format!("{space},\"y\":{after}}}");
        let source = format!("{left}{}{right}", String::from_utf8(rewrap(&text)).unwrap());

        let out = set(source.as_bytes(), "/ctx", "/slot", &encode(&new));
        prop_assert!(out.starts_with(left.as_bytes()) && out.ends_with(right.as_bytes()));
        let string = only(&out, "/ctx");
        prop_assert_eq!(string.kind, Kind::String);
        prop_assert_eq!(&string.value, &(left.len()..out.len() - right.len()));
        let text = inner(&out[string.value]).unwrap();
        prop_assert_eq!(text, format!("{head}{}{tail}", encode(&new)));
    }
}
