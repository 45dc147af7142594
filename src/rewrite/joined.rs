//! A text that a vendor sends in many JSON texts, a few characters in each: redacted
//! as a person reads it, joined.
//!
//! What a slice may be the beginning of a value with is held back and comes with a
//! later slice. It is given out when the text ends, in a copy of the last JSON text
//! that had a slice: where a text has the slice's parent and no slice, where it is
//! `[DONE]`, and at the stream's end. A text that has nothing to do with it (a
//! heartbeat) ends nothing, or a value cut around one would be shown.
//!
//! It never holds a JSON text back, and never looks at values outside the slices.

use std::sync::Arc;

use super::json::Kind;
use super::json::locate::{Bounds, Located, locate};
use super::json::pointer::Pointer;
use super::json::text;
use super::redact::Needles;
use super::redact::slices::Slices;
use super::splice::{Edit, splice};

/// Texts that one JSON text may continue: a vendor offers a few choices, no more.
const STREAMS_MAX: usize = 64;

const BOUNDS: Bounds = Bounds { depth_max: 128, located_max: STREAMS_MAX };

/// The texts of one stream.
pub struct Joined {
    needles: Arc<Needles>,
    /// Where slices stand, then for each of those the object that it stands in.
    pointers: Vec<Pointer>,
    places: usize,
    streams: Vec<Stream>,
    count: u64,
}

/// One text: the nth match of a place.
struct Stream {
    place: usize,
    nth: usize,
    slices: Slices,
    /// The last JSON text that had a slice of it, and where.
    last: Option<(Vec<u8>, std::ops::Range<usize>)>,
}

/// What goes on in the place of one JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// JSON texts that go first: what was held back, since its text has ended.
    pub before: Vec<Vec<u8>>,
    /// The JSON text itself; nothing where it stays as it is.
    pub text: Option<Vec<u8>>,
}

impl Joined {
    /// For a new stream whose slices stand at these pointers.
    #[must_use]
    pub fn new(needles: Arc<Needles>, pointers: Vec<Pointer>) -> Self {
        let places = pointers.len();
        let parents: Vec<Pointer> =
            pointers.iter().map(|at| at.parent().unwrap_or_else(|| at.clone())).collect();
        let pointers = pointers.into_iter().chain(parents).collect();
        Self { needles, pointers, places, streams: Vec::new(), count: 0 }
    }

    /// Takes the next JSON text. One that is none has no slices.
    pub fn text(&mut self, json: &[u8]) -> Shown {
        if json.trim_ascii() == b"[DONE]" {
            return Shown { before: self.finish(), text: None };
        }
        let pointers: Vec<&Pointer> = self.pointers.iter().collect();
        let Ok(located) = locate(json, &pointers, &BOUNDS) else {
            return Shown { before: Vec::new(), text: None };
        };
        let (mut edits, mut before) = (Vec::new(), Vec::new());
        for place in 0..self.places {
            let here = |at: &&Located| at.pointer == place && at.kind == Kind::String;
            let found: Vec<&Located> = located.iter().filter(here).collect();
            if found.is_empty() && located.iter().any(|at| at.pointer == self.places + place) {
                before.extend(self.end(place));
            }
            for (nth, at) in found.into_iter().enumerate() {
                edits.extend(self.slice(place, nth, json, at));
            }
        }
        let text = (!edits.is_empty()).then(|| splice(json, edits).ok()).flatten();
        Shown { before, text }
    }

    /// Goes on with other values, of which what is held back is searched too.
    pub fn adopt(&mut self, needles: &Arc<Needles>) {
        self.needles = Arc::clone(needles);
        for stream in &mut self.streams {
            stream.slices.adopt(Arc::clone(needles));
        }
    }

    /// The stream's end: what is still held back.
    pub fn finish(&mut self) -> Vec<Vec<u8>> {
        (0..self.places).flat_map(|place| self.end(place)).collect()
    }

    /// How many values were replaced.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count + self.streams.iter().map(|stream| stream.slices.count()).sum::<u64>()
    }

    fn slice(&mut self, place: usize, nth: usize, json: &[u8], at: &Located) -> Option<Edit> {
        let quoted = json.get(at.value.clone())?;
        let said = text::decode(quoted).ok()?;
        let known = self.streams.iter().position(|one| one.place == place && one.nth == nth);
        let index = known.unwrap_or_else(|| {
            let slices = Slices::new(Arc::clone(&self.needles));
            self.streams.push(Stream { place, nth, slices, last: None });
            self.streams.len() - 1
        });
        let stream = self.streams.get_mut(index)?;
        let shown = stream.slices.event(&said);
        stream.last = Some((json.to_vec(), at.value.clone()));
        (shown != *said)
            .then(|| Edit { span: at.value.clone(), with: text::encode(&shown).into_bytes() })
    }

    /// The texts of a place have ended.
    fn end(&mut self, place: usize) -> Vec<Vec<u8>> {
        let (ended, going): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.streams).into_iter().partition(|one| one.place == place);
        self.streams = going;
        let mut rests = Vec::new();
        for mut stream in ended {
            let rest = stream.slices.finish();
            self.count += stream.slices.count();
            let Some((json, span)) = stream.last.filter(|_| !rest.is_empty()) else { continue };
            let edit = Edit { span, with: text::encode(&rest).into_bytes() };
            rests.extend(splice(&json, vec![edit]));
        }
        rests
    }
}

#[cfg(test)]
mod tests;
