//! One line for each request of the data plane.
//!
//! Names from the configuration, fixed words, ids and numbers. No path, no
//! query, no header, no handle: those may name a person.

use std::time::Duration;

use http::{Method, StatusCode};

use crate::domain::HandleId;
use crate::reject::Cause;

/// What these lines are found by.
pub const TARGET: &str = "cloakroom::access";

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
    pub redeemed: &'a [HandleId],
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
        let handles: Vec<String> = self.redeemed.iter().map(ToString::to_string).collect();
        tracing::info!(
            target: TARGET,
            route = self.route,
            exchange = self.exchange,
            tenant = self.tenant,
            method = method(self.method),
            status = self.status.map_or(0, |status| status.as_u16()),
            outcome = self.outcome(),
            reason = self.rejection.map_or("", Cause::reason),
            handles = handles.join(","),
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
