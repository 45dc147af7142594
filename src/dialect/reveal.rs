//! Reveal: put payloads into the slots of one request, and into nothing else.
//!
//! Every byte outside the slots stays as it was sent. [`Revealed`] has no public
//! constructor but [`Plan::reveal`], so what goes upstream on an exchange has been
//! through here.

mod page;

use std::sync::Arc;

use self::page::Page;
use super::exchange::{Reveal, Slot};
use super::find::Plan;
use super::place::{Changes, Place};
use super::request::Setting;
pub use super::revealed::{Revealed, RevealedBody};
use super::tree::{Content, Node, Tokened};
use crate::domain::payload::Payload;
use crate::rewrite::json::JsonFault;
use crate::rewrite::json::members::{at, member, members};
use crate::rewrite::json::nested::rewrap;
use crate::rewrite::json::text;
use crate::rewrite::jwt::{mint, sign};
use crate::rewrite::splice::SpliceFault;

/// What was decided for one found slot.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Its handle was redeemed.
    Payload(Arc<Payload>),
    /// Its handle is unusable and the call goes on without it.
    Drop,
    /// It stays as sent (`danger_pass`).
    Leave,
}

/// Why a payload could not be put in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevealFault {
    /// The payload has no member for the slot, or one that the place cannot hold
    /// as text.
    #[error("the payload has no member for this slot")]
    MemberAbsent,
    /// The object to merge into is not in the request.
    #[error("the object to merge into is not in the request")]
    TargetAbsent,
    /// The text is not what `find` saw.
    #[error("the body is not JSON")]
    Json,
    /// Two slots overlap in part: the dialect contradicts itself.
    #[error("two slots overlap")]
    Overlap,
    /// The value cannot stand in that place: a line end in a header, `..` in a path.
    #[error("the value cannot stand in this place")]
    NotCarried,
    /// A path without that segment, a call without its body, is another call.
    #[error("the slot cannot be left out")]
    NotDroppable,
    /// The tenant has no keys to sign with, or they refuse.
    #[error("the token cannot be signed")]
    NotSigned,
}

impl Plan<'_> {
    /// Fills the found slots by their verdicts, one each in order. A slot without
    /// a verdict is dropped.
    ///
    /// # Errors
    /// [`RevealFault`]; nothing may go upstream then.
    pub fn reveal(&self, verdicts: &[Verdict]) -> Result<Revealed, RevealFault> {
        let mut filler = Filler { plan: self, verdicts, tokens: Vec::new() };
        let mut changes = Changes::default();
        for (place, node) in &self.roots {
            filler.root(place, node, &mut changes)?;
        }
        Ok(changes.finish(&self.request)?.with_tokens(filler.tokens))
    }
}

struct Filler<'p> {
    plan: &'p Plan<'p>,
    verdicts: &'p [Verdict],
    /// Signed so far.
    tokens: Vec<String>,
}

impl<'p> Filler<'p> {
    fn root(
        &mut self,
        place: &Place,
        node: &Node<'_>,
        changes: &mut Changes,
    ) -> Result<(), RevealFault> {
        if let Node::Text(leaf) = node {
            return match self.verdict(*leaf) {
                Verdict::Leave => Ok(()),
                Verdict::Drop => changes.take_out(place, &self.plan.request),
                Verdict::Payload(payload) => {
                    changes.put(place, self.plain(*leaf, payload)?.into_bytes())
                }
            };
        }
        match self.rebuilt(node)? {
            Some(new) => changes.put(place, new),
            None => Ok(()),
        }
    }

    /// A text with its slots filled; nothing when it stays.
    fn rebuilt(&mut self, node: &Node<'_>) -> Result<Option<Vec<u8>>, RevealFault> {
        match node {
            Node::Text(leaf) => match self.verdict(*leaf) {
                Verdict::Leave => Ok(None),
                Verdict::Drop => Err(RevealFault::NotDroppable),
                Verdict::Payload(payload) => Ok(Some(self.plain(*leaf, payload)?.into_bytes())),
            },
            Node::Json { text, spots } => {
                let mut page = Page::new(text);
                for spot in spots {
                    match &spot.content {
                        Content::Inside(node) => self.inside(&mut page, spot, node)?,
                        Content::Leaf(leaf) => {
                            let slot = self.slot(*leaf)?;
                            let verdict = self.verdict(*leaf);
                            let token = page.fill(spot, slot, verdict, &self.plan.setting)?;
                            self.tokens.extend(token);
                        }
                    }
                }
                page.finish()
            }
            Node::Token(Tokened { header, claims }) => {
                let Some(claims) = self.rebuilt(claims)? else { return Ok(None) };
                let setting = self.plan.setting.jwt.ok_or(RevealFault::NotSigned)?;
                let token = sign(&setting.keys, header, &claims);
                let token = token.map_err(|_| RevealFault::NotSigned)?;
                self.tokens.push(token.clone());
                Ok(Some(token.into_bytes()))
            }
        }
    }

    /// A string that holds another text: where that is all handle and is dropped,
    /// the string's member goes.
    fn inside(
        &mut self,
        page: &mut Page<'_>,
        spot: &super::tree::Spot<'_>,
        node: &Node<'_>,
    ) -> Result<(), RevealFault> {
        if let Node::Text(leaf) = node
            && matches!(self.verdict(*leaf), Verdict::Drop)
        {
            return page.drop_slot(&spot.value, spot.parent.as_ref());
        }
        let Some(new) = self.rebuilt(node)? else { return Ok(()) };
        let new = String::from_utf8(new).map_err(|_| RevealFault::Json)?;
        page.set(&spot.value, spot.parent.as_ref(), rewrap(&new))
    }

    fn verdict(&self, leaf: usize) -> &'p Verdict {
        self.verdicts.get(leaf).unwrap_or(&Verdict::Drop)
    }

    fn slot(&self, leaf: usize) -> Result<&'p Slot, RevealFault> {
        self.plan.found.get(leaf).map(|found| found.slot).ok_or(RevealFault::Json)
    }

    /// The payload's member as text, for places that are not JSON.
    fn plain(&mut self, leaf: usize, payload: &Payload) -> Result<String, RevealFault> {
        let slot = self.slot(leaf)?;
        match &slot.reveal {
            Reveal::Member(name) => {
                let raw = member(payload.expose().as_bytes(), name)?;
                scalar(raw.ok_or(RevealFault::MemberAbsent)?)
            }
            Reveal::Token => {
                let token = minted(payload, &self.plan.setting)?;
                self.tokens.push(token.clone());
                Ok(token)
            }
            Reveal::Relay(key) => {
                let raw = at(payload.expose().as_bytes(), &key.first)?;
                scalar(raw.ok_or(RevealFault::MemberAbsent)?)
            }
            Reveal::SameName | Reveal::MergeInto(_) | Reveal::Payload => {
                Err(RevealFault::MemberAbsent)
            }
        }
    }
}

/// A string's characters, or a number or boolean as it prints.
fn scalar(raw: &[u8]) -> Result<String, RevealFault> {
    match raw.first() {
        Some(b'"') => Ok(text::decode(raw)?.into_owned()),
        Some(b'{' | b'[' | b'n') | None => Err(RevealFault::MemberAbsent),
        Some(_) => String::from_utf8(raw.to_vec()).map_err(|_| RevealFault::Json),
    }
}

/// A fresh token whose claims are the payload's members.
fn minted(payload: &Payload, setting: &Setting<'_>) -> Result<String, RevealFault> {
    let jwt = setting.jwt.ok_or(RevealFault::NotSigned)?;
    let now = setting.now.secs();
    let mut claims = format!("{{\"iat\":{now},\"exp\":{}", now.saturating_add(jwt.minted_secs));
    for (name, value) in members(payload.expose().as_bytes())? {
        let name = setting.name(&name);
        // Ours to say: a payload cannot make its own token live longer.
        if name == "iat" || name == "exp" {
            continue;
        }
        let value = std::str::from_utf8(value).map_err(|_| RevealFault::Json)?;
        claims.push(',');
        claims.push_str(&text::encode(name));
        claims.push(':');
        claims.push_str(value);
    }
    claims.push('}');
    mint(&jwt.keys, None, claims.as_bytes()).map_err(|_| RevealFault::NotSigned)
}

impl From<JsonFault> for RevealFault {
    fn from(_: JsonFault) -> Self {
        Self::Json
    }
}

impl From<SpliceFault> for RevealFault {
    fn from(_: SpliceFault) -> Self {
        Self::Overlap
    }
}

#[cfg(test)]
mod tests;
