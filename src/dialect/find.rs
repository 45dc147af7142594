//! Find an exchange's slots in a request.
//!
//! One structural pass over the body; nothing is decided here about whether a
//! handle is good, and nothing is looked for outside the listed slots.

use std::borrow::Cow;
use std::ops::Range;

use super::exchange::{Accepts, Exchange, Locator, Reveal, Slot};
use crate::domain::handle;
use crate::rewrite::json::locate::{Bounds, Located, locate};
use crate::rewrite::json::pointer::Pointer;
use crate::rewrite::json::text;
use crate::rewrite::json::{JsonFault, Kind};

/// Slots of one request: more than any vendor's form has fields, and few enough
/// that a request cannot buy thousands of look-ups.
pub const SLOTS_MAX: usize = 256;

/// Nested deeper than any chat message, shallow enough for the vendor's parser.
pub const DEPTH_MAX: usize = 128;

/// A slot that stands in the request at hand.
#[derive(Debug)]
pub struct Found<'r> {
    pub(super) slot: &'r Slot,
    pub(super) place: Place,
    /// What stands there.
    pub carries: Carries<'r>,
}

/// Where a found slot is, exactly.
#[derive(Debug)]
pub(super) enum Place {
    /// In a JSON body.
    Json {
        value: Range<usize>,
        parent: Option<Range<usize>>,
        name: Option<Range<usize>>,
        target: Option<Range<usize>>,
    },
}

/// What stands in a found slot.
pub enum Carries<'r> {
    /// Something spelled like a handle; whether it is one, the vault decides.
    Handle(Cow<'r, str>),
    /// Something else where only a handle makes sense.
    Unusable,
}

impl std::fmt::Debug for Carries<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Handle(_) => "Handle(..)",
            Self::Unusable => "Unusable",
        })
    }
}

impl Exchange {
    /// The slots that stand in `body`, in order. An empty body has none.
    ///
    /// # Errors
    /// [`JsonFault`] when the exchange looks into a JSON body and this is not
    /// one, or is nested or peopled beyond the bounds.
    pub fn find<'r>(&'r self, body: &'r [u8]) -> Result<Vec<Found<'r>>, JsonFault> {
        if self.slots.is_empty() || body.is_empty() {
            return Ok(Vec::new());
        }
        let pointers = self.pointers();
        let bounds = Bounds { depth_max: DEPTH_MAX, located_max: SLOTS_MAX };
        let located = locate(body, &pointers, &bounds)?;
        let mut found: Vec<Found<'r>> = Vec::new();
        for at in &located {
            // Beyond the slots' own pointers stand the objects they merge into.
            let Some(slot) = self.slots.get(at.pointer) else { continue };
            let first = located
                .iter()
                .filter(|other| other.value == at.value && other.pointer < self.slots.len())
                .map(|other| other.pointer)
                .min();
            if first != Some(at.pointer) {
                continue;
            }
            if let Some(carries) = carries(slot, at, body)? {
                found.push(Found { slot, place: self.place(slot, at, &located), carries });
            }
        }
        Ok(found)
    }

    /// Whether the exchange looks into bodies at all.
    #[must_use]
    pub fn reads_body(&self) -> bool {
        self.slots.iter().any(|slot| match slot.at {
            Locator::Json(_) => true,
        })
    }

    /// The slots' pointers by position, then those of merge targets.
    fn pointers(&self) -> Vec<&Pointer> {
        let slots = self.slots.iter().map(|slot| match &slot.at {
            Locator::Json(pointer) => pointer,
        });
        slots.chain(self.targets()).collect()
    }

    fn targets(&self) -> impl Iterator<Item = &Pointer> {
        self.slots.iter().filter_map(|slot| match &slot.reveal {
            Reveal::MergeInto(target) => Some(target),
            Reveal::Member(_) | Reveal::SameName => None,
        })
    }

    fn place(&self, slot: &Slot, at: &Located, all: &[Located]) -> Place {
        let target = match &slot.reveal {
            Reveal::MergeInto(target) => {
                let index = self.targets().position(|other| other == target);
                let index = index.map(|index| index.saturating_add(self.slots.len()));
                let mut objects = all
                    .iter()
                    .filter(|object| Some(object.pointer) == index && object.kind == Kind::Object);
                objects.next_back().map(|object| object.value.clone())
            }
            Reveal::Member(_) | Reveal::SameName => None,
        };
        Place::Json {
            value: at.value.clone(),
            parent: at.parent.clone(),
            name: at.name.clone(),
            target,
        }
    }
}

fn carries<'r>(
    slot: &Slot,
    at: &Located,
    body: &'r [u8],
) -> Result<Option<Carries<'r>>, JsonFault> {
    let quoted = body.get(at.value.clone()).unwrap_or_default();
    let string = if at.kind == Kind::String { Some(text::decode(quoted)?) } else { None };
    Ok(match (string, slot.accepts) {
        (Some(text), _) if handle::looks_like(&text) => Some(Carries::Handle(text)),
        (Some(_) | None, Accepts::Handle) => Some(Carries::Unusable),
        (Some(_) | None, Accepts::HandleOrPlain) => None,
    })
}
