//! Reveal: put payloads into the slots of one request, and into nothing else.
//!
//! Every byte outside the slots stays as it was sent. [`Revealed`] has no public
//! constructor but [`Exchange::reveal`], so what goes upstream on an exchange
//! has been through here.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::exchange::{Exchange, Reveal};
use super::find::{Found, Place};
use crate::domain::payload::Payload;
use crate::rewrite::json::JsonFault;
use crate::rewrite::json::members::{member, members};
use crate::rewrite::json::object::{NewMember, ObjectEdit};
use crate::rewrite::json::text;
use crate::rewrite::splice::{Edit, SpliceFault, splice};

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

/// A request body that may go upstream on an exchange.
pub struct Revealed {
    body: Option<Vec<u8>>,
}

/// Why a payload could not be put in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevealFault {
    /// The payload has no member for the slot.
    #[error("the payload has no member for this slot")]
    MemberAbsent,
    /// The object to merge into is not in the request.
    #[error("the object to merge into is not in the request")]
    TargetAbsent,
    /// The body is not what `find` saw.
    #[error("the body is not JSON")]
    Json,
    /// Two slots overlap in part: the dialect contradicts itself.
    #[error("two slots overlap")]
    Overlap,
}

impl Revealed {
    /// The new body, or nothing when it goes as sent.
    #[must_use]
    pub fn into_body(self) -> Option<Vec<u8>> {
        self.body
    }
}

impl fmt::Debug for Revealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.body {
            Some(body) => write!(f, "Revealed({} bytes)", body.len()),
            None => f.write_str("Revealed(as sent)"),
        }
    }
}

impl Exchange {
    /// Fills `found` slots of `body` by their verdicts, one each in order. A
    /// slot without a verdict is dropped.
    ///
    /// # Errors
    /// [`RevealFault`]; nothing may go upstream then.
    pub fn reveal(
        &self,
        body: &[u8],
        found: &[Found<'_>],
        verdicts: &[Verdict],
    ) -> Result<Revealed, RevealFault> {
        let mut page = Page { body, objects: Vec::new(), loose: Vec::new() };
        for (at, slot) in found.iter().enumerate() {
            page.fill(slot, verdicts.get(at).unwrap_or(&Verdict::Drop))?;
        }
        let edits = page.finish();
        if edits.is_empty() {
            return Ok(Revealed { body: None });
        }
        Ok(Revealed { body: Some(splice(body, edits)?) })
    }
}

/// A body with its edits so far: one editor for each object that changes, and
/// edits of values that stand in no object.
struct Page<'b> {
    body: &'b [u8],
    objects: Vec<(Range<usize>, ObjectEdit<'b>)>,
    loose: Vec<Edit>,
}

impl<'b> Page<'b> {
    fn fill(&mut self, found: &Found<'_>, verdict: &Verdict) -> Result<(), RevealFault> {
        let Place::Json { value, parent, name, target } = &found.place;
        match verdict {
            Verdict::Leave => Ok(()),
            Verdict::Drop => self.drop_slot(value, parent.as_ref()),
            Verdict::Payload(payload) => match &found.slot.reveal {
                Reveal::Member(member) => self.set(value, parent.as_ref(), payload, member),
                Reveal::SameName => {
                    let quoted = name.clone().and_then(|name| self.body.get(name));
                    let name = text::decode(quoted.ok_or(RevealFault::MemberAbsent)?)?;
                    self.set(value, parent.as_ref(), payload, &name)
                }
                Reveal::MergeInto(_) => {
                    let target = target.as_ref().ok_or(RevealFault::TargetAbsent)?;
                    self.merge(value, parent.as_ref(), target, payload)
                }
            },
        }
    }

    fn set(
        &mut self,
        value: &Range<usize>,
        parent: Option<&Range<usize>>,
        payload: &Payload,
        name: &str,
    ) -> Result<(), RevealFault> {
        let raw = member(payload.expose().as_bytes(), name)?.ok_or(RevealFault::MemberAbsent)?;
        match parent {
            Some(parent) => {
                let (object, at) = self.slot_in(parent, value)?;
                object.set_value(at, raw.to_vec());
            }
            None => self.loose.push(Edit { span: value.clone(), with: raw.to_vec() }),
        }
        Ok(())
    }

    /// The slot's member goes; where there is no member to take out (an array's
    /// element, the whole body), `null` stands in its place.
    fn drop_slot(
        &mut self,
        value: &Range<usize>,
        parent: Option<&Range<usize>>,
    ) -> Result<(), RevealFault> {
        match parent {
            Some(parent) => {
                let (object, at) = self.slot_in(parent, value)?;
                object.remove(at);
            }
            None => self.loose.push(Edit { span: value.clone(), with: b"null".to_vec() }),
        }
        Ok(())
    }

    /// The payload's members replace the slot's member where they stand side by
    /// side, else go to the target's end. What the browser sent under one of
    /// their names goes: a trusted member is stripped, then set.
    fn merge(
        &mut self,
        value: &Range<usize>,
        parent: Option<&Range<usize>>,
        target: &Range<usize>,
        payload: &Payload,
    ) -> Result<(), RevealFault> {
        let incoming = incoming(payload)?;
        let object = self.object(target)?;
        // The slot's own member is replaced, not stripped, whatever it is called.
        let own = if parent == Some(target) { object.index_of_value(value) } else { None };
        for member in &incoming {
            for at in object.indices_named(&member.name) {
                if Some(at) != own {
                    object.remove(at);
                }
            }
        }
        if let Some(own) = own {
            object.spread(own, incoming);
            return Ok(());
        }
        for member in incoming {
            object.append(member);
        }
        self.drop_slot(value, parent)
    }

    fn slot_in(
        &mut self,
        parent: &Range<usize>,
        value: &Range<usize>,
    ) -> Result<(&mut ObjectEdit<'b>, usize), RevealFault> {
        let object = self.object(parent)?;
        let at = object.index_of_value(value).ok_or(RevealFault::Json)?;
        Ok((object, at))
    }

    fn object(&mut self, span: &Range<usize>) -> Result<&mut ObjectEdit<'b>, RevealFault> {
        let at = match self.objects.iter().position(|(open, _)| open == span) {
            Some(at) => at,
            None => {
                let object = ObjectEdit::open(self.body, span.clone())?;
                self.objects.push((span.clone(), object));
                self.objects.len().saturating_sub(1)
            }
        };
        let (_, object) = self.objects.get_mut(at).ok_or(RevealFault::Json)?;
        Ok(object)
    }

    fn finish(self) -> Vec<Edit> {
        let objects = self.objects.into_iter().flat_map(|(_, object)| object.finish());
        objects.chain(self.loose).collect()
    }
}

/// The payload's members, each name once: of duplicates the last counts, as it
/// does for every reader of JSON that keeps one.
fn incoming(payload: &Payload) -> Result<Vec<NewMember>, RevealFault> {
    let mut seen = HashSet::new();
    let mut kept: Vec<NewMember> = Vec::new();
    for (name, value) in members(payload.expose().as_bytes())?.into_iter().rev() {
        if seen.insert(name.to_string()) {
            kept.push(NewMember { name: name.into_owned(), value: value.to_vec() });
        }
    }
    kept.reverse();
    Ok(kept)
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
