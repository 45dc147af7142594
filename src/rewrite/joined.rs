//! A text that a vendor sends in many JSON texts, a few characters in each: redacted
//! as a person reads it, joined.
//!
//! What a slice may be the beginning of a value with is held back and comes with a
//! later slice. It is given out when the text ends, in a copy of the last JSON text
//! that had a slice: where a text says that it ends (a reason to finish, `done`), where it is
//! `[DONE]`, and at the stream's end. Nothing else ends one: neither a text that has nothing to
//! do with it (a heartbeat) nor one with `null` or nothing in a slice's place, or a value cut
//! around one would be shown. What seems to end may go on: what was given out is remembered, and a
//! slice that makes a value of it does not pass.
//!
//! Texts that come in turns are told apart by where they stand and by what `signs` tells; elements of
//! one list that nothing tells apart are one text, as the vendors' own programs read them. A
//! number or a name may be the text's or the piece's own, and which it is only its coming again
//! tells. So while something is held back a new one goes on with that text; should the one before
//! come again, they were two texts, and what comes then cannot be told and does not pass.
//!
//! It never holds a JSON text back, never looks at values outside the slices, and never
//! lets JSON pass in which it cannot tell where they are.

mod found;
mod half;
mod signs;
mod stream;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use self::found::{Found, Slots, is_slice};
use self::signs::Signs;
use self::stream::{Said, Streams};
use super::json::Kind;
use super::json::locate::{Bounds, POINTERS_MAX, locate};
use super::json::pointer::Pointer;
use super::json::text;
use super::redact::Needles;
use super::splice::{Edit, splice};

/// Texts that one JSON text may continue: a vendor offers a few choices, no more.
const STREAMS_MAX: usize = 64;

/// The most places of slices: each takes three of the 64 pointers that one pass looks for.
pub const PLACES_MAX: usize = 16;

/// Pointers to look for a place by: to its slices, what they are members of, and their list.
const LAYERS: usize = 3;

/// Members around slices that are looked at, and slices: more than such a text has.
const LOCATED_MAX: usize = 4096;

/// Digits of a whole number that every page writes as they stand.
const DIGITS_MAX: usize = 15;

const BOUNDS: Bounds = Bounds { depth_max: 128, located_max: LOCATED_MAX };

/// The texts of one stream.
pub struct Joined {
    /// Where slices stand, then for each of those the object that it stands in, then the list
    /// whose elements they are of, then what is said around them.
    pointers: Vec<Pointer>,
    places: usize,
    streams: Streams,
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
        let lists: Vec<Pointer> =
            pointers.iter().map(|at| found::list(at).unwrap_or_else(|| at.clone())).collect();
        let room = POINTERS_MAX.saturating_sub(LAYERS * places);
        let members = signs::members(&pointers).into_iter().take(room);
        let pointers =
            pointers.iter().cloned().chain(parents).chain(lists).chain(members).collect();
        Self { pointers, places, streams: Streams::new(needles) }
    }

    /// Takes the next JSON text. One that is none has no slices.
    ///
    /// # Errors
    /// [`Unread`] for JSON that is broken, too deep or has too many slices, or two of
    /// one text, or one of a text that was taken for another, or one that is a number which
    /// pages do not write as it stands; it must not pass.
    pub fn text(&mut self, json: &[u8]) -> Result<Shown, Unread> {
        if json.trim_ascii() == b"[DONE]" {
            return Ok(Shown { before: self.finish(), text: None });
        }
        let pointers: Vec<&Pointer> = self.pointers.iter().collect();
        let mended = half::mended(json);
        let located = match locate(&mended, &pointers, &BOUNDS) {
            Ok(located) => located,
            Err(_) if begins_json(json) => return Err(Unread),
            Err(_) => return Ok(Shown { before: Vec::new(), text: None }),
        };
        let (slots, members): (Vec<_>, Vec<_>) =
            located.iter().partition(|at| at.pointer < LAYERS * self.places);
        let signs = Signs::of(&mended, members.into_iter());
        let slots = Slots { places: self.places, located: slots, signs: &signs };
        if slots.len() > STREAMS_MAX {
            return Err(Unread);
        }
        let found = slots.found()?;
        let before = self.ended(&slots, &found);
        let slices: Vec<&Found> = found.iter().filter(|one| one.is_slice()).collect();
        let spans = slices.iter().map(|one| one.span.clone()).collect();
        let said = Arc::new(Said { json: json.to_vec(), slices: spans });
        let mut edits = Vec::new();
        let mut left = slices.as_slice();
        while let Some((one, later)) = left.split_first() {
            edits.extend(self.slice(one, later, &said, &signs)?);
            left = later;
        }
        if edits.is_empty() {
            return Ok(Shown { before, text: None });
        }
        let text = splice(json, edits).map_err(|_| Unread)?;
        Ok(Shown { before, text: Some(text) })
    }

    /// Where slices stand in a JSON text that goes on, with their quotes. What is searched beside
    /// this leaves them: a word of a text is not all that a member says.
    #[must_use]
    pub fn slices_in(&self, json: &[u8]) -> Vec<Range<usize>> {
        let places: Vec<&Pointer> = self.pointers.iter().take(self.places).collect();
        let located = locate(&half::mended(json), &places, &BOUNDS).unwrap_or_default();
        located.into_iter().filter(|at| is_slice(at.kind)).map(|at| at.value).collect()
    }

    /// Goes on with other values, of which what is held back is searched too.
    pub fn adopt(&mut self, needles: &Arc<Needles>) {
        self.streams.adopt(needles);
    }

    /// The stream's end: what is still held back.
    pub fn finish(&mut self) -> Vec<Vec<u8>> {
        self.streams.finish()
    }

    /// How many values were replaced.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.streams.count()
    }

    /// What was held back of texts that end here without a slice.
    fn ended(&mut self, slots: &Slots<'_>, found: &[Found]) -> Vec<Vec<u8>> {
        let mut before = Vec::new();
        for (at, object) in slots.objects() {
            let says = |one: &Found| one.at == at && one.is_slice();
            if slots.signs.ends(object) && !found.iter().any(says) {
                before.extend(self.streams.end(at, &slots.signs.key(object)));
            }
        }
        before
    }

    /// One slice, and those behind it; what goes on in its place if it is not as it came.
    fn slice(
        &mut self,
        found: &Found,
        later: &[&Found],
        said: &Arc<Said>,
        signs: &Signs,
    ) -> Result<Option<Edit>, Unread> {
        let stream = self.streams.of(found.at, signs.key(&found.span))?;
        let raw = said.json.get(found.span.clone()).ok_or(Unread)?;
        let quoted = match found.kind {
            Kind::Number => Cow::Owned(printed(raw).ok_or(Unread)?),
            Kind::String | Kind::Object | Kind::Array | Kind::True | Kind::False | Kind::Null => {
                Cow::Borrowed(raw)
            }
        };
        let mut shown = stream.take(&quoted, (said, &found.span))?;
        // Of a text that ends here, more may stand here.
        if signs.ends(&found.span) && !later.iter().any(|one| one.at == found.at) {
            let rest = self.streams.rest_of_last();
            if !rest.is_empty() {
                shown = Some(shown.unwrap_or_else(|| decoded(&quoted)) + &rest);
            }
        }
        let edit = |text: String| Edit {
            span: found.span.clone(),
            with: text::encode(&text).into_bytes(),
        };
        Ok(shown.map(edit))
    }
}

/// A number as the string that a page makes of it, where that is what stands there: of a number
/// that is no whole one, or that is longer than a page can tell, it writes others.
fn printed(number: &[u8]) -> Option<Vec<u8>> {
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    let whole = digits.iter().all(u8::is_ascii_digit) && digits.len() <= DIGITS_MAX;
    (whole && number != b"-0").then(|| [b"\"", number, b"\""].concat())
}

/// A string that was read before.
fn decoded(quoted: &[u8]) -> String {
    text::decode(quoted).map(Cow::into_owned).unwrap_or_default()
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text.as_ref().map(Vec::len);
        write!(f, "Shown({} before, {text:?} bytes)", self.before.len())
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
