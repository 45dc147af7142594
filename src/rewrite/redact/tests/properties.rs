//! Rules that hold for any stream and any cut. `PROPTEST_CASES` raises the count of each.

use super::super::*;
use super::decode::readings;
use super::spell::{html, json, percent, spellings, unicode};
use super::{VALUES, cut, needles, plain_search, whole};
use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

/// A few seconds' worth in an unoptimised build.
const CASES: u32 = 1000;

pub(super) fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(asked.unwrap_or(cases))
    }
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
    #![proptest_config(config(CASES))]

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
        // By now there is a filter.
        prop_assert_eq!(&whole(&needles, &stream), &expected);
    }

    #[test]
    fn no_reading_of_what_is_redacted_has_a_value(
        pieces in prop::collection::vec((0usize..VALUES.len(), 0usize..21, "[ -~]{0,4}"), 1..5),
        chosen in prop::collection::vec(prop::sample::select(&VALUES[..]), 1..5),
        cut_at in any::<prop::sample::Index>(),
    ) {
        let stream: String = pieces.into_iter().map(|(value, kind, between)| {
            let coded = || STANDARD.encode(VALUES[value]);
            let spelt = spellings(VALUES[value]).get(kind).cloned().unwrap_or_else(coded);
            between + &spelt
        }).collect();
        let needles = needles(&chosen);
        let (left, right) = stream.as_bytes().split_at(cut_at.index(stream.len() + 1));
        let (redacted, _) = cut(&needles, &[left, right]);
        for reading in readings(redacted.as_bytes()) {
            for value in &chosen {
                let found = memchr::memmem::find(&reading, value.as_bytes());
                prop_assert_eq!(found, None, "{} {} {}", value, stream, redacted);
            }
        }
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

proptest! {
    #![proptest_config(config(CASES / 20))]

    #[test]
    fn a_long_stream_is_redacted_as_the_whole(
        pieces in prop::collection::vec(piece(), 30..60),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        chosen in prop::collection::vec(prop::sample::select(&VALUES[..]), 1..5),
    ) {
        let stream = pieces.concat().into_bytes();
        let needles = needles(&chosen);
        let expected = String::from_utf8_lossy(&plain_search(&needles, &stream)).into_owned();
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        at.sort_unstable();
        let (mut rest, mut from, mut chunks) = (stream.as_slice(), 0, Vec::new());
        for to in at {
            let (chunk, others) = rest.split_at(to - from);
            chunks.push(chunk);
            (rest, from) = (others, to);
        }
        chunks.push(rest);
        prop_assert_eq!(&cut(&needles, &chunks).0, &expected);
        prop_assert_eq!(&whole(&needles, &stream), &expected);
    }
}
