//! What was revealed in a call and in its conversation, and must not come back.
//!
//! Loaded with the request: an answer never asks the store. It holds personal data
//! and prints how many handles stand for it.

use std::fmt;
use std::sync::Arc;

use crate::dialect::answering::RedactAs;
use crate::domain::{HandleId, Payload, Uses};
use crate::reject::Cause;
use crate::rewrite::json::JsonFault;
use crate::rewrite::json::members::member;
use crate::rewrite::json::scalars::scalars;
use crate::rewrite::redact::{Mark, Needles, Replacement, Shortness, TOTAL_MAX};
use crate::vault::link::{Recalled, Revelation};
use crate::vault::redeem::Unusable;

/// The mark that takes a value's place where the dialect wants a fixed one.
const MARK: &str = "[redacted]";

/// What takes the place of values in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// What the exchange says; of a value of identity, the handle.
    Said(RedactAs),
    /// Asterisks for all of them: the answer's length is told already.
    Kept,
}

impl From<RedactAs> for Manner {
    fn from(redact_as: RedactAs) -> Self {
        Self::Said(redact_as)
    }
}

/// What an answer is searched for.
#[derive(Default)]
pub(super) struct Watch {
    /// Revealed by this call, in order.
    own: Vec<Revelation>,
    /// Revealed earlier in its conversation.
    linked: Vec<Revelation>,
    /// Handles of what was revealed earlier in it and is not remembered any more.
    forgotten: Vec<HandleId>,
    /// What the answer itself brought and the browser gets as handles.
    beside: Vec<Revelation>,
    /// What was handed out last in its conversation.
    newest: Recalled,
    /// Members of payloads whose values come back as the handle.
    identity: Arc<[String]>,
    /// Which values are sought as whole JSON values alone.
    short: Shortness,
    needles: Option<Arc<Needles>>,
}

impl Watch {
    /// For an exchange: the members of payloads whose values come back as the handle,
    /// whatever takes the place of others, and which values are sought as whole JSON values
    /// alone.
    pub(super) fn regard(&mut self, identity: &Arc<[String]>, short: Shortness) {
        self.identity = Arc::clone(identity);
        self.short = short;
        self.needles = None;
    }

    /// This call revealed more.
    pub(super) fn reveal(&mut self, more: impl IntoIterator<Item = Revelation>) {
        for one in more {
            // A socket's messages carry the same handle again and again.
            if !self.own.iter().any(|known| known.handle.id() == one.handle.id()) {
                self.own.push(one);
                self.needles = None;
            }
        }
    }

    /// The answer itself brought a value that is wrapped, or a token was signed.
    pub(super) fn reveal_beside(&mut self, one: Revelation) {
        if !self.beside.iter().any(|known| known.is(&one)) {
            self.beside.push(one);
            self.needles = None;
        }
    }

    /// What is to be remembered as the newest of its conversation.
    pub(super) fn beside(&self) -> &[Revelation] {
        &self.beside
    }

    /// What was handed out last in its conversation, by now. Of what was known what was revoked
    /// since stays; what made room for newer goes, or a long stream would watch for ever more.
    pub(super) fn recall_newest(&mut self, mut recalled: Recalled) {
        let known = std::mem::take(&mut self.newest.revelations);
        let is_in = |all: &[Revelation], one: &Revelation| all.iter().any(|it| it.is(one));
        if recalled.revelations.iter().any(|one| !is_in(&known, one)) {
            self.needles = None;
        }
        let lost = |one: &Revelation| {
            recalled.forgotten.contains(&one.handle.id()) && !is_in(&recalled.revelations, one)
        };
        let lost: Vec<_> = known.into_iter().filter(lost).collect();
        recalled.revelations.extend(lost);
        self.newest = recalled;
    }

    /// Its conversation had these before, or has them by now. What was known stays: the
    /// vendor does not forget what is revoked while it answers.
    pub(super) fn recall(&mut self, recalled: Recalled) {
        for one in recalled.revelations {
            if !self.linked.iter().any(|known| known.handle.id() == one.handle.id()) {
                self.linked.push(one);
                self.needles = None;
            }
        }
        self.forgotten = recalled.forgotten;
    }

    /// Whether all that was revealed in the conversation can be looked for.
    ///
    /// # Errors
    /// Where some of it was revoked or erased, and is not known here from before: the vendor
    /// may say it, and nobody would find it.
    pub(super) fn misses_nothing(&self) -> Result<(), Cause> {
        let known = |id: &HandleId| self.all().any(|one| one.handle.id() == *id);
        if self.forgotten.iter().chain(&self.newest.forgotten).all(known) {
            Ok(())
        } else {
            Err(Cause::HandleUnusable(Unusable::Forgotten))
        }
    }

    /// What this call revealed itself.
    pub(super) fn own(&self) -> &[Revelation] {
        &self.own
    }

    /// Whether it has brought anything that its conversation has to remember.
    pub(super) fn is_to_link(&self) -> bool {
        !self.own.is_empty() || !self.beside.is_empty()
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

    /// Whether all of it is ASCII, as the payloads are written: an escape may stand for more.
    pub(super) fn is_ascii(&self) -> bool {
        let plain = |text: &str| text.is_ascii() && !text.contains("\\u");
        self.all().all(|one| plain(one.payload.expose()))
    }

    /// Whether it may be more than can be looked for.
    pub(super) fn is_much(&self) -> bool {
        self.all().map(|one| one.payload.expose().len()).sum::<usize>() > TOTAL_MAX
    }

    fn all(&self) -> impl Iterator<Item = &Revelation> {
        self.own.iter().chain(&self.linked).chain(&self.newest.revelations).chain(&self.beside)
    }

    /// The values to look for, each with what takes its place. Built at the first
    /// answer that needs them.
    ///
    /// # Errors
    /// [`Cause::Internal`] when they cannot be looked for: the answer must not pass.
    pub(super) fn needles(&mut self, manner: impl Into<Manner>) -> Result<Arc<Needles>, Cause> {
        if let Some(needles) = &self.needles {
            return Ok(Arc::clone(needles));
        }
        let mut builder = Needles::builder().short(self.short);
        let redact_as = match manner.into() {
            Manner::Said(redact_as) => {
                // Of two equal values the first counts.
                for (value, handle) in self.of_identity().map_err(|_| Cause::Internal)? {
                    builder = builder.add(&value, mark(&handle)?);
                }
                redact_as
            }
            Manner::Kept => RedactAs::SameLength,
        };
        for one in self.all() {
            let instead = builder.instead(replacement(one, redact_as)?);
            let document = one.payload.expose().as_bytes();
            scalars(document, |value| builder.put(&value, instead)).map_err(|_| Cause::Internal)?;
        }
        let needles = Arc::new(builder.build().map_err(|_| Cause::Internal)?);
        self.needles = Some(Arc::clone(&needles));
        Ok(needles)
    }

    /// The values that a widget knows itself by, each with its handle.
    fn of_identity(&self) -> Result<Vec<(String, String)>, JsonFault> {
        let mut found = Vec::new();
        for (one, name) in self.all().flat_map(|one| self.identity.iter().map(move |it| (one, it)))
        {
            let Some(raw) = member(one.payload.expose().as_bytes(), name)? else { continue };
            scalars(raw, |value| found.push((value.into_owned(), one.handle.expose())))?;
        }
        Ok(found)
    }
}

fn replacement(one: &Revelation, redact_as: RedactAs) -> Result<Replacement, Cause> {
    match redact_as {
        RedactAs::SameLength => Ok(Replacement::SameLength),
        RedactAs::Handle => mark(&one.handle.expose()),
        RedactAs::Mark => mark(MARK),
    }
}

fn mark(text: &str) -> Result<Replacement, Cause> {
    Mark::new(text).map(Replacement::Mark).map_err(|_| Cause::Internal)
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [&self.own, &self.linked, &self.beside, &self.newest.revelations];
        let [own, linked, beside, newest] = all.map(Vec::len);
        write!(f, "Watch({own} own, {linked} linked, {beside} beside, {newest} newest)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Handle, Payload};

    const HANDLE: &str =
        "klk1_AgFhbiBpZCBPZqBsZXR0ZXJzc2l4dGVlbiBsZXR0ZXJzIWVT_xAs2j3YK-_9x_CDaQeOCYtn";

    fn revelation() -> Revelation {
        let payload = Payload::parse(br#"{"name":"Ann Lee","nick":"Al"}"#, 64).unwrap();
        Revelation { handle: Handle::parse(HANDLE).unwrap(), payload: payload.into() }
    }

    #[test]
    fn it_prints_how_much_it_holds_and_nothing_of_it() {
        let mut watch = Watch::default();
        watch.reveal([revelation(), revelation()]);
        let recalled = |all| Recalled { revelations: all, forgotten: Vec::new() };
        watch.recall(recalled(vec![revelation()]));
        watch.recall(recalled(Vec::new()));
        watch.reveal_beside(revelation());
        watch.reveal_beside(revelation());
        watch.recall_newest(recalled(vec![revelation()]));
        // The same handle again is nothing new, and what was known stays.
        assert_eq!(format!("{watch:?}"), "Watch(1 own, 1 linked, 1 beside, 1 newest)");
        // Of the newest what made room for newer goes, and what was revoked is known still.
        let id = revelation().handle.id();
        watch.recall_newest(Recalled { revelations: Vec::new(), forgotten: vec![id] });
        assert_eq!(format!("{watch:?}"), "Watch(1 own, 1 linked, 1 beside, 1 newest)");
        watch.recall_newest(Recalled::default());
        assert_eq!(format!("{watch:?}"), "Watch(1 own, 1 linked, 1 beside, 0 newest)");
    }

    #[test]
    fn where_the_length_is_told_identity_has_asterisks_too() {
        let mut watch = Watch::default();
        watch.regard(&["nick".to_owned()].into(), Shortness::default());
        watch.reveal([revelation()]);
        let text = br#"{"a":"Al","b":"Ann Lee"}"#;
        let shown = |needles: &Needles| {
            let new = crate::rewrite::redact::redact(needles, text).unwrap_or_default();
            String::from_utf8(new).unwrap_or_default()
        };
        let kept = shown(&watch.needles(Manner::Kept).unwrap());
        assert_eq!(kept, r#"{"a":"**","b":"*******"}"#);
        watch.regard(&["nick".to_owned()].into(), Shortness::default());
        let said = shown(&watch.needles(RedactAs::Mark).unwrap());
        assert_eq!(said, format!(r#"{{"a":"{HANDLE}","b":"[redacted]"}}"#));
    }
}
