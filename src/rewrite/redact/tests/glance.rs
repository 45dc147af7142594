//! A glance clears a text or does not know; what it clears holds no value.

use super::super::*;
use super::{VALUES, needles, plain_search};
use ::base64::Engine;
use ::base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

const ANSWER: &str = r#"{"id":"5f3c","text":"Where is my order?","at":1763812800,"more":[]}"#;

fn clears(needles: &Needles, texts: &[&str]) -> bool {
    needles.are_absent(texts.iter().map(|text| text.as_bytes()))
}

#[test]
fn a_text_that_holds_a_value_is_never_cleared() {
    for value in VALUES {
        for before in ["", "a", "ab", "abc"] {
            let plain = format!("{before}{value}");
            for text in [&plain, &STANDARD.encode(&plain), &URL_SAFE_NO_PAD.encode(&plain)] {
                assert!(!clears(&needles(&VALUES), &[ANSWER, text]), "{text}");
                assert!(!clears(&needles(&[value]), &[text, ANSWER]), "{text}");
            }
        }
    }
    for text in ["ZOE.MUELLER@EXAMPLE.COM", &STANDARD.encode("Zoe.MUELLER@Example.com")] {
        assert!(!clears(&needles(&VALUES), &[text]), "{text}");
    }
}

#[test]
fn a_value_that_begins_and_does_not_end_in_a_text_is_not_there() {
    let needles = needles(&["00000042", "Where is my hat?"]);
    assert!(clears(&needles, &[r#"{"next":"00001"}"#, ANSWER]));
}

#[test]
fn a_short_value_is_seen_where_it_is_a_whole_json_value() {
    for (value, text) in [
        ("42", "42"),
        ("42", "[1, 42]"),
        ("42", r#"{"a":42}"#),
        ("4", "4"),
        ("é", r#""é""#),
        ("DE", r#"{"land":"DE"}"#),
        ("true", r#"{"land":"true"}"#),
    ] {
        assert!(!clears(&needles(&[value]), &[text]), "{text}");
    }
    assert!(clears(&needles(&["42", "DE"]), &[ANSWER, "1420", "\"IDEA\""]));
}

#[test]
fn a_text_without_values_is_cleared_and_the_filter_is_never_made() {
    let needles = needles(&["Ann Smith-Jones", "ann@example.com", "+49 170 1234", "42"]);
    assert!(clears(&needles, &[ANSWER, "application/json", "", "x"]));
    let mut out = BytesMut::new();
    let mut redactor = Redactor::new(Arc::clone(&needles), Sought::Everything);
    redactor.finish_with(ANSWER.as_bytes(), &mut out);
    assert_eq!(out, ANSWER);
    assert!(!needles.has_filter());
}

#[test]
fn escapes_long_texts_and_many_of_them_are_left_to_the_filter() {
    for text in [r"a\u0041", "a%41", "&amp;", &"a".repeat(1025)] {
        assert!(!clears(&needles(&["nancy"]), &[text]), "{text}");
    }
    let often = needles(&["nancy"]);
    assert_eq!((0..20).filter(|_| clears(&often, &[ANSWER])).count(), 8);
    let made = needles(&["nancy"]);
    assert!(redact(&made, b"my name is nancy").is_some());
    assert!(!clears(&made, &[ANSWER]));
}

fn piece() -> impl Strategy<Value = String> {
    let value = prop::sample::select(&VALUES[..]);
    let coded = (value.clone(), "[a-zA-Z ]{0,3}")
        .prop_map(|(value, before)| STANDARD.encode(before + value));
    let part = (value.clone(), 0usize..12, 1usize..12)
        .prop_map(|(text, from, len)| text.chars().skip(from).take(len).collect());
    let crumbs = prop::sample::select(&["42", "\"42\"", ":42,", "[", "+", " ", "é", "Zoë+M"][..]);
    let cased = value.clone().prop_map(str::to_uppercase);
    let value = value.prop_map(str::to_owned);
    prop_oneof![value, coded, part, cased, crumbs.prop_map(str::to_owned), "[ -~]{0,9}"]
}

proptest! {
    #![proptest_config(super::properties::config(3000))]

    #[test]
    fn what_is_cleared_holds_no_value(
        texts in prop::collection::vec(prop::collection::vec(piece(), 0..3), 1..3),
        chosen in prop::collection::vec(prop::sample::select(&VALUES[..]), 1..3),
        short in prop::option::of(prop::sample::select(&["42", "a", "true", "é"][..])),
    ) {
        let texts: Vec<String> = texts.into_iter().map(|pieces| pieces.concat()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let values: Vec<&str> = chosen.into_iter().chain(short).collect();
        let needles = needles(&values);
        if clears(&needles, &texts) {
            for text in texts {
                let searched = plain_search(&needles, text.as_bytes());
                prop_assert_eq!(String::from_utf8_lossy(&searched), text);
            }
        }
    }
}
