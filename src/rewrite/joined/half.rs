//! A letter beyond U+FFFF that a vendor cut in two: half a surrogate pair, escaped, in
//! each of two slices. RFC 8259 lets a text say that, and browsers read it.
//!
//! It knows escapes alone: whether a text is JSON is told elsewhere.

use std::borrow::Cow;

/// An escaped half, `\ud83d`.
pub(super) type Half = [u8; ESCAPE];

const ESCAPE: usize = 6;

/// A JSON text whose lone halves are U+FFFD, byte for byte as long.
pub(super) fn mended(json: &[u8]) -> Cow<'_, [u8]> {
    let lone = lone(json);
    if lone.is_empty() {
        return Cow::Borrowed(json);
    }
    let mut new = json.to_vec();
    for (at, _) in lone {
        if let Some(escape) = new.get_mut(at..at + ESCAPE) {
            escape.copy_from_slice(b"\\ufffd");
        }
    }
    Cow::Owned(new)
}

/// A slice's string after the half that the slice before it ended with, and without the
/// one that it ends with itself, which is given beside it.
pub(super) fn carried(quoted: &[u8], before: Option<Half>) -> (Cow<'_, [u8]>, Option<Half>) {
    let text = match (before, quoted.strip_prefix(b"\"")) {
        (Some(half), Some(rest)) => Cow::Owned([b"\"", &half[..], rest].concat()),
        (Some(_) | None, _) => Cow::Borrowed(quoted),
    };
    let last = lone(&text).pop().filter(|(_, kind)| *kind == Kind::First);
    let half = last.and_then(|(at, _)| {
        let (start, rest) = text.split_at_checked(at)?;
        let (half, b"\"") = rest.split_first_chunk::<ESCAPE>()? else { return None };
        Some(([start, b"\""].concat(), *half))
    });
    match half {
        Some((text, half)) => (Cow::Owned(text), Some(half)),
        None => (text, None),
    }
}

/// Which half of a pair.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    First,
    Second,
}

/// Where halves stand that have no other half beside them.
fn lone(json: &[u8]) -> Vec<(usize, Kind)> {
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(at) = json.get(from..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        let at = from + at;
        from = match half_at(json, at) {
            Some(Kind::First) if half_at(json, at + ESCAPE) == Some(Kind::Second) => {
                at + 2 * ESCAPE
            }
            Some(kind) => {
                found.push((at, kind));
                at + ESCAPE
            }
            // Whatever is escaped begins no escape of its own.
            None => at + 2,
        };
    }
    found
}

fn half_at(json: &[u8], at: usize) -> Option<Kind> {
    let digits = json.get(at..at + ESCAPE)?.strip_prefix(b"\\u")?;
    match digits {
        [b'd' | b'D', b'8' | b'9' | b'a' | b'A' | b'b' | b'B', rest @ ..] => {
            rest.iter().all(u8::is_ascii_hexdigit).then_some(Kind::First)
        }
        [b'd' | b'D', b'c'..=b'f' | b'C'..=b'F', rest @ ..] => {
            rest.iter().all(u8::is_ascii_hexdigit).then_some(Kind::Second)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_lone_half_stays() {
        for text in [
            r#""\ud83d\ude00""#,
            r#""\\ud83d""#,
            r#""\ud83""#,
            r#""\ud83"#,
            r#""\u00e4\ud7ff\ue000""#,
            "\\",
        ] {
            assert_eq!(mended(text.as_bytes()), text.as_bytes(), "{text}");
            assert_eq!(carried(text.as_bytes(), None), (Cow::Borrowed(text.as_bytes()), None));
        }
    }

    #[test]
    fn a_lone_half_stands_for_no_letter() {
        let text = r#"["\ude00 \ud83d\ud83d\uDE00 \uD83D"]"#;
        let new = mended(text.as_bytes());
        assert_eq!(new, r#"["\ufffd \ufffd\ud83d\uDE00 \ufffd"]"#.as_bytes());
    }

    #[test]
    fn a_half_goes_from_the_end_of_one_slice_to_the_beginning_of_the_next() {
        let (first, half) = carried(br#""a\ud83d""#, None);
        assert_eq!((&first[..], half), (&br#""a""#[..], Some(*b"\\ud83d")));
        let (second, half) = carried(br#""\ude00 \ud83d!""#, half);
        assert_eq!((&second[..], half), (&br#""\ud83d\ude00 \ud83d!""#[..], None));
    }
}
