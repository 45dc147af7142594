//! The redactor as a whole: every spelling, every cut, and against a plain search without its shortcuts.

use super::unit::{Layers, Taken, take};
use super::*;
use ::base64::Engine;
use ::base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

const VALUES: [&str; 12] = [
    "Zoë Müller",
    "smile 😀 now",
    "say \"hi\" \\o/ there",
    "Ann Smith-Jones",
    "+49 (170) 12+34",
    "zoe.mueller@example.com",
    "4917012345678",
    "C:\\users\\nancy",
    "50% & more <b>",
    "line\nbreak\ttab",
    "nancy",
    "Zoë Müller-Lüdenscheidt",
];

fn mark(text: &str) -> Replacement {
    Replacement::Mark(Mark::new(text).unwrap())
}

fn needles(values: &[&str]) -> Arc<Needles> {
    let add = |builder: Builder, value: &&str| builder.add(value, mark("[redacted]"));
    Arc::new(values.iter().fold(Needles::builder(), add).build().unwrap())
}

fn whole(needles: &Needles, text: impl AsRef<[u8]>) -> String {
    let text = text.as_ref();
    let redacted = redact(needles, text).unwrap_or_else(|| text.to_vec());
    String::from_utf8_lossy(&redacted).into_owned()
}

fn cut(needles: &Arc<Needles>, pieces: &[&[u8]]) -> (String, u64) {
    let mut redactor = Redactor::new(Arc::clone(needles), Sought::Everything);
    let mut out = BytesMut::new();
    for piece in pieces {
        redactor.push(piece, &mut out);
    }
    redactor.finish(&mut out);
    (String::from_utf8_lossy(&out).into_owned(), redactor.count())
}

fn every_cut(needles: &Arc<Needles>, text: &str, wanted: &str) -> usize {
    for at in 0..=text.len() {
        let (left, right) = text.as_bytes().split_at(at);
        let (got, count) = cut(needles, &[left, right]);
        assert_eq!(got, wanted, "{text} cut at {at}");
        assert_eq!(count, u64::from(wanted != text));
    }
    let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(cut(needles, &single).0, wanted, "{text} byte by byte");
    assert_eq!(whole(needles, text), wanted, "{text}");
    text.len() + 3
}

/// The redaction without the filter, the shortcuts and the streaming.
fn plain_search(needles: &Needles, text: &[u8]) -> Vec<u8> {
    let source = Source { bytes: text, base: 0, tail: Tail::Closed };
    let (mut out, mut at, mut escape) = (Vec::new(), 0, (0, 0));
    let (mut emitted, mut start) = (0, 0);
    while start < text.len() {
        if start >= escape.1
            && let Taken::Whole(unit) = take(text, start, Layers::Once)
        {
            escape = (start, unit.end);
        }
        let begin = if start < escape.1 { escape.0 } else { start };
        let mut walks = Walks::new();
        let mut scan = Scan { needles, source, walks: &mut walks, sought: Sought::Everything };
        match scan.try_at(start, begin.max(at), needles.roles(text[start])) {
            Ok(Some(found)) => {
                out.extend_from_slice(&text[emitted..found.from]);
                write::write(&found, needles.replacement(found.pattern.replacement), source, |b| {
                    out.extend_from_slice(b)
                });
                (emitted, at, start, escape) = (found.to, found.to, found.to, (found.to, found.to));
            }
            _ => start += 1,
        }
    }
    out.extend_from_slice(&text[emitted..]);
    out
}

fn json(value: &str) -> String {
    value
        .chars()
        .map(|l| match l {
            '"' => "\\\"".into(),
            '\\' => "\\\\".into(),
            '\n' => "\\n".into(),
            '\t' => "\\t".into(),
            '/' => "\\/".into(),
            l => l.to_string(),
        })
        .collect()
}

fn unicode(value: &str) -> String {
    value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}

fn ascii_json(value: &str) -> String {
    json(value)
        .chars()
        .map(|l| {
            if l.is_ascii() {
                l.to_string()
            } else {
                unicode(&l.to_string()).to_uppercase().replace("\\U", "\\u")
            }
        })
        .collect()
}

fn percent(value: &str, stays: fn(u8) -> bool) -> String {
    value
        .bytes()
        .map(|b| if stays(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn html(value: &str) -> String {
    value
        .chars()
        .map(|l| match l {
            '&' => "&amp;".into(),
            '<' => "&lt;".into(),
            '>' => "&gt;".into(),
            '"' => "&quot;".into(),
            'ë' => "&euml;".into(),
            'ü' => "&uuml;".into(),
            l if l.is_ascii() => l.to_string(),
            l => format!("&#x{:X};", u32::from(l)),
        })
        .collect()
}

fn spellings(value: &str) -> Vec<String> {
    let letter = |b: u8| b.is_ascii_alphanumeric();
    let url = percent(value, letter);
    vec![
        value.to_owned(),
        json(value),
        ascii_json(value),
        unicode(value),
        json(&json(value)),
        json(&ascii_json(value)),
        json(&unicode(value)),
        url.clone(),
        percent(value, letter).replace("%C3", "%c3").replace("%F0%9F", "%f0%9f"),
        percent(value, |_| false),
        url.replace("%20", "+"),
        percent(&url, letter),
        percent(&json(value), letter),
        percent(&ascii_json(value), letter),
        html(value),
        html(&json(value)),
        json(&html(value)),
        percent(&html(value), letter),
        ascii_json(&html(value)).replace('&', "\\u0026"),
        value.chars().map(|l| format!("&#{};", u32::from(l))).collect(),
    ]
}

#[test]
fn a_mark_that_would_need_an_escape_is_refused() {
    for text in ["", "a b", "é", "\"", "<i>", "a/b", "%", "\\", &"x".repeat(257)] {
        assert_eq!(Mark::new(text), Err(MarkFault), "{text}");
    }
    assert!(Mark::new("[redacted]").is_ok());
}

#[test]
fn values_longer_than_the_bound_are_refused() {
    let built = Needles::builder().add(&"x".repeat(TOTAL_MAX + 1), Replacement::SameLength).build();
    assert_eq!(built.map(|_| ()), Err(TooMuch));
}

#[test]
fn nothing_is_printed_of_a_value() {
    let needles = needles(&["Zoë Müller", "42"]);
    let mut redactor = Redactor::new(Arc::clone(&needles), Sought::Everything);
    redactor.push(b"Zo", &mut BytesMut::new());
    let printed =
        format!("{needles:?} {redactor:?} {:?}", Needles::builder().add("Zoë", mark("x")));
    assert!(!printed.contains("Zo"), "{printed}");
    assert!(printed.contains("anywhere: 1, whole: 1"), "{printed}");
}

#[test]
fn without_values_everything_passes() {
    let needles = needles(&[""]);
    assert!(needles.is_empty());
    assert_eq!(redact(&needles, b"\\u00e9%C3&amp;"), None);
    assert_eq!(cut(&needles, &[b"a\\", b"u00"]).0, "a\\u00");
}

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
fn base64_is_overwritten_in_place_at_every_alignment_and_cut() {
    for value in VALUES {
        let needles = needles(&[value]);
        for before in ["", "x", "yy", "zzz", "{\"n\":\""] {
            for after in ["", "x", "yy", "\"}?>~"] {
                let plain = format!("{before}{value}{after}");
                let starred = format!("{before}{}{after}", "*".repeat(value.len()));
                for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                    let (text, wanted) = (engine.encode(&plain), engine.encode(&starred));
                    every_cut(&needles, &format!("=.{text}.="), &format!("=.{wanted}.="));
                }
            }
        }
    }
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
fn what_was_held_at_the_end_goes_out_as_sent() {
    let needles = needles(&["Zoë Müller", "zoe@example.com"]);
    for tail in
        ["Zo", "Zo\\", "Zo\\u00", "Zo%", "Zo%C3", "Zo&eum", "Zoë Mülle", "\\ud83d", "zoe%4", "Wm/"]
    {
        every_cut(&needles, &format!("x {tail}"), &format!("x {tail}"));
    }
    let mut redactor = Redactor::new(Arc::clone(&needles), Sought::Everything);
    let mut out = BytesMut::new();
    redactor.push(b"x Zo\xc3", &mut out);
    assert_eq!((&out[..], redactor.held()), (&b"x "[..], 3));
    redactor.finish(&mut out);
    assert_eq!((&out[..], redactor.held()), (&b"x Zo\xc3"[..], 0));
}

#[test]
fn no_event_waits_once_it_cannot_be_part_of_a_value() {
    let needles = needles(&VALUES);
    let mut redactor = Redactor::new(Arc::clone(&needles), Sought::Everything);
    let mut out = BytesMut::new();
    for event in [
        "data: {\"t\":\"Hello Zoë Mül\"}\n\n",
        "data: {\"t\":\"100%\"}\n\n",
        ": ping\n\n",
        "data: a\\\n\n",
    ] {
        redactor.push(event.as_bytes(), &mut out);
        assert_eq!(redactor.held(), 0, "{event}");
    }
}

#[test]
fn plain_text_holds_nothing_back_for_base64() {
    let needles = needles(&["Zoë Müller"]);
    let mut redactor = Redactor::new(needles, Sought::Text);
    let mut out = BytesMut::new();
    for slice in ["Hel", "lo Wm", "9 Z"] {
        redactor.push(slice.as_bytes(), &mut out);
    }
    assert_eq!(&out[..], b"Hello Wm9 ");
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
fn the_same_length_stays_the_same() {
    let needles = VALUES
        .iter()
        .fold(Needles::builder(), |b, v| b.add(v, Replacement::SameLength))
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
        (r#"{"a":true}"#, r#"{"a":null}"#),
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
fn what_is_held_stays_within_the_stated_bound() {
    let value = "😀".repeat(20);
    let needles = needles(&[&value]);
    let mut redactor = Redactor::new(Arc::clone(&needles), Sought::Everything);
    let mut out = BytesMut::new();
    let half = |code: &str| format!("&#x000005c;u{code}");
    let spelt = (half("d83d") + &half("de00")).repeat(19) + &half("d83d");
    redactor.push(spelt.as_bytes(), &mut out);
    assert!(out.is_empty());
    assert!(redactor.held() <= value.chars().count() * unit::UNIT_MAX);
    redactor.push(half("de00").as_bytes(), &mut out);
    redactor.finish(&mut out);
    assert_eq!(&out[..], b"[redacted]");
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
fn escaped_slashes_do_not_hide_base64() {
    let value = "oh?oh?oh?>>>>???";
    let needles = needles(&[value]);
    let text = STANDARD.encode(value);
    assert!(text.contains('/'));
    for spelt in [text.replace('/', "\\/"), text.replace('/', "%2F").replace('+', "%2B")] {
        let got = whole(&needles, &spelt);
        assert_ne!(got, spelt);
        assert_eq!(got.len(), spelt.len());
    }
}

/// Steps per byte of a stream in pieces.
fn work(needles: &Arc<Needles>, stream: &[u8], piece: usize) -> u64 {
    let mut redactor = Redactor::new(Arc::clone(needles), Sought::Everything);
    let mut out = BytesMut::new();
    for chunk in stream.chunks(piece) {
        redactor.push(chunk, &mut out);
    }
    redactor.finish(&mut out);
    redactor.walks.steps() / u64::try_from(stream.len()).unwrap()
}

#[test]
fn the_work_per_byte_does_not_grow_with_the_values_length() {
    let streams = [
        "a".repeat(60_000),
        "\\u0061".repeat(10_000),
        "%61".repeat(20_000),
        "&#97;".repeat(12_000),
        STANDARD.encode("a".repeat(45_000)),
        "\\".repeat(60_000),
        "%".repeat(60_000),
        "&".repeat(60_000),
    ];
    for length in [20, 200, 2000] {
        let never = format!("{}b", "a".repeat(length));
        let pair = ["aaaa".to_owned(), never.clone()];
        for values in [vec![never.as_str()], pair.iter().map(String::as_str).collect()] {
            let needles = needles(&values);
            for stream in &streams {
                for piece in [1, 1000, 60_000] {
                    let steps = work(&needles, stream.as_bytes(), piece);
                    assert!(steps <= 24, "{steps} {length} {piece} {}", &stream[..8]);
                }
            }
        }
    }
}

#[test]
fn a_value_of_nothing_but_introducers_is_bounded_work() {
    let needles = needles(&[&"\\".repeat(300)]);
    assert!(work(&needles, "\\".repeat(3000).as_bytes(), 3000) < 50_000);
}

fn piece() -> impl Strategy<Value = String> {
    let value = prop::sample::select(&VALUES[..]);
    let spelt = (value, 0usize..20).prop_map(|(value, kind)| spellings(value)[kind].clone());
    let part = (spelt.clone(), 0usize..40, 0usize..40)
        .prop_map(|(text, from, len)| text.chars().skip(from).take(len).collect());
    let coded =
        (spelt.clone(), "[a-z]{0,3}").prop_map(|(text, before)| STANDARD.encode(before + &text));
    let crumbs = prop::sample::select(
        &[
            "\\", "\\\\", "\\u", "\\u00", "00e9", "%", "%4", "%25", "&", "&amp;", "&#", ";", "\"",
            ":", ",", "[", " ", "+", "42", "nancy", "Zo", "ë", "4917", "a", "\"42\"", "\":42,",
            "{\"a\":",
        ][..],
    );
    prop_oneof![spelt, part, coded, crumbs.prop_map(str::to_owned), "[ -~]{0,6}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 3000 } else { 60_000 }))]

    #[test]
    fn the_stream_is_redacted_as_the_whole(
        pieces in prop::collection::vec(piece(), 0..8),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..2),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        chosen in prop::collection::vec(prop::sample::select(&VALUES[..]), 1..5),
        short in prop::option::of(prop::sample::select(&["42", "a", "true", "é"][..])),
    ) {
        let mut stream = pieces.concat().into_bytes();
        for (at, byte) in flips {
            if !stream.is_empty() {
                let at = at.index(stream.len());
                stream[at] = byte;
            }
        }
        let values: Vec<&str> = chosen.into_iter().chain(short).collect();
        let needles = needles(&values);
        let expected = String::from_utf8_lossy(&plain_search(&needles, &stream)).into_owned();
        prop_assert_eq!(&whole(&needles, &stream), &expected);
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        at.sort_unstable();
        let mut chunks = Vec::new();
        let mut from = 0;
        for to in at.into_iter().chain([stream.len()]) {
            chunks.push(&stream[from..to]);
            from = to;
        }
        prop_assert_eq!(&cut(&needles, &chunks).0, &expected);
        let single: Vec<&[u8]> = stream.chunks(1).collect();
        prop_assert_eq!(&cut(&needles, &single).0, &expected);
    }

    #[test]
    fn a_value_mixed_of_spellings_is_found(
        value in "[ -~é-ü😀]{4,20}", choices in prop::collection::vec(0usize..9, 20), at in any::<prop::sample::Index>(),
    ) {
        let spelt: String = value.chars().zip(&choices).map(|(letter, choice)| {
            let text = letter.to_string();
            match choice {
                0 | 1 => json(&text),
                2 => unicode(&text),
                3 => json(&json(&text)),
                4 => percent(&text, |_| false),
                5 => format!("&#{};", u32::from(letter)),
                6 => html(&text),
                7 => json(&unicode(&text)),
                _ => percent(&json(&text), |b| b.is_ascii_alphanumeric()),
            }
        }).collect();
        let needles = needles(&[&value]);
        let text = format!("<~{spelt}~>");
        let (left, right) = text.as_bytes().split_at(at.index(text.len()));
        let (got, count) = cut(&needles, &[left, right]);
        prop_assert!(count >= 1, "{} {}", text, got);
        prop_assert!(!got.contains(&spelt));
    }

    #[test]
    fn a_value_is_found_anywhere_raw_and_nothing_else_changes(
        before in "[^Q]{0,40}", after in "[^Q]{0,40}", value in "Q[^Q]{7,20}",
    ) {
        let needles = needles(&[&value]);
        prop_assert_eq!(redact(&needles, before.as_bytes()), None);
        let text = format!("{before}{value}{after}");
        let got = redact(&needles, text.as_bytes()).map(|got| String::from_utf8_lossy(&got).into_owned());
        prop_assert!(got.is_some());
        prop_assert!(!got.unwrap().contains(&value));
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), size in 1usize..9) {
        let needles = needles(&["\\\\%%&&", "é%41", "&amp;", "42", "\"", "%"]);
        let chunks: Vec<&[u8]> = bytes.chunks(size).collect();
        prop_assert_eq!(cut(&needles, &chunks).0, whole(&needles, &bytes));
    }
}
