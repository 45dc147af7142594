//! Lines of the audit: an entry and the line before it become one line of JSON.
//!
//! ```text
//! {"seq":7,"time":"…","event":"redeem","outcome":"granted",…,"prev":"HEX","key":1,"mac":"HEX","hash":"HEX"}
//! ```
//!
//! `hash` is SHA-256 over the line up to it, `prev` the `hash` of the line before, `mac` a
//! keyed mark over the line up to it. So a chance damage shows to anybody, and a line that
//! was made or made anew without the key shows to whoever has the key. Never reads a file.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Entry;
use crate::domain::{AuditKey, KeyId};

/// The longest line, in bytes: names of the configuration are bounded far below it.
pub const LINE_MAX: usize = 4096;

/// What `hash` and `mac` add to the end of a line, in bytes.
const HASH_TAIL: usize = r#","hash":""}"#.len() + HEX_LEN;
const MAC_TAIL: usize = r#","mac":"""#.len() + HEX_LEN;
const HEX_LEN: usize = 64;

/// The end of a chain: what the next line continues.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Link {
    /// The line's number, from 1; 0 before the first.
    pub seq: u64,
    /// The line's hash; zeros before the first.
    pub hash: [u8; 32],
}

impl Link {
    /// Before the first line of all.
    pub const NONE: Self = Self { seq: 0, hash: [0; 32] };

    /// The hash as lines spell it.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(&self.hash)
    }

    /// The first 48 bits of the hash: a number that a metric holds exactly.
    #[must_use]
    pub fn short(&self) -> i64 {
        self.hash.iter().take(6).fold(0, |sum, byte| (sum << 8) | i64::from(*byte))
    }
}

/// A line's members, in the order in which they stand.
#[derive(Serialize)]
struct Body<'e> {
    seq: u64,
    time: String,
    event: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(skip_serializing_if = "<[u8]>::is_empty")]
    keys: &'e [u8],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    checks: &'e [String],
    prev: String,
    key: u8,
}

/// The line that says `entry` after `last`, with its line feed, and the chain's new end.
#[must_use]
pub fn line(entry: &Entry, last: &Link, key: &AuditKey) -> (String, Link) {
    let seq = last.seq.saturating_add(1);
    let millis = i64::try_from(entry.time.millis()).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_millisecond(millis).unwrap_or_default();
    let body = Body {
        seq,
        time: format!("{time:.3}"),
        event: entry.event.as_str(),
        outcome: entry.outcome,
        tenant: entry.tenant.as_ref().map(|tenant| tenant.as_str()),
        handle: entry.handle.map(|id| id.to_string()),
        route: entry.scene.as_ref().map(|(route, _)| route.as_str()),
        exchange: entry.scene.as_ref().map(|(_, exchange)| exchange.as_str()),
        caller: entry.caller.as_deref(),
        count: entry.count,
        keys: &entry.keys,
        checks: &entry.checks,
        prev: last.hex(),
        key: key.id().byte(),
    };
    // Plain members of plain types: there is nothing that could not be written.
    let mut text = serde_json::to_string(&body).unwrap_or_default();
    text.pop();
    let mac = key.mark(text.as_bytes());
    let _ = write!(text, r#","mac":"{}""#, hex(&mac));
    let hash: [u8; 32] = Sha256::digest(&text).into();
    let _ = writeln!(text, r#","hash":"{}"}}"#, hex(&hash));
    (text, Link { seq, hash })
}

/// A line that says of itself that it is whole.
#[derive(Debug)]
pub struct Whole<'l> {
    /// What follows it continues this.
    pub link: Link,
    /// What it continues.
    pub prev: [u8; 32],
    /// Whether it begins a file.
    pub opens: bool,
    /// Whose mark it has.
    pub key: KeyId,
    /// What the mark covers.
    pub marked: &'l [u8],
    /// The mark.
    pub mac: [u8; 32],
}

/// Why a line is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Not the shape of a line.
    #[error("it is not a line of an audit")]
    Shape,
    /// Its own hash does not fit it.
    #[error("it was changed: its hash does not fit it")]
    Changed,
}

/// What must be read of a line; the rest is for people.
#[derive(Deserialize)]
struct Read<'l> {
    seq: u64,
    event: &'l str,
    prev: &'l str,
    key: u8,
}

/// Reads a line without its line feed.
///
/// # Errors
/// [`Flaw`].
pub fn read(line: &[u8]) -> Result<Whole<'_>, Flaw> {
    let hashed = line.len().checked_sub(HASH_TAIL).ok_or(Flaw::Shape)?;
    let (covered, tail) = line.split_at_checked(hashed).ok_or(Flaw::Shape)?;
    let hash = between(tail, br#","hash":""#, br#""}"#).ok_or(Flaw::Shape)?;
    if <[u8; 32]>::from(Sha256::digest(covered)) != hash {
        return Err(Flaw::Changed);
    }
    let marked = covered.len().checked_sub(MAC_TAIL).ok_or(Flaw::Shape)?;
    let (marked, tail) = covered.split_at_checked(marked).ok_or(Flaw::Shape)?;
    let mac = between(tail, br#","mac":""#, br#"""#).ok_or(Flaw::Shape)?;
    let object = [marked, b"}"].concat();
    let members: Read<'_> = serde_json::from_slice(&object).map_err(|_| Flaw::Shape)?;
    let prev = unhex(members.prev.as_bytes()).ok_or(Flaw::Shape)?;
    let key = KeyId::new(members.key).ok_or(Flaw::Shape)?;
    let link = Link { seq: members.seq, hash };
    Ok(Whole { link, prev, opens: members.event == "open", key, marked, mac })
}

fn between(text: &[u8], before: &[u8], after: &[u8]) -> Option<[u8; 32]> {
    unhex(text.strip_prefix(before)?.strip_suffix(after)?)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(HEX_LEN), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Lower case only: a line has one spelling.
fn unhex(text: &[u8]) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_chunks::<2>();
    if pairs.len() != 32 || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = (digit(*high)? << 4) | digit(*low)?;
    }
    Some(bytes)
}
