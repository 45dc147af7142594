//! One JSON text with its edits so far: an editor for each object that changes,
//! and edits of values that stand in no object.
//!
//! It never re-renders what it does not change.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use super::{RevealFault, Verdict, minted};
use crate::dialect::exchange::{Layer, Reveal, Slot};
use crate::dialect::relay::RelayKey;
use crate::dialect::request::Setting;
use crate::dialect::tree::Spot;
use crate::domain::payload::Payload;
use crate::rewrite::json::members::{at, member, members};
use crate::rewrite::json::object::{NewMember, ObjectEdit};
use crate::rewrite::json::text;
use crate::rewrite::splice::{Edit, splice};

/// Names of members that a payload brings.
type Names<'p> = BTreeSet<Cow<'p, str>>;

pub(super) struct Page<'b> {
    body: &'b [u8],
    objects: Vec<(Range<usize>, ObjectEdit<'b>)>,
    loose: Vec<Edit>,
    /// Objects that a payload was merged into, and the names it brought.
    merged: Vec<(Range<usize>, Names<'b>)>,
}

impl<'b> Page<'b> {
    pub(super) fn new(body: &'b [u8]) -> Self {
        Self { body, objects: Vec::new(), loose: Vec::new(), merged: Vec::new() }
    }

    /// Fills one slot; gives the token that was signed for it, if one was.
    pub(super) fn fill(
        &mut self,
        spot: &Spot<'_>,
        slot: &Slot,
        verdict: &'b Verdict,
        setting: &Setting<'_>,
    ) -> Result<Option<String>, RevealFault> {
        let parent = spot.parent.as_ref();
        let payload = match verdict {
            Verdict::Leave => return Ok(None),
            Verdict::Drop => {
                self.drop_second(spot)?;
                self.drop_slot(&spot.value, parent)?;
                return Ok(None);
            }
            Verdict::Payload(payload) => payload,
        };
        if let Reveal::Relay(key) = &slot.reveal {
            self.relayed(spot, key, payload)?;
            return Ok(None);
        }
        self.drop_second(spot)?;
        let mut token = None;
        let raw = match &slot.reveal {
            Reveal::MergeInto(_) => {
                let target = spot.target.as_ref().ok_or(RevealFault::TargetAbsent)?;
                // The vendor's names are those of claims.
                let claims = slot.at.layers.contains(&Layer::Token).then_some(setting);
                self.merge(&spot.value, parent, target, payload, claims)?;
                return Ok(None);
            }
            Reveal::Member(name) => owned(payload, name)?,
            Reveal::SameName => {
                let quoted = spot.name.clone().and_then(|name| self.body.get(name));
                owned(payload, &text::decode(quoted.ok_or(RevealFault::MemberAbsent)?)?)?
            }
            Reveal::Token => text::encode(token.insert(minted(payload, setting)?)).into_bytes(),
            Reveal::Payload | Reveal::Relay(_) => payload.expose().as_bytes().to_vec(),
        };
        self.set(&spot.value, parent, raw)?;
        Ok(token)
    }

    /// The vendor's key takes the handle's place, in one part or in two.
    fn relayed(
        &mut self,
        spot: &Spot<'_>,
        key: &RelayKey,
        answer: &Payload,
    ) -> Result<(), RevealFault> {
        let part = |pointer| {
            let raw = at(answer.expose().as_bytes(), pointer)?;
            Ok::<_, RevealFault>(raw.ok_or(RevealFault::MemberAbsent)?.to_vec())
        };
        match (&spot.second, &key.second) {
            (Some(second), Some(pointer)) => {
                self.set(second, spot.parent.as_ref(), part(pointer)?)?;
            }
            (Some(_), None) => self.drop_second(spot)?,
            (None, _) => {}
        }
        self.set(&spot.value, spot.parent.as_ref(), part(&key.first)?)
    }

    /// Puts a raw JSON value in the place of another.
    pub(super) fn set(
        &mut self,
        value: &Range<usize>,
        parent: Option<&Range<usize>>,
        raw: Vec<u8>,
    ) -> Result<(), RevealFault> {
        match parent {
            Some(parent) => {
                let (object, at) = self.slot_in(parent, value)?;
                object.set_value(at, raw);
            }
            None => self.loose.push(Edit { span: value.clone(), with: raw }),
        }
        Ok(())
    }

    /// The slot's member goes; where there is no member to take out (an array's
    /// element, the whole body), `null` stands in its place.
    pub(super) fn drop_slot(
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

    /// The new text, or nothing when no edit was made.
    pub(super) fn finish(self) -> Result<Option<Vec<u8>>, RevealFault> {
        let objects = self.objects.into_iter().flat_map(|(_, object)| object.finish());
        let edits: Vec<Edit> = objects.chain(self.loose).collect();
        if edits.is_empty() {
            return Ok(None);
        }
        Ok(Some(splice(self.body, edits)?))
    }

    fn drop_second(&mut self, spot: &Spot<'_>) -> Result<(), RevealFault> {
        match &spot.second {
            Some(second) => self.drop_slot(second, spot.parent.as_ref()),
            None => Ok(()),
        }
    }

    /// The payload's members replace the slot's member where they stand side by
    /// side, else go to the target's end. What the browser sent under one of
    /// their names goes: a trusted member is stripped, then set.
    fn merge(
        &mut self,
        value: &Range<usize>,
        parent: Option<&Range<usize>>,
        target: &Range<usize>,
        payload: &'b Payload,
        claims: Option<&Setting<'_>>,
    ) -> Result<(), RevealFault> {
        let (mut incoming, names) = incoming(payload, claims)?;
        match self.merged.iter_mut().find(|(object, _)| object == target) {
            // A slot given twice brings each name once.
            Some((_, known)) => incoming.retain(|member| known.insert(member.name.clone())),
            None => self.merged.push((target.clone(), names)),
        }
        let object = self.object(target)?;
        // The slot's own member is replaced, not stripped, whatever it is called.
        let own = if parent == Some(target) { object.index_of_value(value) } else { None };
        for member in &incoming {
            object.remove_named(&member.name, own);
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
}

fn owned(payload: &Payload, name: &str) -> Result<Vec<u8>, RevealFault> {
    let raw = member(payload.expose().as_bytes(), name)?;
    raw.map(<[u8]>::to_vec).ok_or(RevealFault::MemberAbsent)
}

/// The payload's members, as claims under the vendor's names for them, each name
/// once: of duplicates the last counts, as it does for every reader of JSON that
/// keeps one.
fn incoming<'p>(
    payload: &'p Payload,
    claims: Option<&Setting<'_>>,
) -> Result<(Vec<NewMember<'p>>, Names<'p>), RevealFault> {
    let mut names = Names::new();
    let mut kept: Vec<NewMember<'p>> = Vec::new();
    for (name, value) in members(payload.expose().as_bytes())?.into_iter().rev() {
        let name = match claims {
            Some(claims) => claims.name(&name).to_owned().into(),
            None => name,
        };
        if names.insert(name.clone()) {
            kept.push(NewMember { name, value });
        }
    }
    kept.reverse();
    Ok((kept, names))
}
