//! A text that a vendor sends in many JSON texts, a few characters in each: redacted
//! as a person reads it, joined.
//!
//! What a slice may be the beginning of a value with is held back and comes with a
//! later slice. It is given out when the text ends, in a copy of the last JSON text
//! that had a slice: where a text has the slice's parent and no slice, where it is
//! `[DONE]`, and at the stream's end. A text that has nothing to do with it (a
//! heartbeat) ends nothing, nor does `null` in a slice's place, or a value cut around
//! one would be shown.
//!
//! It never holds a JSON text back, never looks at values outside the slices, and never
//! lets JSON pass in which it cannot tell where they are.

mod half;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use self::half::Half;
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
    /// The half of a letter that the last slice ended with.
    half: Option<Half>,
    /// The last JSON text that had a slice of it, and where.
    last: Option<(Arc<Said>, Range<usize>)>,
}

/// A JSON text with slices, of whatever texts.
struct Said {
    json: Vec<u8>,
    slices: Vec<Range<usize>>,
}

/// What stands in a slice's place.
struct Found {
    place: usize,
    nth: usize,
    span: Range<usize>,
    kind: Kind,
}

/// What is JSON by its beginning, and where slices stand in it cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread;

/// What goes on in the place of one JSON text. `Debug` prints sizes.
#[derive(Clone, PartialEq, Eq)]
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
    ///
    /// # Errors
    /// [`Unread`] for JSON that is broken, too deep or has too many slices, or two of
    /// one text; it must not pass.
    pub fn text(&mut self, json: &[u8]) -> Result<Shown, Unread> {
        if json.trim_ascii() == b"[DONE]" {
            return Ok(Shown { before: self.finish(), text: None });
        }
        let pointers: Vec<&Pointer> = self.pointers.iter().collect();
        let located = match locate(&half::mended(json), &pointers, &BOUNDS) {
            Ok(located) => located,
            Err(_) if begins_json(json) => return Err(Unread),
            Err(_) => return Ok(Shown { before: Vec::new(), text: None }),
        };
        let found = self.found(&located)?;
        let mut before = Vec::new();
        for place in 0..self.places {
            let ends = located.iter().any(|at| at.pointer == self.places + place)
                && !found.iter().any(|one| one.place == place && one.goes_on());
            if ends {
                before.extend(self.end(place));
            }
        }
        let slices: Vec<&Found> = found.iter().filter(|one| one.kind == Kind::String).collect();
        let spans = slices.iter().map(|one| one.span.clone()).collect();
        let said = Arc::new(Said { json: json.to_vec(), slices: spans });
        let mut edits = Vec::new();
        for one in slices {
            edits.extend(self.slice(one, &said)?);
        }
        if edits.is_empty() {
            return Ok(Shown { before, text: None });
        }
        let text = splice(json, edits).map_err(|_| Unread)?;
        Ok(Shown { before, text: Some(text) })
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

    /// What stands where slices do. One that is a member goes by its object: others may
    /// have none.
    fn found(&self, located: &[Located]) -> Result<Vec<Found>, Unread> {
        let mut all: Vec<Found> = Vec::new();
        for place in 0..self.places {
            let around = located.iter().filter(|at| at.pointer == self.places + place);
            let around: Vec<&Range<usize>> = around.map(|at| &at.value).collect();
            let here = located.iter().filter(|at| at.pointer == place);
            for (nth, at) in here.enumerate() {
                let object = at.parent.as_ref();
                let inside = object.and_then(|it| around.iter().position(|one| *one == it));
                let nth = inside.unwrap_or(nth);
                if all.iter().any(|one| (one.place, one.nth) == (place, nth)) {
                    return Err(Unread);
                }
                all.push(Found { place, nth, span: at.value.clone(), kind: at.kind });
            }
        }
        Ok(all)
    }

    fn slice(&mut self, found: &Found, said: &Arc<Said>) -> Result<Option<Edit>, Unread> {
        let (place, nth) = (found.place, found.nth);
        let known = self.streams.iter().position(|one| one.place == place && one.nth == nth);
        let index = known.unwrap_or_else(|| {
            let slices = Slices::new(Arc::clone(&self.needles));
            self.streams.push(Stream { place, nth, slices, half: None, last: None });
            self.streams.len() - 1
        });
        let stream = self.streams.get_mut(index).ok_or(Unread)?;
        let quoted = said.json.get(found.span.clone()).ok_or(Unread)?;
        let (raw, half) = half::carried(quoted, stream.half.take());
        stream.half = half;
        let mended = half::mended(&raw);
        let text = text::decode(&mended).map_err(|_| Unread)?;
        let shown = stream.slices.event(&text);
        stream.last = Some((Arc::clone(said), found.span.clone()));
        let as_sent = *raw == *quoted && shown == *text;
        let edit = || Edit { span: found.span.clone(), with: text::encode(&shown).into_bytes() };
        Ok((!as_sent).then(edit))
    }

    /// The texts of a place have ended.
    fn end(&mut self, place: usize) -> Vec<Vec<u8>> {
        let (ended, going): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.streams).into_iter().partition(|one| one.place == place);
        self.streams = going;
        let mut rests = Vec::new();
        for mut stream in ended {
            let mut rest = stream.slices.finish();
            if stream.half.is_some() {
                rest.push(char::REPLACEMENT_CHARACTER);
            }
            self.count += stream.slices.count();
            let Some((said, span)) = stream.last.filter(|_| !rest.is_empty()) else { continue };
            rests.extend(said.with(&span, &rest));
        }
        rests
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text.as_ref().map(Vec::len);
        write!(f, "Shown({} before, {text:?} bytes)", self.before.len())
    }
}

impl Said {
    /// A copy that says this in one slice's place, and nothing in the others'.
    fn with(&self, own: &Range<usize>, rest: &str) -> Option<Vec<u8>> {
        let text = |span: &Range<usize>| if span == own { rest } else { "" };
        let edit = |span: &Range<usize>| Edit {
            span: span.clone(),
            with: text::encode(text(span)).into_bytes(),
        };
        splice(&self.json, self.slices.iter().map(edit).collect()).ok()
    }
}

impl Found {
    /// Whether its text may go on: an empty slice is one, too.
    fn goes_on(&self) -> bool {
        match self.kind {
            Kind::String | Kind::Null => true,
            Kind::Object | Kind::Array | Kind::Number | Kind::True | Kind::False => false,
        }
    }
}

/// Whether a text begins like a JSON object or a list. `[DONE]` and its like do not.
#[must_use]
pub fn begins_json(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    match text.split_first() {
        Some((b'{', _)) => true,
        Some((b'[', rest)) => !rest.trim_ascii_start().first().is_some_and(u8::is_ascii_alphabetic),
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests;
