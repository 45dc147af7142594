//! One kind of browser call: its slots, and what happens when a handle in one of
//! them cannot be redeemed.
//!
//! Settings only. Finding slots is `find`, filling them is `reveal`.

use super::bind::Bind;
use super::call::CallPattern;
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
    /// When the handle is forged, unknown, spent, revoked or another's.
    pub on_unusable: OnUnusable,
    /// When the handle is genuine and merely too old. Apart, because a handle's
    /// age is legible to its bearer, so that answering it tells nobody anything.
    pub on_expired: OnUnusable,
    /// How its conversation is known, for handles that work in one.
    pub bind: Option<Bind>,
    /// Whether a call that may have reached the vendor is sent again.
    pub retry: Retry,
}

/// One place where a handle may stand.
#[derive(Debug, Clone)]
pub struct Slot {
    /// Where.
    pub at: Locator,
    /// What may stand there.
    pub accepts: Accepts,
    /// What is put there.
    pub reveal: Reveal,
}

/// How a slot is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Locator {
    /// In a JSON body, whatever its content type says.
    Json(Pointer),
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
