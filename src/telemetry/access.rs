//! One line for each request of the data plane.
//!
//! Names from the configuration, fixed words, ids and numbers. No path, no
//! query, no header, no handle: those may name a person.

use std::fmt;
use std::time::Duration;

use http::{Method, StatusCode};

use crate::domain::HandleId;
use crate::reject::Cause;

/// What these lines are found by.
pub const TARGET: &str = "cloakroom::access";

/// The most handles that one line names. A call has a few; a page that writes on a socket
/// could have any number, all of which would be kept until it ends.
pub const NAMED_MAX: usize = 64;

/// The handles that a request or a socket revealed: each once, [`NAMED_MAX`] at most, and
/// how often another one was revealed. `Display` gives `id,id,id` or `id,id,id,+2`.
#[derive(Debug, Default)]
pub struct Redeemed {
    named: Vec<HandleId>,
    more: u64,
}

impl Redeemed {
    /// Adds what was revealed now.
    pub fn note(&mut self, ids: &[HandleId]) {
        for id in ids {
            if self.named.contains(id) {
                continue;
            }
            if self.named.len() < NAMED_MAX {
                self.named.push(*id);
            } else {
                self.more = self.more.saturating_add(1);
            }
        }
    }

    /// Whether none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.named.is_empty()
    }
}

impl fmt::Display for Redeemed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, id) in self.named.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { "," })?;
            id.fmt(f)?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, ",+{more}"),
        }
    }
}

/// What is said of a request.
#[derive(Debug)]
pub struct Access<'a> {
    /// From the configuration.
    pub route: &'a str,
    /// From the dialect.
    pub exchange: &'a str,
    /// From the configuration.
    pub tenant: &'a str,
    /// A known HTTP method; others are logged as `OTHER`.
    pub method: &'a Method,
    /// What the browser got; none when it was gone.
    pub status: Option<StatusCode>,
    /// Why the call was refused, if it was.
    pub rejection: Option<Cause>,
    /// Public ids of the handles that were revealed.
    pub redeemed: &'a Redeemed,
    /// From the head to the end.
    pub took: Duration,
    /// Find, redeem and reveal.
    pub swap: Duration,
}

impl Access<'_> {
    /// `passed`, `revealed`, `refused` or `failed`, with the code where there is one.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match self.rejection {
            Some(Cause::ClientGone) => "aborted",
            Some(cause) => cause.code().as_str(),
            None if self.status.is_none() => "aborted",
            None if self.redeemed.is_empty() => "passed",
            None => "revealed",
        }
    }

    /// Writes the line.
    pub fn log(&self) {
        tracing::info!(
            target: TARGET,
            route = self.route,
            exchange = self.exchange,
            tenant = self.tenant,
            method = method(self.method),
            status = self.status.map_or(0, |status| status.as_u16()),
            outcome = self.outcome(),
            reason = self.rejection.map_or("", Cause::reason),
            handles = self.redeemed.to_string(),
            took_us = micros(self.took),
            swap_us = micros(self.swap),
        );
    }
}

fn method(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::POST
        | Method::PUT
        | Method::DELETE
        | Method::HEAD
        | Method::OPTIONS
        | Method::PATCH => method.as_str(),
        _ => "OTHER",
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> HandleId {
        HandleId::from_random([n; 16])
    }

    #[test]
    fn a_handle_that_is_sent_again_and_again_is_named_once() {
        let mut redeemed = Redeemed::default();
        assert!(redeemed.is_empty());
        for _ in 0..1000 {
            redeemed.note(&[id(1), id(2), id(1)]);
        }
        assert_eq!(redeemed.to_string(), format!("{},{}", id(1), id(2)));
        assert!(!redeemed.is_empty());
    }

    #[test]
    fn beyond_the_bound_handles_are_counted_and_not_kept() {
        let mut redeemed = Redeemed::default();
        for n in 0..=u8::MAX {
            redeemed.note(&[id(n)]);
        }
        let said = redeemed.to_string();
        let mut parts: Vec<_> = said.split(',').collect();
        assert_eq!(parts.pop(), Some("+192"));
        let named: Vec<_> = (0..64).map(|n| id(n).to_string()).collect();
        assert_eq!(parts, named);
        assert_eq!(redeemed.named.len(), NAMED_MAX);
    }
}
