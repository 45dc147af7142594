//! What the builder refuses, and what nothing prints.

use super::super::*;
use super::{cut, mark, needles};

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
    // In UTF-8, and one byte a letter.
    assert!(printed.contains("anywhere: 2, whole: 1"), "{printed}");
}

#[test]
fn without_values_everything_passes() {
    let needles = needles(&[""]);
    assert!(needles.is_empty());
    assert_eq!(redact(&needles, b"\\u00e9%C3&amp;"), None);
    assert_eq!(cut(&needles, &[b"a\\", b"u00"]).0, "a\\u00");
}
