//! `[limits]`: one table in the file, three types in the program.
//!
//! Every default is the resolved type's own; only the bounds stand here.

use std::time::Duration;

use super::at::At;
use super::measure::{DAY, HOUR, KIB, MIB, MINUTE, Range, SECOND, duration, number, size};
use super::notes::Notes;
use super::raw::planes::Limits as Raw;
use crate::domain::lease::Terms;
use crate::proxy::settings::Limits;
use crate::rewrite::redact::{SHORT_VALUE_LEAST, Shortness};
use crate::vault::issue::IssueLimits;

/// The longest life that any handle can be given: personal data that waits
/// longer for its chat is a database.
pub(crate) const TTL_MAX: Duration = DAY.saturating_mul(30);

/// The most that `short_value_max` may be, in bytes: what is shorter is not found in a
/// sentence.
const SHORT_VALUE_MOST: usize = 16;

const TENTH: Duration = Duration::from_millis(100);

/// All of them, or nothing when one is out of bounds.
pub(crate) fn limits(
    raw: Option<&At<Raw>>,
    notes: &mut Notes<'_>,
) -> Option<(Limits, Terms, IssueLimits)> {
    let absent = Raw::default();
    let Raw {
        request_body_max,
        answer_body_max,
        short_value_max,
        short_number_max,
        header_max,
        payload_max,
        request_body_timeout,
        keepalive_timeout,
        client_timeout,
        websocket_idle_timeout,
        ttl_default,
        lease_max,
        replay_window,
        releases_max,
    } = raw.map_or(&absent, |raw| raw);

    let (limits, issue, terms) = (Limits::default(), IssueLimits::default(), Terms::default());
    let mut sized = |text, default, max| size(text, &Range::new(default, KIB, max), notes);
    let request_body_max = sized(request_body_max, limits.request_body_max, 64 * MIB);
    let answer_body_max = sized(answer_body_max, limits.answer_body_max, 64 * MIB);
    let header_max = sized(header_max, limits.header_max, MIB);
    let payload_max = size(payload_max, &Range::new(issue.payload_max, 2, MIB), notes);

    let mut timed = |text, default, min, max| duration(text, &Range::new(default, min, max), notes);
    let body = timed(request_body_timeout, limits.request_body_timeout, TENTH, 10 * MINUTE);
    let keepalive = timed(keepalive_timeout, limits.keepalive_timeout, SECOND, HOUR);
    let client = timed(client_timeout, limits.client_timeout, TENTH, HOUR);
    let socket = timed(websocket_idle_timeout, limits.websocket_idle_timeout, SECOND, DAY);
    let ttl_default = timed(ttl_default, issue.ttl_default, SECOND, TTL_MAX);
    let lease_max = timed(lease_max, terms.lease_max, SECOND, HOUR);
    let replay_window = timed(replay_window, terms.replay_window, Duration::ZERO, 10 * MINUTE);
    let releases = Range::new(u64::from(terms.releases_max), 1, 100);
    let releases_max = number(releases_max, &releases, notes);

    let default = Shortness::default();
    // Two bytes stand in base64 by chance; a value of more than sixteen is no short one.
    let values = lengths(default.value, SHORT_VALUE_LEAST, SHORT_VALUE_MOST);
    let value = number(short_value_max, &values, notes);
    let numbers = lengths(default.number, 1, default.number);
    let least_number = number(short_number_max, &numbers, notes);

    let limits = Limits {
        short: Shortness {
            value: usize::try_from(value?).ok()?,
            number: usize::try_from(least_number?).ok()?,
        },
        request_body_max: request_body_max?,
        answer_body_max: answer_body_max?,
        header_max: header_max?,
        request_body_timeout: body?,
        keepalive_timeout: keepalive?,
        client_timeout: client?,
        websocket_idle_timeout: socket?,
    };
    let releases_max = u32::try_from(releases_max?).ok()?;
    let terms = Terms { lease_max: lease_max?, replay_window: replay_window?, releases_max };
    Some((limits, terms, IssueLimits { payload_max: payload_max?, ttl_default: ttl_default? }))
}

fn lengths(default: usize, least: usize, most: usize) -> Range<u64> {
    let bytes = |bytes| u64::try_from(bytes).unwrap_or(u64::MAX);
    Range::new(bytes(default), bytes(least), bytes(most))
}
