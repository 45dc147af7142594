//! What Pingora still accepts and two parsers could read differently.
//!
//! Pingora refuses most smuggling itself, before any filter runs; this is the
//! rest of it. Checked first, so nothing else ever sees such a request.

use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Version};
use pingora::http::RequestHeader;

use crate::reject::FramingFlaw;

/// Checks a request's head.
///
/// # Errors
/// The first flaw.
pub(super) fn check(head: &RequestHeader, header_max: usize) -> Result<(), FramingFlaw> {
    let headers = &head.headers;
    if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
        return Err(FramingFlaw::LengthAndCoding);
    }
    if !headers.get_all(TRANSFER_ENCODING).iter().all(|value| is_chunked(value.as_bytes())) {
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
    named >= needed && named <= 1 && host(head).is_some()
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

/// `.` and `..` in any spelling that some server decodes, and backslashes that
/// some server takes for slashes: a prefix that was routed must stay one.
fn has_dot_segment(path: &str) -> bool {
    path.contains('\\') || path.split('/').any(is_dots)
}

fn is_dots(segment: &str) -> bool {
    let segment = segment.split(';').next().unwrap_or_default();
    let plain = segment.replace("%2e", ".").replace("%2E", ".");
    plain == "." || plain == ".."
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
        let coded = [("Host", "h"), ("Transfer-Encoding", "gzip, chunked")];
        assert_eq!(flaw("/", &coded), Some(FramingFlaw::TransferCoding));
        for lengths in [&["4, 4"][..], &["4", "4"], &["+4"], &[""]] {
            let mut headers = vec![("Host", "h")];
            headers.extend(lengths.iter().map(|value| ("Content-Length", *value)));
            assert_eq!(flaw("/", &headers), Some(FramingFlaw::LengthList), "{lengths:?}");
        }
    }

    #[test]
    fn no_host_and_two_hosts_are_refused() {
        assert_eq!(flaw("/", &[]), Some(FramingFlaw::Host));
        assert_eq!(flaw("/", &[("Host", "")]), Some(FramingFlaw::Host));
        assert_eq!(flaw("/", &[("Host", "a"), ("Host", "b")]), Some(FramingFlaw::Host));
        assert_eq!(flaw("/", &[("Host", "a")]), None);
    }

    #[test]
    fn a_path_that_climbs_is_refused_in_every_spelling() {
        for path in ["/a/../b", "/a/./b", "/a/%2e%2E/b", "/a/.%2e", "/a/..;x=1/b", "/a\\..\\b"] {
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
