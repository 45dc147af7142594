//! Values as text: every spelling, every cut, and which value wins.

use super::super::*;
use super::decode::readings;
use super::spell::spellings;
use super::{VALUES, cut, every_cut, mark, needles, whole};
use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;

#[test]
fn every_spelling_is_found_at_every_cut() {
    let mut runs = 0;
    for value in VALUES {
        let needles = needles(&[value]);
        for spelt in spellings(value) {
            if spelt.len() < value.len() {
                continue;
            }
            for (before, after) in
                [("", ""), ("{\"x\":\"", "\"}"), ("<p>1 ", "</p>"), ("a=", "&b=")]
            {
                let text = format!("{before}{spelt}{after}");
                if before.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
                    continue;
                }
                let wanted = format!("{before}[redacted]{after}");
                runs += every_cut(&needles, &text, &wanted);
            }
        }
    }
    assert!(runs > 20_000, "{runs}");
}

#[test]
fn an_address_is_found_in_any_letter_case_and_a_name_is_not() {
    let needles = needles(&["Zoe.M@Example.com", "Müller"]);
    assert_eq!(whole(&needles, "ZOE.m@eXAMPLE.COM MÜLLER müller"), "[redacted] MÜLLER müller");
    assert_eq!(whole(&needles, "zoe.m%40example.com"), "[redacted]");
    let text = STANDARD.encode("to: zOE.m@example.COM!");
    assert_eq!(whole(&needles, &text), STANDARD.encode("to: *****************!"));
}

#[test]
fn the_leftmost_and_then_the_longest_value_wins() {
    let needles = Needles::builder()
        .add("Anna", mark("A"))
        .add("Anna Müller", mark("B"))
        .add("Müller", mark("C"))
        .add("llerAnn", mark("D"))
        .add("Anna", mark("E"))
        .build()
        .unwrap();
    assert_eq!(whole(&needles, "Anna, Anna Müller, Müller"), "A, B, C");
    assert_eq!(whole(&needles, "AnnaAnna MüllerMüllerAnnaX"), "ABCAX");
    assert_eq!(whole(&needles, "Anna M\\u00fclle"), "A M\\u00fclle");
    assert_eq!(cut(&Arc::new(needles), &[b"Anna M\xc3", b"\xbcll", b"er"]).0, "B");
}

#[test]
fn a_value_right_behind_an_escape_takes_the_broken_half_along() {
    let needles = needles(&["nancy", "00e9abc", "41bcd"]);
    for (text, wanted) in [
        (r#"{"a":"x\\nancy"}"#, r#"{"a":"x\\[redacted]"}"#),
        (r#"{"a":"x\nancy"}"#, r#"{"a":"x[redacted]"}"#),
        (r"CORP\nancy!", "CORP[redacted]!"),
        (r"x\u00e9abc", "x[redacted]"),
        ("x%41bcd", "x[redacted]"),
    ] {
        every_cut(&needles, text, wanted);
    }
}

#[test]
fn a_value_that_ends_in_a_backslash_leaves_json_whole() {
    let needles = needles(&["dir\\"]);
    every_cut(&needles, r#"{"a":"dir\\"}"#, r#"{"a":"[redacted]"}"#);
    every_cut(&needles, r#"{"a":"dir\""}"#, r#"{"a":"[redacted]"}"#);
}

#[test]
fn the_count_is_of_values_replaced() {
    let needles = needles(&["Anna", "Bert"]);
    assert_eq!(
        cut(&needles, &[b"AnnaBert An", b"na Ber Be", b"rt"]),
        ("[redacted][redacted] [redacted] Ber [redacted]".into(), 4)
    );
}

#[test]
fn each_spelling_of_these_tests_is_one_that_a_reader_understands() {
    for value in VALUES {
        for spelt in spellings(value).into_iter().chain([STANDARD.encode(value)]) {
            let reads = |reading: &Vec<u8>| memchr::memmem::find(reading, value.as_bytes());
            assert!(readings(spelt.as_bytes()).iter().any(|r| reads(r).is_some()), "{spelt}");
        }
    }
}

#[test]
fn a_value_of_several_lines_is_found_in_one_event_and_without_its_outer_blanks() {
    let needles = needles(&["1 Main Street\nSpringfield", " Ann Lee "]);
    for (text, wanted) in [
        ("data: to 1 Main Street\ndata: Springfield\n\n", "data: to [redacted]\n\n"),
        ("1 Main Street\r\nSpringfield", "[redacted]"),
        ("1 Main Street<br />Springfield", "[redacted]"),
        (r#"{"a":"1 Main Street\r\nSpringfield"}"#, r#"{"a":"[redacted]"}"#),
        (
            r#"{"a":"1 Main Street Springfield","b":"Springfield"}"#,
            r#"{"a":"[redacted]","b":"Springfield"}"#,
        ),
    ] {
        every_cut(&needles, text, wanted);
    }
    every_cut(&needles, "Dear Ann Lee, hello", "Dear [redacted], hello");
}

#[test]
fn a_value_is_found_where_each_letter_is_one_byte() {
    let needles = needles(&["Jörg Schmidt", "Šárka"]);
    let bytes = b"X: J\xf6rg Schmidt, \x8a\xe1rka; J\xf6rg";
    let got = redact(&needles, bytes).unwrap();
    assert_eq!(got, b"X: [redacted], [redacted]; J\xf6rg");
    for at in 0..bytes.len() {
        let (one, two) = bytes.split_at(at);
        let mut redactor = Redactor::new(Arc::clone(&needles), Sought::Everything);
        let mut out = BytesMut::new();
        redactor.push(one, &mut out);
        redactor.push(two, &mut out);
        redactor.finish(&mut out);
        assert_eq!(out, got, "cut at {at}");
    }
    every_cut(&needles, "/x?n=J%F6rg+Schmidt&o=1", "/x?n=[redacted]&o=1");
    every_cut(&needles, "/x?n=%8a%E1rka", "/x?n=[redacted]");
    every_cut(&needles, "SvZyZyBTY2htaWR0", "KioqKioqKioqKioq");
}
