//! The character set that an answer says it is in, or shows to be in: whether its values
//! can be seen.
//!
//! Values are sought as UTF-8 spells them. It transcodes nothing: what it cannot vouch
//! for is refused.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// How a character set writes what is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charset {
    /// As UTF-8 does.
    Utf8,
    /// ASCII as UTF-8 does, and everything else its own way.
    AsciiAlike,
    /// Its own way, or nobody knows.
    Other,
}

/// Whether a value would be seen in an answer with this head. `is_ascii` says whether
/// everything that is sought is ASCII.
pub(super) fn is_readable(headers: &HeaderMap, is_ascii: impl FnOnce() -> bool) -> bool {
    let labels = headers.get_all(CONTENT_TYPE).iter().filter_map(|kind| label(kind.as_bytes()));
    let worst = labels.map(of).max_by_key(|charset| match charset {
        Charset::Utf8 => 0,
        Charset::AsciiAlike => 1,
        Charset::Other => 2,
    });
    match worst {
        None | Some(Charset::Utf8) => true,
        Some(Charset::AsciiAlike) => is_ascii(),
        Some(Charset::Other) => false,
    }
}

/// The first two bytes of a body. Browsers take a byte order mark of UTF-16 for more than
/// any label, and no text in UTF-8 has either byte.
#[derive(Debug, Default)]
pub(super) struct Opening {
    first: Option<u8>,
    past: usize,
}

impl Opening {
    /// Takes the next bytes; whether they may go on.
    pub(super) fn is_readable(&mut self, bytes: &[u8]) -> bool {
        for byte in bytes.iter().take(2_usize.saturating_sub(self.past)) {
            self.past += 1;
            match self.first.replace(*byte) {
                Some(0xfe) if *byte == 0xff => return false,
                Some(0xff) if *byte == 0xfe => return false,
                Some(_) | None => {}
            }
        }
        true
    }
}

/// The charset parameter of a media type, without its quotes.
fn label(kind: &[u8]) -> Option<&[u8]> {
    let mut parameters = kind.split(|byte| *byte == b';').skip(1);
    let (_, value) = parameters.find_map(|parameter| {
        let parameter = parameter.trim_ascii();
        let (name, value) = parameter.split_at_checked("charset=".len())?;
        name.eq_ignore_ascii_case(b"charset=").then_some((name, value))
    })?;
    let value = value.strip_prefix(b"\"").unwrap_or(value);
    Some(value.strip_suffix(b"\"").unwrap_or(value).trim_ascii())
}

fn of(label: &[u8]) -> Charset {
    let label = label.to_ascii_lowercase();
    match label.as_slice() {
        b"utf-8" | b"utf8" | b"us-ascii" | b"ascii" => Charset::Utf8,
        b"latin1" | b"latin-1" => Charset::AsciiAlike,
        other => {
            let alike = [&b"iso-8859-"[..], b"windows-125", b"cp125", b"koi8-"];
            let alike = alike.iter().any(|family| other.starts_with(family));
            if alike { Charset::AsciiAlike } else { Charset::Other }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readable(kind: &str, ascii: bool) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        is_readable(&headers, || ascii)
    }

    #[test]
    fn what_is_written_in_another_way_is_not_readable() {
        for kind in
            ["text/html; charset=utf-16", "application/json;charset=\"UTF-32\"", "a/b; charset=x"]
        {
            assert!(!readable(kind, true), "{kind}");
        }
        for kind in ["text/html; charset=ISO-8859-1", "a/b; x=y; CHARSET=windows-1252"] {
            assert!(readable(kind, true), "{kind}");
            assert!(!readable(kind, false), "{kind}");
        }
    }

    #[test]
    fn a_byte_order_mark_of_utf_16_is_not_readable_however_it_is_cut() {
        for mark in [b"\xff\xfeZ\0", b"\xfe\xff\0Z"] {
            assert!(!Opening::default().is_readable(mark));
            let mut opening = Opening::default();
            assert!(mark.iter().any(|byte| !opening.is_readable(&[*byte])));
        }
        for other in [&b"\xff\xd8\xff\xfe"[..], b"a\xff\xfe", b"\xff", b"", b"\xef\xbb\xbf{}"] {
            let mut opening = Opening::default();
            assert!(
                opening.is_readable(other)
                    && (other.is_empty() || opening.is_readable(b"\xff\xfe"))
            );
        }
    }

    #[test]
    fn utf_8_and_what_says_nothing_are() {
        for kind in
            ["application/json", "text/html; charset=utf-8", "a/b;charset=\"US-ASCII\"", "a/b;"]
        {
            assert!(readable(kind, false), "{kind}");
        }
        assert!(is_readable(&HeaderMap::new(), || false));
    }
}
