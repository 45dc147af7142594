//! What stands in slices' places, and which of it is of one text.
//!
//! It never reads what a slice says, and knows of no other JSON text than the one at hand.

use std::ops::Range;

use super::super::json::Kind;
use super::super::json::locate::Located;
use super::super::json::pointer::{Pointer, Segment};
use super::signs::Signs;
use super::stream::At;
use super::{LOCATED_MAX, Unread};

/// What stands in a slice's place.
pub(super) struct Found {
    /// Of which text, by where it stands.
    pub(super) at: At,
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
    object: Option<Range<usize>>,
}

/// The matches in one JSON text: slices, what they stand in, and the lists of that.
pub(super) struct Slots<'l> {
    pub(super) places: usize,
    pub(super) located: Vec<&'l Located>,
    pub(super) signs: &'l Signs,
}

/// Whether a person reads it: a page writes a number as its digits, so a value may begin in one and
/// end in a string.
pub(super) fn is_slice(kind: Kind) -> bool {
    match kind {
        Kind::String | Kind::Number => true,
        Kind::Object | Kind::Array | Kind::True | Kind::False | Kind::Null => false,
    }
}

/// The list whose elements are slices, or have one each as a member.
pub(super) fn list(place: &Pointer) -> Option<Pointer> {
    let parent = place.parent()?;
    match (place.segments().last()?, parent.segments().last()) {
        (Segment::Any, _) => Some(parent),
        (_, Some(Segment::Any)) => parent.parent(),
        (_, _) => None,
    }
}

impl Found {
    pub(super) fn is_slice(&self) -> bool {
        is_slice(self.kind)
    }
}

impl Slots<'_> {
    /// How many there are, without the lists.
    pub(super) fn len(&self) -> usize {
        self.located.iter().filter(|at| at.pointer < 2 * self.places).count()
    }

    /// What stands where slices do.
    ///
    /// # Errors
    /// [`Unread`] where two are one member.
    pub(super) fn found(&self) -> Result<Vec<Found>, Unread> {
        let mut all: Vec<Found> = Vec::new();
        for place in 0..self.places {
            for (nth, slot) in self.of(place).enumerate() {
                let object = slot.parent.clone();
                let listed = self.listed(place, &slot.value);
                let at = (place, listed.unwrap_or_else(|| self.member(place, &object, nth)));
                let other = |one: &Found| {
                    listed.is_some() && (one.object.is_none() || one.object != object)
                };
                if all.iter().any(|one| one.at == at && !other(one)) {
                    return Err(Unread);
                }
                all.push(Found { at, span: slot.value.clone(), kind: slot.kind, object });
            }
        }
        Ok(all)
    }

    /// The objects that slices are or would be members of, and of which text those are.
    pub(super) fn objects(&self) -> impl Iterator<Item = (At, &Range<usize>)> {
        (0..self.places).flat_map(move |place| {
            self.of(self.places + place).enumerate().map(move |(nth, slot)| {
                let nth = self.listed(place, &slot.value).unwrap_or(nth);
                ((place, nth), &slot.value)
            })
        })
    }

    /// One that is a member goes by its object: others may have none.
    fn member(&self, place: usize, object: &Option<Range<usize>>, nth: usize) -> usize {
        let mut around = self.of(self.places + place);
        let inside = object.as_ref().and_then(|it| around.position(|one| one.value == *it));
        inside.unwrap_or(nth)
    }

    /// Elements of a list are one text, but for those that a number or a name tells apart.
    fn listed(&self, place: usize, here: &Range<usize>) -> Option<usize> {
        let within =
            |list: &Range<usize>, it: &Range<usize>| list.start <= it.start && it.end <= list.end;
        let mut lists = self.of(2 * self.places + place).enumerate();
        let (nth, list) =
            lists.find(|(_, list)| list.kind == Kind::Array && within(&list.value, here))?;
        let mut keys: Vec<Vec<u8>> = Vec::new();
        let elements = self.of(self.places + place).filter(|it| within(&list.value, &it.value));
        for key in elements.map(|it| self.signs.key(&it.value)) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let own = self.signs.key(here);
        let rank = keys.iter().position(|key| *key == own).unwrap_or(0);
        Some(nth * LOCATED_MAX + rank)
    }

    fn of(&self, pointer: usize) -> impl Iterator<Item = &Located> {
        self.located.iter().copied().filter(move |at| at.pointer == pointer)
    }
}
