//! The pointers of one pass over a JSON text, and what stands beside a match: the
//! object that a payload is merged into, the second part of a handle.
//!
//! It asks; it decides nothing about what is found.

use super::exchange::{Reveal, Slot};
use super::plan::Found;
use super::tree::{Content, Spot};
use crate::rewrite::json::locate::Located;
use crate::rewrite::json::pointer::Pointer;
use crate::rewrite::json::{Kind, text};

/// The pointers of one pass: the slots' own by position, then what they need.
pub(super) struct Asked<'r> {
    pub(super) pointers: Vec<&'r Pointer>,
    /// By slot: where its merge target and its second part are asked for.
    targets: Vec<(usize, usize)>,
    seconds: Vec<(usize, usize)>,
}

impl<'r> Asked<'r> {
    pub(super) fn new(slots: &'r [Slot], here: &[(usize, &'r Pointer)], depth: usize) -> Self {
        let pointers = here.iter().map(|(_, pointer)| *pointer).collect();
        let mut asked = Self { pointers, targets: Vec::new(), seconds: Vec::new() };
        for (at, _) in here {
            let Some(slot) = slots.get(*at) else { continue };
            if slot.at.layers.len() != depth.saturating_add(1) {
                continue;
            }
            if let Reveal::MergeInto(target) = &slot.reveal {
                asked.targets.push((*at, asked.pointers.len()));
                asked.pointers.push(target);
            }
            if let Some(second) = &slot.second {
                asked.seconds.push((*at, asked.pointers.len()));
                asked.pointers.push(second);
            }
        }
        asked
    }

    pub(super) fn second(
        &self,
        slot: usize,
        source: &[u8],
        at: &Located,
        located: &[Located],
    ) -> Option<String> {
        let second = self.beside(&self.seconds, slot, at, located)?;
        let quoted = source.get(second.value.clone())?;
        let string = (second.kind == Kind::String).then(|| text::decode(quoted))?.ok()?;
        Some(string.into_owned())
    }

    fn beside<'l>(
        &self,
        asked: &[(usize, usize)],
        slot: usize,
        at: &Located,
        located: &'l [Located],
    ) -> Option<&'l Located> {
        let (_, index) = asked.iter().find(|(other, _)| *other == slot)?;
        located.iter().rfind(|other| other.pointer == *index && other.parent == at.parent)
    }

    pub(super) fn spot(
        &self,
        at: &Located,
        located: &[Located],
        content: Content<'r>,
        slots: &[Slot],
        found: &[Found<'_>],
    ) -> Spot<'r> {
        let mut spot = Spot::of(at, content);
        let Content::Leaf(leaf) = &spot.content else { return spot };
        let slot = found
            .get(*leaf)
            .and_then(|found| slots.iter().position(|slot| std::ptr::eq(slot, found.slot)));
        let Some(slot) = slot else { return spot };
        let target = self.targets.iter().find(|(other, _)| *other == slot);
        spot.target = target.and_then(|(_, index)| {
            let mut objects = located
                .iter()
                .filter(|object| object.pointer == *index && object.kind == Kind::Object);
            objects.next_back().map(|object| object.value.clone())
        });
        spot.second = self.beside(&self.seconds, slot, at, located).map(|at| at.value.clone());
        spot
    }
}
