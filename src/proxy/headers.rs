//! The head of a request on its way upstream, and of an answer on its way back.
//!
//! Strip, then set: whatever we are trusted to say is first taken off what came
//! in. A framing header is never edited, only replaced by one that is exact.

use std::net::IpAddr;

use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, FORWARDED, HOST, HeaderMap, HeaderName, TRANSFER_ENCODING,
};
use pingora::http::{RequestHeader, ResponseHeader};

use http::{HeaderValue, Uri};
use pingora::{Error, ErrorType};

use super::framing;
use super::passage::{Coding, Outgoing};
use super::settings::Route;
use crate::dialect::reveal::Revealed;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Names that only this proxy may use, in either direction.
const OWN_PREFIX: &str = "cloakroom-";

/// Room for one RFC 7239 element, in bytes: beyond, it grows.
const ELEMENT: usize = 96;

/// Where a request came from.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    /// The peer of the connection.
    pub(super) peer: Option<IpAddr>,
    /// Whether that peer's own forwarding headers are believed.
    pub(super) trust: Trust,
    /// `https` or `http`, as the browser's side of us speaks.
    pub(super) scheme: &'static str,
}

/// Whether forwarding headers that came in are kept and added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// They are another proxy's word.
    Believed,
    /// They are the browser's word: gone.
    Stripped,
}

/// Frames the body that goes upstream.
///
/// # Errors
/// When Pingora does not take a header, which these cannot cause.
pub(super) fn frame(head: &mut RequestHeader, outgoing: &Outgoing) -> pingora::Result<()> {
    let coding = match outgoing {
        Outgoing::Streamed => return Ok(()),
        Outgoing::Whole { body, coding } => {
            head.remove_header(&TRANSFER_ENCODING);
            head.insert_header(CONTENT_LENGTH, body.expose().len().to_string())?;
            coding
        }
        // The length is not known yet; Pingora frames it as chunked.
        Outgoing::Late { coding, .. } => {
            head.remove_header(&CONTENT_LENGTH);
            coding
        }
    };
    if *coding == Coding::Decoded {
        head.remove_header(&CONTENT_ENCODING);
    }
    Ok(())
}

/// Takes off what the vendor must not get, and says who is calling.
///
/// # Errors
/// As [`frame`].
pub(super) fn forward(
    head: &mut RequestHeader,
    route: &Route,
    origin: &Origin,
) -> pingora::Result<()> {
    for name in own(&head.headers) {
        head.remove_header(&name);
    }
    for name in &route.dialect.strip_headers {
        head.remove_header(&name.0);
    }
    say_who_calls(head, origin)?;
    for (name, value) in &route.upstream.set_headers {
        head.remove_header(name);
        head.insert_header(name.clone(), value.clone())?;
    }
    if let Some(host) = &route.upstream.host {
        head.remove_header(&HOST);
        head.insert_header(HOST, host.clone())?;
        set_authority(head, host);
    }
    Ok(())
}

/// Each of the four either takes the place of whatever came in under its name, or adds
/// to what a believed proxy said.
fn say_who_calls(head: &mut RequestHeader, origin: &Origin) -> pingora::Result<()> {
    let host = framing::host(head).map(str::to_owned);
    let peer = origin.peer.map(written);
    let element = element(origin, peer.as_deref(), host.as_deref());
    match origin.trust {
        Trust::Stripped => {
            set(head, FORWARDED_FOR, peer)?;
            set(head, FORWARDED_PROTO, Some(origin.scheme.to_owned()))?;
            set(head, FORWARDED_HOST, host)?;
            set(head, FORWARDED, Some(element))
        }
        Trust::Believed => {
            append_list(head, FORWARDED_FOR, peer)?;
            set_if_absent(head, FORWARDED_PROTO, Some(origin.scheme.to_owned()))?;
            set_if_absent(head, FORWARDED_HOST, host)?;
            append_list(head, FORWARDED, Some(element))
        }
    }
}

/// An address as text. Each call needs it: the formatter takes ten times as long for the common
/// kind.
fn written(peer: IpAddr) -> String {
    let IpAddr::V4(four) = peer else { return peer.to_string() };
    let mut text = String::with_capacity("255.255.255.255".len());
    for octet in four.octets() {
        if !text.is_empty() {
            text.push('.');
        }
        let digits = [octet / 100, octet / 10 % 10, octet % 10];
        let zeros = if octet >= 100 { 0 } else { 2 - usize::from(octet >= 10) };
        text.extend(digits.iter().skip(zeros).map(|digit| char::from(b'0' + digit)));
    }
    text
}

/// Sets a header that nobody else may say; without a value it is gone.
fn set(head: &mut RequestHeader, name: HeaderName, value: Option<String>) -> pingora::Result<()> {
    match value {
        Some(value) => head.insert_header(name, value),
        None => {
            head.remove_header(&name);
            Ok(())
        }
    }
}

/// Puts what was revealed outside the body in its place.
///
/// # Errors
/// When Pingora does not take the target or a header; the call fails then, since
/// what it would carry is not what was decided.
pub(super) fn reveal(head: &mut RequestHeader, revealed: &Revealed) -> pingora::Result<()> {
    if let Some(target) = revealed.target() {
        let refused = || Error::explain(ErrorType::InternalError, "the revealed target");
        let mut parts = head.uri.clone().into_parts();
        parts.path_and_query = Some(target.parse().map_err(|_| refused())?);
        head.set_uri(Uri::from_parts(parts).map_err(|_| refused())?);
    }
    let mut names: Vec<&HeaderName> = Vec::new();
    for (name, _, _) in revealed.headers() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names {
        let mut lines: Vec<Option<HeaderValue>> =
            head.headers.get_all(name).iter().cloned().map(Some).collect();
        for (_, at, new) in revealed.headers().iter().filter(|(other, _, _)| other == name) {
            let new = new.as_ref().map(|new| HeaderValue::from_bytes(new.as_bytes()));
            let new = new
                .transpose()
                .map_err(|_| Error::explain(ErrorType::InternalError, "the revealed header"))?;
            if let Some(line) = lines.get_mut(*at) {
                *line = new;
            }
        }
        head.remove_header(name);
        for line in lines.into_iter().flatten() {
            head.append_header(name.clone(), line)?;
        }
    }
    Ok(())
}

/// Takes our own names off an answer: they are ours to say.
pub(super) fn strip_own(head: &mut ResponseHeader) {
    for name in own(&head.headers) {
        head.remove_header(&name);
    }
}

fn own(headers: &HeaderMap) -> Vec<HeaderName> {
    headers.keys().filter(|name| name.as_str().starts_with(OWN_PREFIX)).cloned().collect()
}

/// HTTP/2 names the host in the target; it must not contradict the header.
fn set_authority(head: &mut RequestHeader, host: &http::HeaderValue) {
    if head.uri.authority().is_none() {
        return;
    }
    let mut parts = head.uri.clone().into_parts();
    parts.authority = host.to_str().ok().and_then(|host| host.parse().ok());
    if let Ok(uri) = http::Uri::from_parts(parts) {
        head.set_uri(uri);
    }
}

fn append_list(
    head: &mut RequestHeader,
    name: HeaderName,
    element: Option<String>,
) -> pingora::Result<()> {
    let Some(element) = element else { return Ok(()) };
    let before: Vec<&str> =
        head.headers.get_all(&name).iter().filter_map(|value| value.to_str().ok()).collect();
    let list =
        if before.is_empty() { element } else { format!("{}, {element}", before.join(", ")) };
    head.insert_header(name, list)
}

fn set_if_absent(
    head: &mut RequestHeader,
    name: HeaderName,
    value: Option<String>,
) -> pingora::Result<()> {
    match value {
        Some(value) if !head.headers.contains_key(&name) => head.insert_header(name, value),
        Some(_) | None => Ok(()),
    }
}

/// One RFC 7239 element.
fn element(origin: &Origin, peer: Option<&str>, host: Option<&str>) -> String {
    let mut element = String::with_capacity(ELEMENT);
    element.push_str("for=");
    match (origin.peer, peer) {
        (Some(IpAddr::V6(_)), Some(peer)) => push_all(&mut element, &["\"[", peer, "]\""]),
        (_, Some(peer)) => element.push_str(peer),
        (_, None) => element.push_str("unknown"),
    }
    push_all(&mut element, &[";proto=", origin.scheme]);
    // A host holds no quote or backslash: the URI parser has refused those.
    if let Some(host) = host.filter(|host| !host.contains(['"', '\\'])) {
        push_all(&mut element, &[";host=\"", host, "\""]);
    }
    element
}

fn push_all(text: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| text.push_str(part));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_the_standard_library_does() {
        for octet in 0..=u8::MAX {
            for at in 0..4 {
                let mut octets = [0, 9, 10, 255];
                octets[at] = octet;
                let peer = IpAddr::from(octets);
                assert_eq!(written(peer), peer.to_string());
            }
        }
        assert_eq!(written("2001:db8::1".parse().unwrap()), "2001:db8::1");
    }
}
