//! One kind of browser call: its slots, and what happens when a handle in one of
//! them cannot be redeemed.
//!
//! Settings only. Finding slots is `find`, filling them is `reveal`.

use std::collections::BTreeSet;
use std::fmt;

use http::HeaderName;

use super::answering::Answering;
use super::bind::Bind;
use super::call::CallPattern;
use super::relay::RelayKey;
use super::search::Strictness;
use crate::rewrite::json::pointer::Pointer;

/// One kind of browser call.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Its name in metrics, logs and examples.
    pub name: String,
    /// Which calls it is about.
    pub call: CallPattern,
    /// Where handles may stand. Of two that match one value, the first counts.
    pub slots: Vec<Slot>,
    /// Where handles may stand in the text messages of the browser, when the call
    /// becomes a socket. Their places are in the message, which is their body.
    pub frame_slots: Vec<Slot>,
    /// What becomes of binary messages on such a socket.
    pub binary: Binary,
    /// When the handle is forged, unknown, spent, revoked or another's.
    pub on_unusable: OnUnusable,
    /// When the handle is genuine and merely too old. Apart, because a handle's
    /// age is legible to its bearer, so that answering it tells nobody anything.
    pub on_expired: OnUnusable,
    /// How its conversation is known, for handles that work in one.
    pub bind: Option<Bind>,
    /// How a call of a conversation that began before names it: what was revealed in
    /// that conversation is redacted in this call's answer too.
    pub link: Option<Bind>,
    /// How its answers are treated.
    pub answer: Answering,
    /// Whether a call that may have reached the vendor is sent again.
    pub retry: Retry,
}

impl Exchange {
    /// A call that goes as it comes: no slots, and whatever goes wrong is refused.
    #[must_use]
    pub fn plain(name: &str, call: CallPattern) -> Self {
        Self {
            name: name.to_owned(),
            call,
            slots: Vec::new(),
            frame_slots: Vec::new(),
            binary: Binary::Pass,
            on_unusable: OnUnusable::Reject,
            on_expired: OnUnusable::Reject,
            bind: None,
            link: None,
            answer: Answering::default(),
            retry: Retry::Idempotent,
        }
    }

    /// Whether anything but payloads comes about in its calls that must not come back.
    #[must_use]
    pub fn hands_out(&self) -> bool {
        let mut slots = self.slots.iter().chain(&self.frame_slots);
        !self.answer.wraps.is_empty() || slots.any(Slot::hands_out)
    }
}

/// What becomes of a socket's binary messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    /// They pass, unless they hold a value that was revealed.
    Pass,
    /// They end the socket.
    Refuse,
}

/// One place where a handle may stand.
#[derive(Debug, Clone)]
pub struct Slot {
    /// Where.
    pub at: Locator,
    /// Names that a wildcard does not cover: where people type.
    pub except: BTreeSet<String>,
    /// Where a handle's second part stands, beside the slot, for vendors that carry
    /// it in two: the id in the slot, the key here.
    pub second: Option<Pointer>,
    /// What may stand there.
    pub accepts: Accepts,
    /// What is put there.
    pub reveal: Reveal,
    /// What is put there instead on a route that relays.
    pub relayed: Option<RelayKey>,
    /// When the handle that stands here is merely too old; the exchange's rule where
    /// there is none.
    pub on_expired: Option<OnUnusable>,
}

impl Slot {
    fn hands_out(&self) -> bool {
        self.relayed.is_some()
            || self.at.layers.contains(&Layer::Token)
            || match self.reveal {
                Reveal::Token | Reveal::Relay(_) => true,
                Reveal::Member(_) | Reveal::SameName | Reveal::MergeInto(_) | Reveal::Payload => {
                    false
                }
            }
    }
}

/// How a slot is found: a place of the request, and the layers of text inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locator {
    /// The outermost place.
    pub base: Base,
    /// From the outside in; none when the place's whole text is the slot.
    pub layers: Vec<Layer>,
}

/// A place of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// The body, whatever its content type says.
    Body,
    /// A field of an urlencoded body.
    Form(String),
    /// A text field of a multipart body.
    Multipart(String),
    /// A parameter of the query.
    Query(String),
    /// A hole of the call's path.
    Path(String),
    /// Every line of a header.
    Header(HeaderName),
    /// A cookie.
    Cookie(String),
    /// One of the subprotocols that a WebSocket handshake offers.
    Subprotocol,
}

impl Base {
    /// Whether it stands in the body.
    #[must_use]
    pub fn is_in_body(&self) -> bool {
        match self {
            Self::Body | Self::Form(_) | Self::Multipart(_) => true,
            Self::Query(_)
            | Self::Path(_)
            | Self::Header(_)
            | Self::Cookie(_)
            | Self::Subprotocol => false,
        }
    }

    /// A body has one shape; a field may hold anything.
    pub(super) fn strictness(&self) -> Strictness {
        match self {
            Self::Body => Strictness::Whole,
            Self::Form(_)
            | Self::Multipart(_)
            | Self::Query(_)
            | Self::Path(_)
            | Self::Header(_)
            | Self::Cookie(_)
            | Self::Subprotocol => Strictness::Part,
        }
    }
}

/// A text inside a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// A value of a JSON text; a string, where another layer follows.
    Json(Pointer),
    /// Any string value of a JSON text that is exactly a handle
    /// (`danger_anywhere`).
    Anywhere,
    /// The claims of a JWT that verifies.
    Token,
}

/// What may stand in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepts {
    /// Strict: only a handle makes sense, anything else is unusable.
    Handle,
    /// Open: a handle is swapped, anything without its prefix passes as sent.
    HandleOrPlain,
}

/// What replaces a handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reveal {
    /// The payload's member of this name.
    Member(String),
    /// The payload's member that is named like the slot.
    SameName,
    /// All members of the payload become members of this object, in place of
    /// whatever the browser had sent under their names; the slot goes.
    MergeInto(Pointer),
    /// A fresh token whose claims are the payload's members.
    Token,
    /// The payload itself.
    Payload,
    /// What the vendor's own store answered for the payload.
    Relay(RelayKey),
}

/// What becomes of a request whose handle cannot be redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnusable {
    /// The call is refused.
    Reject,
    /// The slot is taken out and the call goes on without data.
    Drop,
    /// The call goes on as sent, handle and all: nothing is revealed, but the
    /// vendor sees and may keep the handle.
    DangerPass,
}

/// Whether a call that may have reached the vendor is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// When its method is idempotent.
    Idempotent,
    /// Never: the vendor keeps a cursor, or counts.
    Never,
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.base {
            Base::Body => f.write_str("body"),
            Base::Form(name) => write!(f, "form field {name}"),
            Base::Multipart(name) => write!(f, "multipart field {name}"),
            Base::Query(name) => write!(f, "query parameter {name}"),
            Base::Path(hole) => write!(f, "path {{{hole}}}"),
            Base::Header(name) => write!(f, "header {name}"),
            Base::Cookie(name) => write!(f, "cookie {name}"),
            Base::Subprotocol => f.write_str("subprotocol"),
        }?;
        for layer in &self.layers {
            match layer {
                Layer::Json(pointer) => write!(f, " {pointer}"),
                Layer::Anywhere => f.write_str(" anywhere"),
                Layer::Token => f.write_str(" token"),
            }?;
        }
        Ok(())
    }
}

impl fmt::Display for Reveal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(name) => write!(f, "the payload's member {name}"),
            Self::SameName => f.write_str("the payload's member of the slot's name"),
            Self::MergeInto(target) => {
                write!(f, "the payload's members, merged into \"{target}\"")
            }
            Self::Token => f.write_str("a fresh token with the payload's members as claims"),
            Self::Payload => f.write_str("the whole payload"),
            Self::Relay(_) => f.write_str("the vendor's own key for the payload"),
        }
    }
}
