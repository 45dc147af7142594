//! One object, opened for edits that keep its style.
//!
//! It never rewrites a member that no edit names, never reformats, and never looks below the
//! object's own members but to validate them. It never builds a tree and never recurses.

use super::fault::JsonFault;
use super::scan::Scanner;
use super::shallow::{Place, places};
use super::text::{decode, encode, eq_decoded};
use crate::rewrite::splice::Edit;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// A member to write. It may hold personal data, so `Debug` prints sizes.
#[derive(Clone, PartialEq, Eq)]
pub struct NewMember<'m> {
    /// The name as plain text; it is encoded when it is written.
    pub name: Cow<'m, str>,
    /// The value as raw JSON text, trusted to be valid.
    pub value: &'m [u8],
}

impl fmt::Debug for NewMember<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewMember({} bytes: {} bytes)", self.name.len(), self.value.len())
    }
}

/// The members of one object by position, from 0, and what shall become of them.
///
/// Positions are those of the object as it was opened, whatever has been asked for since. A position
/// past the end names no member: reading gives `None`, editing does nothing.
pub struct ObjectEdit<'s> {
    source: &'s [u8],
    object: Range<usize>,
    rows: Vec<Row<'s>>,
    appended: Vec<NewMember<'s>>,
}

struct Row<'s> {
    place: Place,
    fate: Fate<'s>,
}

/// What becomes of a member.
enum Fate<'s> {
    Stays,
    ValueSet(Vec<u8>),
    Spread(Vec<NewMember<'s>>),
    Removed,
}

impl<'s> ObjectEdit<'s> {
    /// Opens the object that stands at `object` in the source: a span as
    /// [`Located`](super::locate::Located) tells it. Its depth is not bounded again.
    ///
    /// # Errors
    /// Where the span is not that of one valid object.
    pub fn open(source: &'s [u8], object: Range<usize>) -> Result<Self, JsonFault> {
        let scanner = Scanner::new(source, object.clone(), usize::MAX)?;
        let rows =
            places(scanner)?.into_iter().map(|place| Row { place, fate: Fate::Stays }).collect();
        Ok(Self { source, object, rows, appended: Vec::new() })
    }

    /// How many members it was opened with, duplicates included.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it was opened without a member.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The position of the member whose value has exactly this span.
    pub fn index_of_value(&self, value: &Range<usize>) -> Option<usize> {
        self.rows.iter().position(|row| row.place.value == *value)
    }

    /// A member's name, decoded.
    pub fn name(&self, i: usize) -> Option<Cow<'s, str>> {
        decode(self.text(self.rows.get(i)?.place.name.clone())).ok()
    }

    /// A member's value as it was opened, raw.
    pub fn value(&self, i: usize) -> Option<&'s [u8]> {
        self.value_span(i).map(|span| self.text(span))
    }

    /// Where a member's value stands in the source.
    pub fn value_span(&self, i: usize) -> Option<Range<usize>> {
        Some(self.rows.get(i)?.place.value.clone())
    }

    /// Gives a member another value: raw JSON text, trusted to be valid. The name stays as written.
    pub fn set_value(&mut self, i: usize, raw_json: Vec<u8>) {
        self.decide(i, Fate::ValueSet(raw_json));
    }

    /// Takes a member out, with one separator. It wins over every other edit of that member.
    pub fn remove(&mut self, i: usize) {
        self.decide(i, Fate::Removed);
    }

    /// Takes out every member of this name but one; names are compared decoded.
    pub fn remove_named(&mut self, name: &str, but: Option<usize>) {
        for i in 0..self.rows.len() {
            let named = |row: &Row<'_>| eq_decoded(self.text(row.place.name.clone()), name);
            if Some(i) != but && self.rows.get(i).is_some_and(named) {
                self.remove(i);
            }
        }
    }

    /// Puts these members in the place of one; none take it out, as [`remove`](Self::remove) does.
    /// Of this and [`set_value`](Self::set_value) the later call counts.
    pub fn spread(&mut self, i: usize, members: Vec<NewMember<'s>>) {
        self.decide(i, if members.is_empty() { Fate::Removed } else { Fate::Spread(members) });
    }

    /// Adds a member behind all others.
    pub fn append(&mut self, member: NewMember<'s>) {
        self.appended.push(member);
    }

    /// The edits, in order and without overlap, that make the object so; none if nothing was asked.
    pub fn finish(self) -> Vec<Edit> {
        let mut edits = Vec::new();
        let mut kept: Option<usize> = None; // where the last member that remains ends
        let mut hole: Option<Range<usize>> = None; // removed members that no edit covers so far
        for Row { place, fate } in &self.rows {
            if let Fate::Removed = fate {
                let start = hole.map_or(kept.unwrap_or(place.name.start), |hole| hole.start);
                hole = Some(start..place.value.end);
                continue;
            }
            // Behind a member that remains, the separator before the hole goes; else the one after it.
            if let Some(Range { start, end }) = hole.take() {
                let end = if kept.is_some() { end } else { place.name.start };
                edits.push(Edit { span: start..end, with: Vec::new() });
            }
            edits.extend(self.change(place, fate));
            kept = Some(place.value.end);
        }
        let end = kept.unwrap_or(self.object.start + 1);
        edits.push(Edit { span: hole.unwrap_or(end..end), with: self.tail(kept) });
        edits.retain(|edit| !(edit.span.is_empty() && edit.with.is_empty()));
        edits
    }

    fn decide(&mut self, i: usize, fate: Fate<'s>) {
        let Some(row) = self.rows.get_mut(i) else {
            return;
        };
        if !matches!(row.fate, Fate::Removed) {
            row.fate = fate;
        }
    }

    /// The edit of one member, if it has one of its own.
    fn change(&self, place: &Place, fate: &Fate<'_>) -> Option<Edit> {
        match fate {
            Fate::Stays | Fate::Removed => None,
            Fate::ValueSet(value) => Some(Edit { span: place.value.clone(), with: value.clone() }),
            Fate::Spread(members) => {
                let with = self.written(members, self.colon(place));
                Some(Edit { span: place.name.start..place.value.end, with })
            }
        }
    }

    /// The appended members, behind the last one that is kept, if any is.
    fn tail(&self, kept: Option<usize>) -> Vec<u8> {
        let colon = self.rows.first().map_or(b":".as_slice(), |row| self.colon(&row.place));
        let mut tail = self.written(&self.appended, colon);
        if kept.is_some() && !tail.is_empty() {
            tail.splice(0..0, self.separator().iter().copied());
        }
        tail
    }

    fn written(&self, members: &[NewMember<'_>], colon: &[u8]) -> Vec<u8> {
        let separator = self.separator();
        let size = |member: &NewMember<'_>| member.name.len() + member.value.len() + 4;
        let mut out = Vec::with_capacity(members.iter().map(size).sum());
        for (n, member) in members.iter().enumerate() {
            out.extend_from_slice(if n == 0 { b"" } else { &separator });
            out.extend_from_slice(encode(&member.name).as_bytes());
            out.extend_from_slice(colon);
            out.extend_from_slice(member.value);
        }
        out
    }

    /// What stands between two members: as between the first two, or, before an only member, a comma
    /// and the white space that it has before it.
    fn separator(&self) -> Cow<'s, [u8]> {
        match self.rows.as_slice() {
            [] => Cow::Borrowed(b","),
            [only] => {
                [b",", self.text(self.object.start + 1..only.place.name.start)].concat().into()
            }
            [first, second, ..] => self.text(first.place.value.end..second.place.name.start).into(),
        }
    }

    /// A member's colon with the white space around it.
    fn colon(&self, place: &Place) -> &'s [u8] {
        self.text(place.name.end..place.value.start)
    }

    fn text(&self, span: Range<usize>) -> &'s [u8] {
        self.source.get(span).unwrap_or_default()
    }
}

impl fmt::Debug for ObjectEdit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ObjectEdit({:?}, {} members, {} appended)",
            self.object,
            self.rows.len(),
            self.appended.len()
        )
    }
}

#[cfg(test)]
mod tests;
