//! What a dialect says of an exchange's answers: how their conversation is known,
//! what takes a revealed value's place, what is handed out as a handle.
//!
//! Settings only. The rules for other changes are `answer`; finding revealed values
//! is `rewrite::redact`.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;

use super::answer::AnswerRule;
use crate::rewrite::json::pointer::Pointer;

/// How an exchange's answers are treated.
#[derive(Debug, Clone, Default)]
pub struct Answering {
    /// Where an answer names the conversation that it begins.
    pub learn: Option<Learn>,
    /// What takes the place of a revealed value.
    pub redact_as: RedactAs,
    /// Members of the payload whose values come back as the handle all the same: a
    /// widget compares them with what it sent.
    pub identity: Arc<[String]>,
    /// Strings of the JSON texts of a stream, or of a socket's messages, that, joined,
    /// are what a person reads.
    pub text_streams: Vec<Pointer>,
    /// Changes by rule, in order.
    pub rules: Vec<AnswerRule>,
    /// Values that the browser gets as handles.
    pub wraps: Vec<Wrap>,
}

/// Where an answer names its conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Learn {
    /// A string or number of its JSON body.
    Json(Pointer),
    /// A header.
    Header(HeaderName),
    /// A cookie that it sets.
    Cookie(String),
}

/// What takes the place of a revealed value in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RedactAs {
    /// The handle that stands for it: a widget that compares it with what it sent
    /// still knows itself.
    #[default]
    Handle,
    /// A fixed mark.
    Mark,
    /// A mark of the same length: the answer's length stays, which is the cheapest.
    SameLength,
}

/// A value that a vendor hands out and the browser must not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrap {
    /// Where it stands in the answer.
    pub at: Learn,
    /// How long its handle works.
    pub ttl: Duration,
}

impl Answering {
    /// Whether the body must be read as a whole: pointers mean nothing in half a text.
    #[must_use]
    pub fn reads_whole_body(&self) -> bool {
        let json = |at: &Learn| match at {
            Learn::Json(_) => true,
            Learn::Header(_) | Learn::Cookie(_) => false,
        };
        !self.rules.is_empty()
            || self.learn.as_ref().is_some_and(json)
            || self.wraps.iter().any(|wrap| json(&wrap.at))
    }
}
