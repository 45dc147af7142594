//! What was revealed in a call and in its conversation, and must not come back.
//!
//! Loaded with the request: an answer never asks the store. It holds personal data
//! and prints how many handles stand for it.

use std::fmt;
use std::sync::Arc;

use crate::dialect::answering::RedactAs;
use crate::domain::{Payload, Uses};
use crate::reject::Cause;
use crate::rewrite::json::scalars::scalars;
use crate::rewrite::redact::{Mark, Needles, Replacement, SHORT_MAX};
use crate::vault::link::Revelation;

/// The mark that takes a value's place where the dialect wants a fixed one.
const MARK: &str = "[redacted]";

/// What an answer is searched for.
#[derive(Default)]
pub(super) struct Watch {
    /// Revealed by this call, in order.
    own: Vec<Revelation>,
    /// Revealed earlier in its conversation.
    linked: Vec<Revelation>,
    /// What the answer itself brought and the browser gets as handles.
    beside: Vec<Revelation>,
    needles: Option<Arc<Needles>>,
}

impl Watch {
    /// This call revealed more.
    pub(super) fn reveal(&mut self, more: impl IntoIterator<Item = Revelation>) {
        self.own.extend(more);
        self.needles = None;
    }

    /// The answer itself brought a value that is wrapped: watched for, and no link.
    pub(super) fn reveal_beside(&mut self, one: Revelation) {
        self.beside.push(one);
        self.needles = None;
    }

    /// Its conversation had these before, or has them by now.
    pub(super) fn recall(&mut self, linked: Vec<Revelation>) {
        let ids = |all: &[Revelation]| all.iter().map(|one| one.handle.id()).collect::<Vec<_>>();
        if ids(&linked) != ids(&self.linked) {
            self.linked = linked;
            self.needles = None;
        }
    }

    /// What this call revealed itself.
    pub(super) fn own(&self) -> &[Revelation] {
        &self.own
    }

    /// The handle that this call brought for exactly this value, if it may be used again.
    pub(super) fn wrapped_as(&self, value: &Payload) -> Option<String> {
        let same = |one: &&Revelation| {
            one.handle.uses() == Uses::UntilExpiry && one.payload.expose() == value.expose()
        };
        self.own.iter().find(same).map(|one| one.handle.expose())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    fn all(&self) -> impl Iterator<Item = &Revelation> {
        self.own.iter().chain(&self.linked).chain(&self.beside)
    }

    /// The values to look for, each with what takes its place. Built at the first
    /// answer that needs them.
    ///
    /// # Errors
    /// [`Cause::Internal`] when they cannot be looked for: the answer must not pass.
    pub(super) fn needles(&mut self, redact_as: RedactAs) -> Result<Arc<Needles>, Cause> {
        if let Some(needles) = &self.needles {
            return Ok(Arc::clone(needles));
        }
        let mut builder = Needles::builder();
        for one in self.all() {
            let replacement = replacement(one, redact_as)?;
            let values = scalars(one.payload.expose().as_bytes()).map_err(|_| Cause::Internal)?;
            for value in values.iter().filter(|value| is_telling(value)) {
                builder = builder.add(value, replacement.clone());
            }
        }
        let needles = Arc::new(builder.build().map_err(|_| Cause::Internal)?);
        self.needles = Some(Arc::clone(&needles));
        Ok(needles)
    }

    /// The handle whose payload has exactly this value.
    pub(super) fn handle_for(&self, value: &[u8]) -> Option<String> {
        let says = |one: &&Revelation| {
            let values = scalars(one.payload.expose().as_bytes()).unwrap_or_default();
            values.iter().any(|other| other.as_bytes() == value)
        };
        self.all().find(says).map(|one| one.handle.expose())
    }
}

/// Whether a value says anything about anybody when it is met again. A single
/// character, a truth and a number of a few digits stand in every answer, as counts
/// and codes; taking them out would break it and protect nobody.
fn is_telling(value: &str) -> bool {
    let number = value.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let least = if number { SHORT_MAX } else { 2 };
    value.chars().count() >= least && !matches!(value, "true" | "false" | "null")
}

fn replacement(one: &Revelation, redact_as: RedactAs) -> Result<Replacement, Cause> {
    let text = match redact_as {
        RedactAs::SameLength => return Ok(Replacement::SameLength),
        RedactAs::Handle => one.handle.expose(),
        RedactAs::Mark => MARK.to_owned(),
    };
    Mark::new(&text).map(Replacement::Mark).map_err(|_| Cause::Internal)
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({} own, {} linked)", self.own.len(), self.linked.len())
    }
}
