//! What the scanner and the search promise together, by example.
//!
//! Negatives first. It never compares with another reader; `reference` does.

mod reference;

use super::*;
use std::ops::Range;

const SAMPLE: &str = "{\n \"op\" : \"x\\u0041\\ud83d\\ude00é\", \"user\":{\"h\":\"klk1_\",\"n\":[true,false , null,{}],\"\":[]},\n\"big\":-12345678901234567890.50e+10}";

fn found(source: &[u8], pointers: &[&str], bounds: Bounds) -> Result<Vec<Located>, JsonFault> {
    let pointers: Vec<_> = pointers.iter().map(|text| Pointer::parse(text).unwrap()).collect();
    locate(source, &pointers.iter().collect::<Vec<_>>(), &bounds)
}

fn refused(source: &[u8]) -> (FaultKind, usize) {
    let asked = found(source, &["/*/*"], Bounds::default()).unwrap_err();
    assert_eq!(
        found(source, &[], Bounds::default()).unwrap_err(),
        asked,
        "asking changes no verdict"
    );
    (asked.kind, asked.offset)
}

fn values(source: &str, pointers: &[&str]) -> Vec<(usize, String)> {
    let text = |located: &Located| (located.pointer, source[located.value.clone()].to_owned());
    found(source.as_bytes(), pointers, Bounds::default()).unwrap().iter().map(text).collect()
}

#[test]
fn what_the_grammar_does_not_allow_is_refused() {
    for text in [
        "+1",
        ".5",
        "-",
        "1.",
        "1.e5",
        "1e",
        "1e+",
        "--1",
        "NaN",
        "Infinity",
        "nul",
        "nulL",
        "True",
        "'a'",
        "a",
        "]",
        "}",
        ",",
        ":",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "{\"a\":1]",
        "{,}",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\" 1}",
        "{a:1}",
        "{1:1}",
        "{\"a\":1 \"b\":2}",
        "[1,,2]",
        "//x\n1",
        "/**/1",
        "\u{b}1",
        "\u{a0}1",
    ] {
        assert!(
            matches!(
                refused(text.as_bytes()).0,
                FaultKind::UnexpectedByte | FaultKind::UnexpectedEnd
            ),
            "{text}"
        );
    }
    for text in ["01", "-01", "0x1", "1 2", "{}{}", "null,", "\"a\"\"b\"", "1\0"] {
        assert_eq!(refused(text.as_bytes()).0, FaultKind::TrailingBytes, "{text}");
    }
}

#[test]
fn empty_texts_and_byte_order_marks_are_refused() {
    assert_eq!(refused(b""), (FaultKind::UnexpectedEnd, 0));
    assert_eq!(refused(b" \n\t\r"), (FaultKind::UnexpectedEnd, 4));
    assert_eq!(refused(b"\xef\xbb\xbf{}"), (FaultKind::UnexpectedByte, 0));
    assert_eq!(refused(b"{\"a\":\"\xc3\"}").0, FaultKind::NotUtf8);
    assert_eq!(refused(b"\xff\xfe{\0}\0"), (FaultKind::NotUtf8, 0));
    assert_eq!(refused(b"\"\xed\xa0\x80\""), (FaultKind::NotUtf8, 1));
}

#[test]
fn every_control_character_in_a_string_is_refused_wherever_it_stands() {
    for control in 0..0x20u8 {
        for before in 0..20 {
            let text = [b"\"".as_slice(), &vec![b'a'; before], &[control], b"aaaaaaaaa\""].concat();
            assert_eq!(refused(&text), (FaultKind::ControlInString, before + 1));
        }
    }
}

#[test]
fn half_a_surrogate_pair_is_refused_in_names_and_values() {
    assert_eq!(refused(br#"{"a":"\ud800"}"#), (FaultKind::LoneSurrogate, 6));
    assert_eq!(refused(br#"{"\uDC00":1}"#), (FaultKind::LoneSurrogate, 2));
    assert_eq!(refused(br#"["\q"]"#), (FaultKind::BadEscape, 2));
}

#[test]
fn ten_thousand_brackets_are_refused_at_the_bound() {
    for text in
        ["[".repeat(10_000), "{\"a\":".repeat(10_000), "[".repeat(10_000) + &"]".repeat(10_000)]
    {
        assert_eq!(refused(text.as_bytes()).0, FaultKind::TooDeep);
    }
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(refused(nested(129).as_bytes()), (FaultKind::TooDeep, 128));
    assert!(found(nested(128).as_bytes(), &["/*/*"], Bounds::default()).is_ok());
    let unbounded = Bounds { depth_max: usize::MAX, ..Bounds::default() };
    assert!(found(nested(1_000_000).as_bytes(), &["/0"], unbounded).is_ok());
    let flat = Bounds { depth_max: 0, ..Bounds::default() };
    assert!(found(b"1", &[""], flat).is_ok() && found(b"[]", &[""], flat).is_err());
}

#[test]
fn a_document_cut_at_any_byte_is_refused() {
    for end in 0..SAMPLE.len() {
        let (kind, offset) = refused(&SAMPLE.as_bytes()[..end]);
        assert!(
            matches!(kind, FaultKind::UnexpectedEnd | FaultKind::NotUtf8) && offset <= end,
            "{end}: {kind:?}"
        );
    }
    assert!(found(SAMPLE.as_bytes(), &["/*/*"], Bounds::default()).is_ok());
}

#[test]
fn more_matches_or_pointers_than_the_bounds_are_refused() {
    let two = Bounds { located_max: 2, ..Bounds::default() };
    assert_eq!(found(b"[1,2,3]", &["/*"], two), Err(FaultKind::TooManyLocated.at(5)));
    assert_eq!(found(b"[1,2]", &["/*"], two).unwrap().len(), 2);
    assert_eq!(found(b"{}", &["/a"; 65], Bounds::default()), Err(FaultKind::TooManyPointers.at(0)));
    assert_eq!(found(br#"{"a":1}"#, &["/a"; 64], Bounds::default()).unwrap().len(), 64);
}

#[test]
fn a_fault_tells_nothing_of_the_document() {
    let fault = found(br#"{"mail":"ann@example.com"x}"#, &[], Bounds::default()).unwrap_err();
    assert_eq!(fault.to_string(), "unexpected byte at offset 25");
    assert_eq!(format!("{fault:?}"), "JsonFault { offset: 25, kind: UnexpectedByte }");
}

#[test]
fn every_duplicate_matches_whatever_its_spelling() {
    let source = r#"{"a":1,"\u0061":2,"A":3,"a":{"a":4}}"#;
    assert_eq!(
        values(source, &["/a"]),
        [(0, "1".into()), (0, "2".into()), (0, r#"{"a":4}"#.into())]
    );
    assert_eq!(
        values(r#"{"a":{"b":1},"a":{"b":2}}"#, &["/a/b"]),
        [(0, "1".into()), (0, "2".into())]
    );
}

#[test]
fn stars_numbers_and_several_pointers_match_in_document_order() {
    let source = r#"[{"x":1},[2,3],{"1":4,"*":5}]"#;
    assert_eq!(
        values(source, &["/*/1", "/1", "/2/~2", "/1/*"]),
        [
            (1, "[2,3]".into()),
            (3, "2".into()),
            (0, "3".into()),
            (3, "3".into()),
            (0, "4".into()),
            (2, "5".into()),
        ]
    );
    assert_eq!(values(" 7 ", &["", "/a", ""]), [(0, "7".into()), (2, "7".into())]);
    assert_eq!(values(r#"["a"]"#, &["/00", "/-", "/a", "/1"]), []);
}

#[test]
fn a_match_tells_its_name_and_its_object() {
    let source = r#" {"a": {"\u0062" : [1]}, "c":2} "#;
    let [outer, inner, element] = <[Located; 3]>::try_from(
        found(source.as_bytes(), &["/a", "/a/b", "/a/b/0"], Bounds::default()).unwrap(),
    )
    .unwrap();
    let text = |span: Option<Range<usize>>| span.map(|span| &source[span]);
    assert_eq!((text(outer.name), text(outer.parent)), (Some("\"a\""), Some(source.trim())));
    assert_eq!(
        (text(inner.name), text(inner.parent)),
        (Some(r#""\u0062""#), Some(r#"{"\u0062" : [1]}"#))
    );
    assert_eq!((outer.kind, inner.kind, element.kind), (Kind::Object, Kind::Array, Kind::Number));
    assert_eq!((element.name, element.parent), (None, None));
}
