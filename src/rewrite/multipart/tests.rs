//! Multipart bodies: what is refused, which parts are fields, and that all else stays.
//!
//! It never writes a body the way the room reads one: parts are joined from a list.

use super::*;
use crate::rewrite::splice::splice;
use proptest::prelude::*;

const BODY: &str = "pre\r\n--XX\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\nklk1_x\r\n\
    --XX \t\r\nContent-Disposition: form-data; name=\"id\"; filename=\"f\"\r\n\r\nklk1_x\r\n\
    --XX\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n\r\n--XX--\r\nepilogue";

fn xx() -> Boundary {
    boundary("multipart/form-data; boundary=XX").unwrap()
}

fn refused(body: &str) -> (MultipartFaultKind, usize) {
    let fault = fields(body.as_bytes(), &xx(), "id").unwrap_err();
    (fault.kind, fault.offset)
}

fn texts(body: &str, name: &str) -> Vec<String> {
    let parts = fields(body.as_bytes(), &xx(), name).unwrap();
    parts.into_iter().map(|part| part.text).collect()
}

fn spliced(body: &str, edits: Vec<Edit>) -> String {
    String::from_utf8(splice(body.as_bytes(), edits).unwrap()).unwrap()
}

#[test]
fn a_content_type_without_one_allowed_boundary_has_none() {
    let long = format!("multipart/form-data; boundary={}", "a".repeat(71));
    for value in [
        "",
        "multipart/form-data",
        "multipart/mixed; boundary=XX",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"X \"",
        "multipart/form-data; boundary=\"X\\\"Y\"",
        "multipart/form-data; boundary=\"X@Y\"",
        "multipart/form-data; boundary=X; boundary=X",
        "multipart/form-data; boundary=X Y",
        "multipart/form-data; boundary=X/Y",
        "multipart/form-data boundary=X",
        &long,
    ] {
        assert_eq!(boundary(value), None, "{value}");
    }
    assert!(boundary(&long[..long.len() - 1]).is_some());
    assert!(boundary("Multipart/Form-Data;charset=utf-8; BOUNDARY=\"a b'()+_,-./:=?c\"").is_some());
}

#[test]
fn a_body_that_is_not_closed_is_refused() {
    assert_eq!(refused(""), (MultipartFaultKind::NotClosed, 0));
    assert_eq!(refused("x"), (MultipartFaultKind::NotClosed, 1));
    let close = BODY.find("--XX--").unwrap();
    for end in 0..close + 6 {
        assert!(fields(&BODY.as_bytes()[..end], &xx(), "id").is_err(), "{end}");
    }
    assert!(fields(&BODY.as_bytes()[..close + 6], &xx(), "id").is_ok());
}

#[test]
fn a_boundary_that_is_no_line_of_its_own_is_refused() {
    for body in [
        "x--XX--",
        "\n--XX--",
        "\r--XX--",
        "--XXY\r\n",
        "--XX\n",
        "--XX-\r\n",
        "--XX--x",
        "--XX-- \n",
    ] {
        assert_eq!(refused(body).0, MultipartFaultKind::BadDelimiter, "{body:?}");
    }
    let inside = BODY.replacen("klk1_x", "a\n--XX\nb", 1);
    assert_eq!(
        refused(&inside),
        (MultipartFaultKind::BadDelimiter, inside.find("\n--XX\n").unwrap() + 1)
    );
}

#[test]
fn a_part_without_a_whole_head_is_refused() {
    for part in ["", "x\r\n", "\r\nx\r\n", "A: b\r\n", "A: b\r\n\r\n", "A: b\r\n\r\nx\r\n"] {
        let body = format!("--XX\r\n{part}--XX--");
        assert_eq!(refused(&body), (MultipartFaultKind::BadHead, 6), "{part:?}");
    }
}

#[test]
fn more_parts_than_the_bound_are_refused() {
    let part = "--XX\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n1\r\n";
    assert_eq!(refused(&(part.repeat(257) + "--XX--")).0, MultipartFaultKind::TooManyParts);
    assert_eq!(texts(&(part.repeat(256) + "--XX--"), "id").len(), 256);
}

#[test]
fn a_value_that_is_not_utf8_is_refused_only_where_it_was_asked_for() {
    let body = [&BODY.as_bytes()[..59], b"\xff", &BODY.as_bytes()[60..]].concat();
    let fault = fields(&body, &xx(), "id").unwrap_err();
    assert_eq!(fault, MultipartFaultKind::NotUtf8.at(59));
    assert_eq!(fault.to_string(), "invalid UTF-8 at offset 59");
    assert_eq!(fields(&body, &xx(), "b").unwrap().len(), 1);
}

#[test]
fn a_value_that_holds_the_boundary_is_refused() {
    let part = fields(BODY.as_bytes(), &xx(), "id").unwrap().remove(0);
    for new in ["--XX", "a\r\n--XX--", "a\n--XX", "a--XXb"] {
        let fault = replace(&xx(), &part, new).unwrap_err();
        assert_eq!(fault, MultipartFaultKind::BoundaryInValue.at(new.find("--").unwrap()));
    }
    assert!(replace(&xx(), &part, "XX\r\n-XX\r\n").is_ok());
}

#[test]
fn files_are_no_fields_and_preamble_and_epilogue_stay() {
    assert_eq!(texts(BODY, "id"), ["klk1_x"]);
    assert_eq!(texts(BODY, "b"), [""]);
    assert!(texts(BODY, "ID").is_empty());
    let part = fields(BODY.as_bytes(), &xx(), "id").unwrap().remove(0);
    let out = spliced(BODY, vec![replace(&xx(), &part, "Ann\r\nZoë").unwrap()]);
    assert_eq!(out, BODY.replacen("klk1_x", "Ann\r\nZoë", 1));
    assert_eq!(format!("{part:?}"), "Part(5..64, value 56..62, 6 bytes)");
}

#[test]
fn a_form_without_fields_is_whole() {
    assert!(texts("--XX--", "id").is_empty());
    assert!(texts("preamble\r\n--XX--\r\n--XX not read", "id").is_empty());
}

/// A body of fields by name and value, with a preamble and an epilogue.
fn body(parts: &[(String, String)]) -> String {
    let part = |(name, value): &(String, String)| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let parts: String = parts.iter().map(part).collect();
    format!("pre\r\n{parts}--XX--\r\nepi")
}

fn parts() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(("id|a|a\\[b\\]|", "([a-zé]|\r|\n|\r\n|-){0,6}"), 0..6)
}

proptest! {
    #[test]
    fn what_is_written_is_found_replaced_and_removed(parts in parts(), new in "([a-zé]|\r|\n|X|-)*") {
        let source = body(&parts);
        let named: Vec<_> = (0..parts.len()).filter(|n| parts[*n].0 == "id").collect();
        let found = fields(source.as_bytes(), &xx(), "id").unwrap();
        prop_assert_eq!(found.len(), named.len());
        for (part, n) in found.iter().zip(&named) {
            prop_assert_eq!(&part.text, &parts[*n].1);
            let mut wanted = parts.clone();
            if let Ok(edit) = replace(&xx(), part, &new) {
                wanted[*n].1.clone_from(&new);
                prop_assert_eq!(spliced(&source, vec![edit]), body(&wanted));
                prop_assert!(texts(&body(&wanted), "id").contains(&new));
            } else {
                prop_assert!(new.contains("--XX"));
            }
        }
        let rest: Vec<_> = parts.iter().filter(|part| part.0 != "id").cloned().collect();
        prop_assert_eq!(spliced(&source, found.iter().map(remove).collect()), body(&rest));
    }

    #[test]
    fn any_bytes_are_read_or_refused_and_never_panic(
        pieces in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..4),
            prop::sample::select(vec!["\r\n", "--XX", "--", "\r\n\r\n", "Content-Disposition: form-data; name=id", ": "])
                .prop_map(|piece| piece.as_bytes().to_vec()),
        ], 0..14),
        content_type: String,
        boundaries in "multipart/form-data; ?boundary=\"?[A-Z= ]{0,4}\"?",
    ) {
        let source = pieces.concat();
        for part in fields(&source, &xx(), "id").unwrap_or_default() {
            prop_assert_eq!(part.text.as_bytes(), &source[part.value.clone()]);
            prop_assert!(part.span.start < part.value.start && part.value.end < part.span.end);
        }
        let _ = (boundary(&content_type), boundary(&boundaries));
    }

    #[test]
    fn a_boundary_of_dashes_never_panics(source in "[-\r\n:x]{0,40}", dashes in "-{1,4}") {
        let boundary = boundary(&format!("multipart/form-data; boundary={dashes}")).unwrap();
        let _ = fields(source.as_bytes(), &boundary, "x");
    }
}
