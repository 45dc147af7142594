//! What of a header frames the message, and says nothing of anybody: a payload's number
//! may be a length, and its word a media type.
//!
//! It knows what such headers are made of. Whatever else stands in one is searched like
//! any other header.

use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName,
    SEC_WEBSOCKET_ACCEPT, TRANSFER_ENCODING, UPGRADE,
};

/// What the lists of framing headers are made of.
const WORDS: [&str; 16] = [
    "br",
    "chunked",
    "close",
    "compress",
    "deflate",
    "gzip",
    "h2c",
    "http2-settings",
    "identity",
    "keep-alive",
    "te",
    "trailer",
    "trailers",
    "upgrade",
    "websocket",
    "zstd",
];

/// Media types that vendors answer with.
const MEDIA: [&str; 28] = [
    "application/graphql-response+json",
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "application/octet-stream",
    "application/pdf",
    "application/problem+json",
    "application/wasm",
    "application/x-javascript",
    "application/x-ndjson",
    "application/xml",
    "application/zip",
    "audio/mpeg",
    "font/woff",
    "font/woff2",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/svg+xml",
    "image/webp",
    "multipart/form-data",
    "multipart/mixed",
    "text/css",
    "text/event-stream",
    "text/html",
    "text/javascript",
    "text/plain",
    "text/xml",
];

const CHARSETS: [&str; 4] = ["iso-8859-1", "us-ascii", "utf-8", "windows-1252"];

/// A header's value in two: what frames the message, and what is searched.
pub(super) fn split<'v>(name: &HeaderName, value: &'v [u8]) -> (&'v [u8], &'v [u8]) {
    let frames = match *name {
        CONNECTION | CONTENT_ENCODING | TRANSFER_ENCODING | UPGRADE => is_list(value),
        CONTENT_LENGTH => value.iter().all(u8::is_ascii_digit),
        DATE => is_date(value),
        SEC_WEBSOCKET_ACCEPT => is_accept(value),
        CONTENT_TYPE => return value.split_at(media(value)),
        _ => false,
    };
    value.split_at(if frames { value.len() } else { 0 })
}

fn is_list(value: &[u8]) -> bool {
    value.split(|byte| *byte == b',').all(|word| is_one_of(&WORDS, word))
}

fn is_one_of(words: &[&str], word: &[u8]) -> bool {
    words.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(word.trim_ascii()))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7), by its shape.
fn is_date(value: &[u8]) -> bool {
    const SHAPE: &[u8; 29] = b"Aaa, 00 Aaa 0000 00:00:00 GMT";
    let fits = |(shape, byte): (&u8, &u8)| match shape {
        b'A' => byte.is_ascii_uppercase(),
        b'a' => byte.is_ascii_lowercase(),
        b'0' => byte.is_ascii_digit(),
        other => other == byte,
    };
    value.len() == SHAPE.len() && SHAPE.iter().zip(value).all(fits)
}

/// A SHA-1 in base64 (RFC 6455, 4.2.2): 27 characters and one of padding.
fn is_accept(value: &[u8]) -> bool {
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    value.strip_suffix(b"=").is_some_and(|all| all.len() == 27 && all.iter().all(base64))
}

/// How many bytes of a media type and its character set are what they always are.
fn media(value: &[u8]) -> usize {
    let mut parts = value.split(|byte| *byte == b';');
    let Some(kind) = parts.next().filter(|kind| is_one_of(&MEDIA, kind)) else { return 0 };
    let mut known = kind.len();
    for part in parts {
        let mut pair = part.splitn(2, |byte| *byte == b'=');
        let charset = pair.next().is_some_and(|name| is_one_of(&["charset"], name));
        let said = pair.next().unwrap_or_default();
        let said = said.trim_ascii();
        let quoted = said.strip_prefix(b"\"").and_then(|said| said.strip_suffix(b"\""));
        if !charset || !is_one_of(&CHARSETS, quoted.unwrap_or(said)) {
            break;
        }
        known += 1 + part.len();
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searched(name: HeaderName, value: &str) -> String {
        String::from_utf8_lossy(split(&name, value.as_bytes()).1).into_owned()
    }

    #[test]
    fn what_says_more_than_its_frame_is_searched() {
        for (name, value, rest) in [
            (CONTENT_TYPE, "text/ann", "text/ann"),
            (CONTENT_TYPE, "application/json; name=Ann", "; name=Ann"),
            (CONTENT_TYPE, "text/html; charset=utf-8; by=\"Ann\"", "; by=\"Ann\""),
            (CONTENT_TYPE, "text/html; charset=Ann", "; charset=Ann"),
            (CONTENT_TYPE, "text/html; charset=\"", "; charset=\""),
            (CONTENT_LENGTH, "12 Ann", "12 Ann"),
            (CONNECTION, "close, X-Ann", "close, X-Ann"),
            (TRANSFER_ENCODING, "chunked;by=Ann", "chunked;by=Ann"),
            (DATE, "Sun, 06 Nov 1994 08:49:37 Ann", "Sun, 06 Nov 1994 08:49:37 Ann"),
            (SEC_WEBSOCKET_ACCEPT, "Ann", "Ann"),
            (http::header::ETAG, "\"1\"", "\"1\""),
        ] {
            assert_eq!(searched(name.clone(), value), rest, "{name}");
        }
    }

    #[test]
    fn what_frames_the_message_is_not() {
        for (name, value) in [
            (CONTENT_TYPE, "text/event-stream"),
            (CONTENT_TYPE, "Application/JSON;charset=\"UTF-8\""),
            (CONTENT_LENGTH, "4711"),
            (CONNECTION, "Upgrade, keep-alive"),
            (CONTENT_ENCODING, "gzip"),
            (DATE, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (SEC_WEBSOCKET_ACCEPT, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ] {
            assert_eq!(searched(name.clone(), value), "", "{name}");
        }
    }
}
