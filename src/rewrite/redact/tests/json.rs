//! Values in JSON: short ones, numbers, and texts whose length must stay.

use super::super::*;
use super::spell::spellings;
use super::{VALUES, cut, every_cut, mark, needles, whole};
use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;

#[test]
fn the_same_length_stays_the_same() {
    let needles = VALUES
        .iter()
        .fold(Needles::builder(), |b, v| b.add(v, Replacement::SameLength))
        .short(Shortness { number: 0, ..Shortness::default() })
        .add("42", Replacement::SameLength)
        .build()
        .unwrap();
    for value in VALUES {
        for spelt in spellings(value) {
            for text in [
                format!("\"{spelt}\""),
                format!("{{\"a\": {spelt}, \"b\":42,\"c\":\"42\"}}"),
                STANDARD.encode(&spelt),
            ] {
                assert_eq!(whole(&needles, &text).len(), text.len(), "{text}");
            }
        }
    }
    assert_eq!(whole(&needles, "Zo%C3%AB M\\u00fcller"), "*".repeat(20));
    assert_eq!(whole(&needles, r#"{"a":42}"#), r#"{"a":11}"#);
}

#[test]
fn a_short_value_is_found_only_as_a_whole_json_value() {
    let needles = needles(&["42", "Al", "7", "true", "é", "a\"b"]);
    for text in [
        "142",
        "x 42 y",
        "\"a42\"",
        r#"{"42":1}"#,
        r#"{"Al" : 1}"#,
        r#"{"a":"Al "}"#,
        r#"{"a":"Also"}"#,
        r#"{"a":420}"#,
        r#"{"a":4.2,"b":-42,"c":42.5}"#,
        "Al",
        "\"say \\\"Al\\\" now\"",
        r#"{"a":"x, 42 y"}"#,
        "QWw=",
        r#"{"a":truer}"#,
        r#"{"a":true}"#,
        r#"["A\u006c","AL"]x"#.get(6..).unwrap(),
        r#"{"x":[427,"7 "]}"#,
        "Al, Al",
        "text \"Al\" text",
    ] {
        assert_eq!(redact(&needles, text.as_bytes()).map(String::from_utf8), None, "{text}");
        every_cut(&needles, text, text);
    }
    for (text, wanted) in [
        (r#"{"a":"42"}"#, r#"{"a":"[redacted]"}"#),
        (r#"{"a":42}"#, r#"{"a":"[redacted]"}"#),
        (r#"{"a" : 42 , "b":1}"#, r#"{"a" : "[redacted]" , "b":1}"#),
        ("[7]", "[1]"),
        ("[\n  7\n]", "[\n  1\n]"),
        (r#"[1,"Al"]"#, r#"[1,"[redacted]"]"#),
        (r#""Al""#, r#""[redacted]""#),
        ("42", "11"),
        (r#"{"a":"true"}"#, r#"{"a":"[redacted]"}"#),
        (r#"{"a":"\u0041l"}"#, r#"{"a":"[redacted]"}"#),
        (r#"{"a":"\u00e9"}"#, r#"{"a":"[redacted]"}"#),
        (r#"{"a":"é"}"#, r#"{"a":"[redacted]"}"#),
        (r#"{"a":"a\"b"}"#, r#"{"a":"[redacted]"}"#),
        (r#"{"j":"{\"a\":\"Al\"}"}"#, r#"{"j":"{\"a\":\"[redacted]\"}"}"#),
        (r#"{"j":"{\"a\":\"7\"}"}"#, r#"{"j":"{\"a\":\"[redacted]\"}"}"#),
        (r#"{"j":"{\"a\":7}"}"#, r#"{"j":"{\"a\":1}"}"#),
    ] {
        every_cut(&needles, text, wanted);
    }
}

#[test]
fn a_short_number_is_found_in_quotes_and_a_bare_one_is_left_alone() {
    let build = |number| {
        let short = Shortness { number, ..Shortness::default() };
        let values = ["7", "42", "1.5", "-42", "123", "K", "1234"];
        let add = |builder: Builder, value: &&str| builder.add(value, mark("[redacted]"));
        let builder = values.iter().fold(Needles::builder().short(short), add);
        Arc::new(builder.build().unwrap())
    };
    let bare = r#"{"a":7,"b":42,"c":[1.5,123],"d":-42}"#;
    every_cut(&build(4), bare, bare);
    let masked = r#"{"a":"[redacted]","b":"[redacted]","c":[1.1,111],"d":"[redacted]"}"#;
    for number in [0, 1] {
        let (got, count) = cut(&build(number), &[bare.as_bytes()]);
        assert_eq!((got.as_str(), count), (masked, 5));
    }
    let (got, _) = cut(&build(3), &[bare.as_bytes()]);
    assert_eq!(got, r#"{"a":7,"b":42,"c":[1.1,111],"d":"[redacted]"}"#);
    for text in ["7", "42", "1.5", "-42", "123", "K"] {
        let quoted = format!(r#"{{"a":"{text}"}}"#);
        every_cut(&build(4), &quoted, r#"{"a":"[redacted]"}"#);
    }
    every_cut(&build(4), r#"{"a":1234,"b":"x"}"#, r#"{"a":"[redacted]","b":"x"}"#);
}

#[test]
fn a_number_stays_a_number_or_becomes_a_string() {
    let needles = needles(&["4917012345", "1234"]);
    for (text, wanted) in [
        (r#"{"a":4917012345}"#, r#"{"a":"[redacted]"}"#),
        (r#"{"a": 4917012345 }"#, r#"{"a": "[redacted]" }"#),
        (r#"{"a":"4917012345"}"#, r#"{"a":"[redacted]"}"#),
        ("4917012345", "1111111111"),
        ("[4917012345,1]", "[1111111111,1]"),
        (r#"{"a":5123456}"#, r#"{"a":5111156}"#),
        (r#"{"a":"x, 4917012345, y"}"#, r#"{"a":"x, 1111111111, y"}"#),
        (r#"{"a":"{\"b\":4917012345}"}"#, r#"{"a":"{\"b\":1111111111}"}"#),
        ("call 4917012345 now", "call [redacted] now"),
        ("tel=4917012345&x=1", "tel=[redacted]&x=1"),
    ] {
        every_cut(&needles, text, wanted);
    }
}

#[test]
fn a_number_made_of_ones_is_never_replaced_by_itself() {
    let values = needles(&["1111", "11111111", "1.1"]);
    let add = |b: Builder, v: &str| b.add(v, Replacement::SameLength);
    let same = Arc::new(add(Needles::builder(), "11111111").build().unwrap());
    for (needles, text, wanted) in [
        (&values, "[11111111,1]", "[22222222,1]"),
        (&values, "1111", "2222"),
        (&values, "[1.1]", "[2.2]"),
        (&values, r#"{"a":311115}"#, r#"{"a":322225}"#),
        (&values, r#"{"a":"{\"b\":11111111}"}"#, r#"{"a":"{\"b\":22222222}"}"#),
        (&same, r#"{"a":11111111}"#, r#"{"a":22222222}"#),
        (&same, r#"{"a":"11111111"}"#, r#"{"a":"********"}"#),
    ] {
        every_cut(needles, text, wanted);
    }
}
