//! What Pingora still accepts and two parsers could read differently.
//!
//! Pingora refuses most smuggling itself, before any filter runs; this is the
//! rest of it. Checked first, so nothing else ever sees such a request.

use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, Version};
use pingora::http::RequestHeader;

use crate::reject::FramingFlaw;

/// Checks a head as it came over HTTP/1: Pingora's parser takes a bare line feed
/// for the end of a line, and drops a length that stands beside a coding.
///
/// # Errors
/// The first flaw.
pub(super) fn check_raw(raw: &[u8]) -> Result<(), FramingFlaw> {
    let (mut begins, mut coded, mut counted) = (0, false, false);
    // What follows the last line feed is no line.
    for end in memchr::memchr_iter(b'\n', raw) {
        let line = raw.get(begins..end).unwrap_or_default();
        if !line.ends_with(b"\r") {
            return Err(FramingFlaw::LineEnd);
        }
        coded |= is_named(line, &TRANSFER_ENCODING);
        counted |= is_named(line, &CONTENT_LENGTH);
        begins = end + 1;
    }
    if coded && counted { Err(FramingFlaw::LengthAndCoding) } else { Ok(()) }
}

fn is_named(line: &[u8], wanted: &HeaderName) -> bool {
    let wanted = wanted.as_str().as_bytes();
    line.get(wanted.len()) == Some(&b':')
        && line.get(..wanted.len()).is_some_and(|name| name.eq_ignore_ascii_case(wanted))
}

/// Checks a request's head.
///
/// # Errors
/// The first flaw.
pub(super) fn check(head: &RequestHeader, header_max: usize) -> Result<(), FramingFlaw> {
    let headers = &head.headers;
    if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
        return Err(FramingFlaw::LengthAndCoding);
    }
    let codings = headers.get_all(TRANSFER_ENCODING);
    if codings.iter().count() > 1 || !codings.iter().all(|value| is_chunked(value.as_bytes())) {
        return Err(FramingFlaw::TransferCoding);
    }
    let lengths = headers.get_all(CONTENT_LENGTH).iter();
    if headers.get_all(CONTENT_LENGTH).iter().count() > 1
        || lengths.into_iter().any(|value| !is_number(value.as_bytes()))
    {
        return Err(FramingFlaw::LengthList);
    }
    if !host_is_single(head) {
        return Err(FramingFlaw::Host);
    }
    if size(head) > header_max {
        return Err(FramingFlaw::HeadTooLarge);
    }
    if has_dot_segment(head.uri.path()) {
        return Err(FramingFlaw::Path);
    }
    Ok(())
}

/// The host of a request: the authority of HTTP/2, else the `Host` header.
pub(super) fn host(head: &RequestHeader) -> Option<&str> {
    if let Some(authority) = head.uri.authority() {
        return Some(authority.as_str());
    }
    head.headers.get(HOST)?.to_str().ok().filter(|host| !host.is_empty())
}

fn host_is_single(head: &RequestHeader) -> bool {
    let named = head.headers.get_all(HOST).iter().count();
    let needed = usize::from(head.version == Version::HTTP_11);
    named >= needed && named <= 1 && host(head).is_some_and(|host| host.bytes().all(is_of_host))
}

/// Whether a text may be a host, with a port or without.
pub(super) fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_of_host)
}

/// What stands in names, addresses and ports: nothing that could end a header's
/// quoted string where the host is repeated.
fn is_of_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-:[]".contains(&byte)
}

fn is_chunked(value: &[u8]) -> bool {
    value.trim_ascii().eq_ignore_ascii_case(b"chunked")
}

fn is_number(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(u8::is_ascii_digit)
}

fn size(head: &RequestHeader) -> usize {
    let headers = sum(&head.headers);
    headers.saturating_add(head.raw_path().len())
}

fn sum(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// `.` and `..` in any spelling that some server decodes, once or twice, between
/// anything that some server takes for a slash: a call that was listed must stay
/// that call.
fn has_dot_segment(path: &str) -> bool {
    // Nearly every path has nothing that could be one.
    if !path.bytes().any(|byte| matches!(byte, b'.' | b'%' | b'\\')) {
        return false;
    }
    let mut plain = path.to_ascii_lowercase();
    for _ in 0..2 {
        for (coded, byte) in [("%25", "%"), ("%2e", "."), ("%2f", "/"), ("%5c", "\\"), ("%3b", ";")]
        {
            plain = plain.replace(coded, byte);
        }
    }
    let is_dots = |segment: &str| {
        let named = segment.split(';').next().unwrap_or_default();
        named == "." || named == ".."
    };
    plain.contains('\\') || plain.split('/').any(is_dots)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, headers: &[(&'static str, &str)]) -> RequestHeader {
        let mut head = RequestHeader::build("POST", path.as_bytes(), None).unwrap();
        for (name, value) in headers {
            head.append_header(*name, *value).unwrap();
        }
        head
    }

    fn flaw(path: &str, headers: &[(&'static str, &str)]) -> Option<FramingFlaw> {
        check(&request(path, headers), 1024).err()
    }

    #[test]
    fn two_ways_to_tell_the_length_are_refused() {
        let both = [("Host", "h"), ("Content-Length", "4"), ("Transfer-Encoding", "chunked")];
        assert_eq!(flaw("/", &both), Some(FramingFlaw::LengthAndCoding));
        let twice =
            [("Host", "h"), ("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")];
        assert_eq!(flaw("/", &twice), Some(FramingFlaw::TransferCoding));
        let coded = [("Host", "h"), ("Transfer-Encoding", "gzip, chunked")];
        assert_eq!(flaw("/", &coded), Some(FramingFlaw::TransferCoding));
        for lengths in [&["4, 4"][..], &["4", "4"], &["+4"], &[""]] {
            let mut headers = vec![("Host", "h")];
            headers.extend(lengths.iter().map(|value| ("Content-Length", *value)));
            assert_eq!(flaw("/", &headers), Some(FramingFlaw::LengthList), "{lengths:?}");
        }
    }

    #[test]
    fn what_the_parser_hides_is_seen_in_the_bytes() {
        let both = b"POST / HTTP/1.1\r\ncontent-LENGTH: 4\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(check_raw(both), Err(FramingFlaw::LengthAndCoding));
        let proper = b"POST / HTTP/1.1\r\nHost: h\r\nX: Content-Length:\r\n\r\n";
        assert_eq!(check_raw(proper), Ok(()));
        for at in 0..proper.len() {
            if proper[at] == b'\r' {
                let bare = [&proper[..at], &proper[at + 1..]].concat();
                assert_eq!(check_raw(&bare), Err(FramingFlaw::LineEnd), "{at}");
            }
        }
    }

    #[test]
    fn no_host_and_two_hosts_are_refused() {
        assert_eq!(flaw("/", &[]), Some(FramingFlaw::Host));
        assert_eq!(flaw("/", &[("Host", "")]), Some(FramingFlaw::Host));
        assert_eq!(flaw("/", &[("Host", "a"), ("Host", "b")]), Some(FramingFlaw::Host));
        for odd in ["a\";for=1.2.3.4", "a b", "a/b", "u@h"] {
            assert_eq!(flaw("/", &[("Host", odd)]), Some(FramingFlaw::Host), "{odd}");
        }
        assert_eq!(flaw("/", &[("Host", "a")]), None);
    }

    #[test]
    fn a_path_that_climbs_is_refused_in_every_spelling() {
        for path in [
            "/a/../b",
            "/a/./b",
            "/a/%2e%2E/b",
            "/a/.%2e",
            "/a/..;x=1/b",
            "/a\\..\\b",
            "/a/..%2f..%2Fb",
            "/a%5c..%5Cb",
            "/a/..%3bx/b",
            "/a/%252e%252e/b",
            "/a/%252e./b",
        ] {
            assert_eq!(flaw(path, &[("Host", "h")]), Some(FramingFlaw::Path), "{path}");
        }
        assert_eq!(flaw("/a/..b/c...", &[("Host", "h")]), None);
    }

    #[test]
    fn a_head_above_its_bound_is_refused() {
        let long = "x".repeat(2000);
        let headers = [("Host", "h"), ("X-Long", long.as_str())];
        assert_eq!(flaw("/", &headers), Some(FramingFlaw::HeadTooLarge));
    }
}
