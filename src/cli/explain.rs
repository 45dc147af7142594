//! `explain`: one captured request against a configuration, offline.
//!
//! Reads standard input, prints no value of it.

use std::io::Read;
use std::path::Path;

use super::exit::readable;
use super::{Exit, Failure, print};
use crate::clock::{Clock, SystemClock};
use crate::config;
use crate::proxy::explain::explain as walk;

/// As much as is read: a request's head and the largest body that is configurable.
const INPUT_MAX: u64 = 65 * 1024 * 1024;

pub(super) fn explain(file: &Path) -> Result<(), Failure> {
    readable(file)?;
    let config = config::load(file, 1)?;
    let mut raw = Vec::new();
    std::io::stdin().take(INPUT_MAX).read_to_end(&mut raw)?;
    let wrong = || {
        Failure::new(
            Exit::Usage,
            "standard input is not an HTTP/1.1 request; pipe one in, head, blank line, body",
        )
    };
    let (head, body) = split(&raw).ok_or_else(wrong)?;
    let head = std::str::from_utf8(head).map_err(|_| wrong())?;
    let mut lines = head.lines();
    let mut first = lines.next().ok_or_else(wrong)?.split(' ');
    let (Some(method), Some(target), Some(version)) = (first.next(), first.next(), first.next())
    else {
        return Err(wrong());
    };
    if !version.starts_with("HTTP/1.") {
        return Err(wrong());
    }
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_owned(), value.trim().as_bytes().to_vec()))
    });
    let headers: Vec<_> = headers.collect::<Option<_>>().ok_or_else(wrong)?;
    let told = walk(&config.settings, (method, target), &headers, body, SystemClock.now());
    print::line(&told.to_string())
}

/// The head and the body, whether lines end as on the wire or as in an editor.
fn split(raw: &[u8]) -> Option<(&[u8], &[u8])> {
    for border in [&b"\r\n\r\n"[..], b"\n\n"] {
        let at = raw.windows(border.len()).position(|window| window == border);
        if let Some(at) = at {
            let (head, rest) = raw.split_at_checked(at)?;
            return Some((head, rest.get(border.len()..)?));
        }
    }
    let head = raw.trim_ascii_end();
    (!head.is_empty()).then_some((head, &[]))
}
