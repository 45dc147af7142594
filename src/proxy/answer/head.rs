//! An answer's head, and what of a request's head would get an answer that cannot be
//! redacted.
//!
//! Strip, then set: what a changed body makes untrue goes. A header that frames the
//! message is searched only where it says more than such a header does (`framing`).

use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, HeaderName, IF_RANGE,
    RANGE, SEC_WEBSOCKET_EXTENSIONS,
};
use http::{HeaderValue, StatusCode};
use pingora::http::{RequestHeader, ResponseHeader};

use super::framing;
use crate::rewrite::redact::{Needles, redact};

/// True of the vendor's bytes and not of ours.
const OF_THE_BYTES: [HeaderName; 6] = [
    ETAG,
    ACCEPT_RANGES,
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
];

/// Asks the vendor for an answer that can be read: whole, and not coded.
///
/// # Errors
/// When Pingora does not take a header, which this cannot cause.
pub(in crate::proxy) fn ask_plainly(head: &mut RequestHeader) -> pingora::Result<()> {
    for name in [RANGE, IF_RANGE, SEC_WEBSOCKET_EXTENSIONS] {
        head.remove_header(&name);
    }
    head.insert_header(ACCEPT_ENCODING, "identity")
}

/// Takes values out of every header line that may hold one, and out of the words
/// beside the status. A header whose very name says one goes, in whichever letter case. The one
/// of a `known` name says what the browser sent, and stays.
///
/// # Errors
/// As [`ask_plainly`].
pub(in crate::proxy) fn redact_headers(
    head: &mut ResponseHeader,
    needles: &Needles,
    known: &Option<HeaderName>,
) -> pingora::Result<u64> {
    if needles.are_absent(texts(head, known)) {
        return Ok(0);
    }
    let mut count = 0;
    let told = head.get_reason_phrase().and_then(|words| redact(needles, words.as_bytes()));
    if told.is_some() {
        head.set_reason_phrase(None)?;
        count += 1;
    }
    let telling = names(head).filter(|name| redact(needles, name).is_some());
    let telling: Vec<_> = telling.filter_map(|name| HeaderName::from_bytes(name).ok()).collect();
    for name in &telling {
        head.remove_header(name);
        count += 1;
    }
    let mut found: Vec<HeaderName> = Vec::new();
    for (name, value) in &head.headers {
        let searched = known.as_ref() != Some(name) && !found.contains(name);
        if searched && redacted(name, value, needles).is_some() {
            found.push(name.clone());
        }
    }
    for name in found {
        let lines: Vec<HeaderValue> = head.headers.get_all(&name).iter().cloned().collect();
        head.remove_header(&name);
        for line in lines {
            let new = redacted(&name, &line, needles);
            count += u64::from(new.is_some());
            head.append_header(name.clone(), new.unwrap_or(line))?;
        }
    }
    Ok(count)
}

/// Every text of a head that may hold a value. A name in the vendor's letter case is not among
/// them: for a glance it is the name.
fn texts<'h>(
    head: &'h ResponseHeader,
    known: &'h Option<HeaderName>,
) -> impl Iterator<Item = &'h [u8]> {
    let lines = head.headers.iter().filter(move |(name, _)| known.as_ref() != Some(*name));
    let values = lines.map(|(name, value)| framing::split(name, value.as_bytes()).1);
    let names = head.headers.keys().map(|name| name.as_str().as_bytes());
    head.get_reason_phrase().map(str::as_bytes).into_iter().chain(names).chain(values)
}

/// Every header's name: in lower case, as HTTP/2 has it, and in the vendor's letter case, which
/// is kept where HTTP/1.1 goes out.
fn names(head: &ResponseHeader) -> impl Iterator<Item = &[u8]> {
    let cased = head.case_header_iter().map(|(name, _)| name.as_slice());
    head.headers.keys().map(|name| name.as_str().as_bytes()).chain(cased)
}

/// A line without its values; nothing where it has none.
fn redacted(name: &HeaderName, value: &HeaderValue, needles: &Needles) -> Option<HeaderValue> {
    let (frame, rest) = framing::split(name, value.as_bytes());
    let new = redact(needles, rest)?;
    // A mark needs no escape, so what was a header's value still is one.
    let new = HeaderValue::from_bytes(&[frame, &new].concat());
    Some(new.unwrap_or_else(|_| HeaderValue::from_static("")))
}

/// Whether the body's length stays what the vendor said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// It does.
    Kept,
    /// Nobody knows it before its end.
    Open,
}

/// Takes off what a changed body makes untrue.
pub(super) fn unsettle(head: &mut ResponseHeader, length: Length) {
    for name in &OF_THE_BYTES {
        head.remove_header(name);
    }
    if length == Length::Open {
        head.remove_header(&CONTENT_LENGTH);
        head.remove_header(&CONTENT_ENCODING);
    }
}

/// Whether an answer of this status may have a body.
pub(super) fn has_body(status: StatusCode) -> bool {
    !status.is_informational()
        && status != StatusCode::NO_CONTENT
        && status != StatusCode::NOT_MODIFIED
}
