//! Values that become known while a stream is under way.

use super::super::*;
use super::needles;

/// The stream with the first values to the cut, and with both from there on.
fn joined(first: &[&str], then: &[&str], stream: &[u8], cut: usize) -> String {
    let mut redactor = Redactor::new(needles(first), Sought::Everything);
    let mut out = BytesMut::new();
    let (before, after) = stream.split_at(cut);
    redactor.push(before, &mut out);
    redactor.adopt(needles(&[first, then].concat()));
    redactor.push(after, &mut out);
    redactor.finish(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn what_is_held_back_is_searched_for_later_values_too() {
    let stream = b"to ann.lee@example.org.";
    let wanted = "to [redacted].";
    for cut in "to ann".len().."to ann.lee@example.".len() {
        let first = ["ann.lee@example.com"];
        assert_eq!(joined(&first, &["ann.lee@example.org"], stream, cut), wanted, "{cut}");
    }
}

#[test]
fn what_stands_behind_the_cut_is_redacted_as_in_the_whole() {
    // Whether 42 is a whole JSON value is told by what stands before the cut.
    let texts = [
        "{\"n\":",
        "42",
        ",\"a\":\"",
        "Zo\u{eb}",
        "\",\"b\":",
        "12345",
        ",\"c\":\"",
        "Zo\\u00eb",
        "\"}",
    ];
    let marks = ["\"[redacted]\"", "[redacted]", "\"[redacted]\"", "[redacted]"];
    let stream = texts.concat();
    let starts: Vec<usize> = (0..texts.len()).map(|n| texts[..n].concat().len()).collect();
    for first in [&[][..], &["other"][..]] {
        for cut in 0..=stream.len() {
            let within = |n: &usize| starts[*n] < cut && cut < starts[*n] + texts[*n].len();
            if (1..texts.len()).step_by(2).any(|n| within(&n)) {
                continue;
            }
            let text = |n: usize| match n % 2 {
                1 if starts[n] >= cut => marks[n / 2],
                _ => texts[n],
            };
            let wanted: String = (0..texts.len()).map(text).collect();
            let got = joined(first, &["Zo\u{eb}", "42", "12345"], stream.as_bytes(), cut);
            assert_eq!(got, wanted, "{first:?} {cut}");
        }
    }
}
