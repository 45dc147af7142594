//! A page's origin, spelled exactly as a browser sends it.
//!
//! Compared byte by byte later, so anything that a browser would spell otherwise
//! is a mistake here and not a puzzle there. No wildcards.

use super::at::At;
use super::notes::Notes;

const HINT: &str = "write \"https://shop.example\" or \"http://localhost:3000\"";

/// The origin, if browsers spell it so.
pub(crate) fn origin(text: &At<String>, notes: &mut Notes<'_>) -> Option<String> {
    match fault(text) {
        None => Some(text.to_string()),
        Some(fault) => {
            notes.fix(&text.span(), fault, HINT);
            None
        }
    }
}

fn fault(text: &str) -> Option<&'static str> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
        Some(_) | None => return Some("must begin with https:// or http://"),
    };
    if text.contains('*') {
        return Some("must be one origin, without a wildcard");
    }
    if rest.contains(['/', '?', '#', '@']) {
        return Some("must be scheme, host and port only, without a path or a slash at its end");
    }
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !rest.ends_with(']') => (host, Some(port)),
        Some(_) | None => (rest, None),
    };
    if let Some(port) = port {
        let standard = matches!((scheme, port), ("https", "443") | ("http", "80"));
        if standard {
            return Some("browsers leave out the scheme's own port");
        }
        if port.starts_with('0') || port.parse::<u16>().is_err() {
            return Some("the port must be from 1 to 65535");
        }
    }
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let fits = match bracketed {
        Some(ip) => ip.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(plain),
    };
    if fits { None } else { Some("the host must be in lower case, in ASCII (xn--…)") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_browser_sends_is_refused() {
        for text in [
            "",
            "shop.example",
            "ftp://shop.example",
            "https://",
            "https://shop.example/",
            "https://shop.example/a",
            "https://*.shop.example",
            "*",
            "https://Shop.example",
            "https://shop.example:443",
            "http://shop.example:80",
            "https://shop.example:0",
            "https://shop.example:x",
            "https://a@shop.example",
            "https://shöp.example",
            "https://[x]",
            "null",
        ] {
            assert!(fault(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_browsers_send_is_taken() {
        for text in [
            "https://shop.example",
            "http://localhost:3000",
            "https://shop.example:8443",
            "http://shop.example:443",
            "http://[::1]:8080",
            "https://[::1]",
        ] {
            assert_eq!(fault(text), None, "{text}");
        }
    }
}
