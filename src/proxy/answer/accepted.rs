//! The subprotocol that a vendor accepts of a WebSocket's handshake: the browser gets the
//! one that it offered in that place, byte for byte, or it fails the socket (RFC 6455, 4.1).
//!
//! It compares texts and redeems nothing.

use http::HeaderMap;
use http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};

use crate::dialect::reveal::Revealed;
use crate::rewrite::list::elements;

/// What the browser offered in the place of what the vendor accepted; nothing where the
/// vendor accepted what nobody offered.
pub(super) fn offered(
    accepted: &HeaderValue,
    browser: &HeaderMap,
    revealed: Option<&Revealed>,
) -> Option<HeaderValue> {
    let accepted = accepted.as_bytes().trim_ascii();
    for (nth, line) in browser.get_all(SEC_WEBSOCKET_PROTOCOL).iter().enumerate() {
        let sent = elements(line.as_bytes()).ok()?;
        // One that went as it was: the browser knows it anyway.
        let mut pairs: Vec<_> = sent.iter().map(|one| (one.text.clone(), &one.text)).collect();
        let changed = revealed.and_then(|revealed| {
            let mut headers = revealed.headers().iter();
            headers.find(|(name, at, _)| *name == SEC_WEBSOCKET_PROTOCOL && *at == nth)
        });
        if let Some((_, _, new)) = changed {
            let new = elements(new.as_deref().unwrap_or_default().as_bytes()).ok()?;
            pairs.clear();
            // Of a list out of which one was taken nobody can tell which is which.
            if new.len() == sent.len() {
                pairs.extend(
                    new.into_iter().map(|one| one.text).zip(sent.iter().map(|one| &one.text)),
                );
            }
        }
        let found = pairs.into_iter().find(|(went, _)| went.as_bytes() == accepted);
        if let Some((_, sent)) = found {
            return HeaderValue::from_str(sent).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn browser(lines: &[&'static str]) -> HeaderMap {
        let line = |line: &&'static str| (SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(line));
        lines.iter().map(line).collect()
    }

    #[test]
    fn what_nobody_offered_has_no_place() {
        let accepted = HeaderValue::from_static("other");
        assert_eq!(offered(&accepted, &browser(&["one, two"]), None), None);
        assert_eq!(offered(&accepted, &browser(&[]), None), None);
        assert_eq!(offered(&accepted, &browser(&["in(valid"]), None), None);
    }

    #[test]
    fn what_went_as_it_was_comes_back_as_it_was() {
        for sent in ["one", "two", "three"] {
            let accepted = HeaderValue::from_static(sent);
            let got = offered(&accepted, &browser(&["one ,two", "three"]), None);
            assert_eq!(got.as_ref(), Some(&accepted));
        }
    }
}
