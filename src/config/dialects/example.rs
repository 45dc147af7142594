//! `[[example]]`: requests with their expected outcome, and the check that the
//! dialect gives it.
//!
//! Examples hold invented people only, so what differs may be printed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use http::HeaderMap;

use crate::config::at::At;
use crate::config::notes::Notes;
use crate::config::raw::dialect::Example as Raw;
use crate::config::wording::advice;
use crate::dialect::exchange::{Exchange, OnUnusable};
use crate::dialect::find::Carries;
use crate::dialect::request::{Request, Setting};
use crate::dialect::reveal::{RevealFault, Verdict};
use crate::dialect::{Dialect, Example};
use crate::domain::handle::{PREFIX, TEXT_LEN};
use crate::domain::{Payload, Timestamp};

/// As much as a payload may be by default.
const PAYLOAD_MAX: usize = 64 * 1024;

/// An example that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleFault {
    /// Which one, counted from 0.
    pub example: usize,
    /// Its exchange.
    pub exchange: String,
    /// What came instead.
    pub outcome: Outcome,
}

/// What came of an example instead of what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its payload is no JSON object.
    Payload,
    /// The dialect has no exchange of its name.
    NoExchange,
    /// Its request is not JSON.
    Request,
    /// The request would be refused.
    Refused,
    /// Nothing can be revealed in it.
    Fault(RevealFault),
    /// The vendor would receive something else.
    Differs {
        /// What the example says.
        expected: String,
        /// What the dialect gives.
        sent: String,
    },
}

impl fmt::Display for ExampleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "example[{}] ({}): ", self.example, self.exchange)?;
        match &self.outcome {
            Outcome::Payload => f.write_str("the payload is not a JSON object"),
            Outcome::NoExchange => f.write_str("there is no such exchange"),
            Outcome::Request => f.write_str("the request is not JSON"),
            Outcome::Refused => f.write_str("the request would be refused: a slot holds no handle"),
            Outcome::Fault(fault) => fault.fmt(f),
            Outcome::Differs { expected, sent } => {
                write!(f, "the vendor would receive {sent}, not {expected}")
            }
        }
    }
}

/// Runs every example of a dialect; what does not hold.
#[must_use]
pub fn check_examples(dialect: &Dialect) -> Vec<ExampleFault> {
    let outcomes = dialect.examples.iter().enumerate().filter_map(|(at, example)| {
        let outcome = run(dialect, example).err()?;
        Some(ExampleFault { example: at, exchange: example.exchange.clone(), outcome })
    });
    outcomes.collect()
}

fn run(dialect: &Dialect, example: &Example) -> Result<(), Outcome> {
    let exchange = dialect.exchange_named(&example.exchange).ok_or(Outcome::NoExchange)?;
    let payload = Payload::parse(example.payload.as_bytes(), PAYLOAD_MAX);
    let payload = Arc::new(payload.map_err(|_| Outcome::Payload)?);
    // Spelled like one and long like one: whether it is one, no example asks.
    let handle = format!("{PREFIX}{}", "A".repeat(TEXT_LEN.saturating_sub(PREFIX.len())));
    let request = example.request.replace("{handle}", &handle);
    let sent = reveal(exchange, request.as_bytes(), &payload)?;
    let sent = sent.map_or(request, |sent| String::from_utf8_lossy(&sent).into_owned());
    let expected = example.upstream.replace("{handle}", &handle);
    if sent == expected { Ok(()) } else { Err(Outcome::Differs { expected, sent }) }
}

fn reveal(
    exchange: &Exchange,
    request: &[u8],
    payload: &Arc<Payload>,
) -> Result<Option<Vec<u8>>, Outcome> {
    let (headers, names) = (HeaderMap::new(), BTreeMap::new());
    let setting = Setting { now: Timestamp::from_millis(0), jwt: None, names: &names };
    let request = Request { path: "/", query: None, headers: &headers, body: request };
    let plan = exchange.find(request, setting).map_err(|_| Outcome::Request)?;
    let verdicts = plan.found().iter().map(|found| match (&found.carries, exchange.on_unusable) {
        (Carries::Handle(_), _) => Ok(Verdict::Payload(Arc::clone(payload))),
        (Carries::Unusable | Carries::BadToken, OnUnusable::Reject) => Err(Outcome::Refused),
        (Carries::Unusable | Carries::BadToken, OnUnusable::Drop) => Ok(Verdict::Drop),
        (Carries::Unusable | Carries::BadToken, OnUnusable::DangerPass) => Ok(Verdict::Leave),
    });
    let verdicts: Vec<Verdict> = verdicts.collect::<Result<_, _>>()?;
    Ok(plan.reveal(&verdicts).map_err(Outcome::Fault)?.body().map(<[u8]>::to_vec))
}

/// One example, of an exchange that the file has.
pub(super) fn example(
    raw: &At<Raw>,
    known: &BTreeSet<&str>,
    notes: &mut Notes<'_>,
) -> Option<Example> {
    let Raw { exchange, payload, request, upstream } = &**raw;
    let span = raw.span();
    let exchange = notes.need(exchange, &span, "exchange", "name one of the file's exchanges");
    if let Some(name) = exchange.filter(|name| !known.contains(name.as_str())) {
        let known: Vec<&str> = known.iter().copied().collect();
        let hint = advice(name, &known).unwrap_or_else(|| "add an [[exchange]]".to_owned());
        notes.fix(&name.span(), format!("there is no exchange {:?}", name.as_str()), hint);
    }
    let payload = notes.need(payload, &span, "payload", "what the handle stands for");
    let payload = payload.and_then(|payload| {
        let parsed = Payload::parse(payload.0.as_bytes(), PAYLOAD_MAX);
        match parsed {
            Ok(_) => Some(payload.0.clone()),
            Err(fault) => {
                notes.wrong(&payload.span(), fault.to_string());
                None
            }
        }
    });
    let request = notes.need(request, &span, "request", "the body that the browser sends");
    let upstream = notes.need(upstream, &span, "upstream", "the body that the vendor receives");
    Some(Example {
        exchange: exchange?.to_string(),
        payload: payload?,
        request: request?.to_string(),
        upstream: upstream?.to_string(),
    })
}
