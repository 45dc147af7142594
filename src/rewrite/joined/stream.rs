//! Texts in the making: what is held back of each, and which is which.
//!
//! It knows no JSON but the strings that slices are.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::super::json::text;
use super::super::redact::Needles;
use super::super::redact::slices::Slices;
use super::super::splice::{Edit, splice};
use super::half::{self, Half};
use super::{LOCATED_MAX, Unread};

/// Texts that are kept apart, and names of texts that were taken for others.
const KEPT_MAX: usize = 64;

/// Where a text's slices stand: the place, and which of its matches.
pub(super) type At = (usize, usize);

/// The texts of one stream, the one that was last gone on with last.
pub(super) struct Streams {
    needles: Arc<Needles>,
    all: Vec<Stream>,
    /// Keys under which a text went on that now goes under another.
    left: VecDeque<(At, Vec<u8>)>,
    /// What was given out where a text seemed to end: it may go on all the same.
    given: VecDeque<(At, Vec<u8>, String)>,
    count: u64,
}

/// One text.
pub(super) struct Stream {
    at: At,
    key: Vec<u8>,
    slices: Slices,
    /// The front of what is held back that was given out before, where the text seemed to end.
    given: String,
    /// The half of a letter that the last slice ended with.
    half: Option<Half>,
    /// The last JSON text that had a slice of it, and where.
    last: Option<(Arc<Said>, Range<usize>)>,
}

/// What was held back at a text's end.
struct Rest {
    /// With what of it was given out before.
    whole: String,
    later: String,
}

/// A JSON text with slices, of whatever texts.
pub(super) struct Said {
    pub(super) json: Vec<u8>,
    pub(super) slices: Vec<Range<usize>>,
}

impl Streams {
    pub(super) fn new(needles: Arc<Needles>) -> Self {
        Self { needles, all: Vec::new(), left: VecDeque::new(), given: VecDeque::new(), count: 0 }
    }

    /// The text that a slice of this key goes on with.
    ///
    /// # Errors
    /// [`Unread`] where another text went on with it before.
    pub(super) fn of(&mut self, at: At, key: Vec<u8>) -> Result<&mut Stream, Unread> {
        if self.left.iter().any(|(place, left)| (*place, left) == (at, &key)) {
            return Err(Unread);
        }
        let stream = match self.known(at, &key).or_else(|| self.elsewhere(at, &key)) {
            Some(index) => Stream { at, ..self.all.remove(index) },
            None => self.other(at, key),
        };
        self.all.push(stream);
        self.all.last_mut().ok_or(Unread)
    }

    /// What was held back of the text of this key, or of the last one there.
    pub(super) fn end(&mut self, at: At, key: &[u8]) -> Option<Vec<u8>> {
        let last = || self.all.iter().rposition(|one| one.at == at);
        let index = self.known(at, key).or_else(last)?;
        let stream = self.all.remove(index);
        self.close(stream)
    }

    /// The same of the text that was last gone on with, where that ends with its slice.
    pub(super) fn rest_of_last(&mut self) -> String {
        let Some(mut stream) = self.all.pop() else { return String::new() };
        self.ended(&mut stream)
    }

    /// What was held back of a text that ends, or seems to.
    fn ended(&mut self, stream: &mut Stream) -> String {
        let Rest { whole, later } = stream.rest();
        self.count += stream.slices.count();
        if !whole.is_empty() {
            self.given.push_back((stream.at, stream.key.clone(), whole));
            let past = self.given.len().saturating_sub(KEPT_MAX);
            self.given.drain(..past);
        }
        later
    }

    /// What was given out last of the text of this key, or else of any there.
    fn given(&mut self, at: At, key: &[u8]) -> Option<String> {
        let same = self.given.iter().rposition(|one| (one.0, &*one.1) == (at, key));
        let index = same.or_else(|| self.given.iter().rposition(|one| one.0 == at))?;
        self.given.remove(index).map(|(_, _, rest)| rest)
    }

    /// What was held back of all of them.
    pub(super) fn finish(&mut self) -> Vec<Vec<u8>> {
        let mut all = std::mem::take(&mut self.all);
        all.sort_by_key(|one| one.at);
        self.left.clear();
        self.given.clear();
        all.into_iter().filter_map(|one| self.close(one)).collect()
    }

    /// Goes on with other values, of which what is held back is searched too.
    pub(super) fn adopt(&mut self, needles: &Arc<Needles>) {
        self.needles = Arc::clone(needles);
        for stream in &mut self.all {
            stream.slices.adopt(Arc::clone(needles));
        }
    }

    /// How many values were replaced.
    pub(super) fn count(&self) -> u64 {
        self.count + self.all.iter().map(|one| one.slices.count()).sum::<u64>()
    }

    /// A slice without a key goes on with whatever is going on.
    fn known(&self, at: At, key: &[u8]) -> Option<usize> {
        let known = |one: &Stream| one.at == at && (key.is_empty() || one.key == key);
        self.all.iter().rposition(known)
    }

    /// The text of this key that stood elsewhere in the same list before.
    fn elsewhere(&self, (place, nth): At, key: &[u8]) -> Option<usize> {
        let list = |nth: usize| nth / LOCATED_MAX;
        let moved = |one: &Stream| one.at.0 == place && list(one.at.1) == list(nth);
        self.all.iter().rposition(|one| !key.is_empty() && one.key == key && moved(one))
    }

    /// What a key that was not met before goes on with: the last text there that something is
    /// held back of, or a text of its own.
    fn other(&mut self, at: At, key: Vec<u8>) -> Stream {
        let open = |one: &Stream| one.at == at && one.is_open();
        let ended = self.given.iter().any(|one| (one.0, &one.1) == (at, &key));
        let index = self.all.iter().rposition(open).filter(|_| !ended);
        let Some(index) = index else { return self.fresh(at, key) };
        let mut stream = self.all.remove(index);
        let before = std::mem::replace(&mut stream.key, key);
        if !before.is_empty() {
            self.left.push_back((at, before));
            let past = self.left.len().saturating_sub(KEPT_MAX);
            self.left.drain(..past);
        }
        stream
    }

    /// A new text; of many, those that nothing is held back of are forgotten.
    fn fresh(&mut self, at: At, key: Vec<u8>) -> Stream {
        if self.all.len() >= KEPT_MAX {
            let (open, idle): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.all).into_iter().partition(Stream::is_open);
            self.all = open;
            self.count += idle.iter().map(|one| one.slices.count()).sum::<u64>();
        }
        let mut slices = Slices::new(Arc::clone(&self.needles));
        let mut given = self.given(at, &key).unwrap_or_default();
        // What of it no value begins in any more needs not be remembered.
        let past = slices.event(&given).len().min(given.len());
        given = given.get(past..).unwrap_or_default().to_owned();
        Stream { at, key, slices, given, half: None, last: None }
    }

    fn close(&mut self, mut stream: Stream) -> Option<Vec<u8>> {
        let rest = self.ended(&mut stream);
        let (said, span) = stream.last.filter(|_| !rest.is_empty())?;
        said.with(&span, &rest)
    }
}

impl Stream {
    /// Takes a slice, as it is quoted; what is shown in its place if that is not the same.
    pub(super) fn take(
        &mut self,
        quoted: &[u8],
        (said, span): (&Arc<Said>, &Range<usize>),
    ) -> Result<Option<String>, Unread> {
        let (raw, half) = half::carried(quoted, self.half.take());
        self.half = half;
        let mended = half::mended(&raw);
        let text = text::decode(&mended).map_err(|_| Unread)?;
        let shown = self.slices.event(&text);
        let shown = self.without_given(shown)?;
        self.last = Some((Arc::clone(said), span.clone()));
        let as_sent = *raw == *quoted && shown == *text;
        Ok((!as_sent).then_some(shown))
    }

    /// What is shown behind what was given out before.
    ///
    /// # Errors
    /// [`Unread`] where a value begins in that: it is half shown.
    fn without_given(&mut self, shown: String) -> Result<String, Unread> {
        if self.given.is_empty() {
            return Ok(shown);
        }
        if let Some(later) = shown.strip_prefix(&self.given) {
            let later = later.to_owned();
            self.given.clear();
            return Ok(later);
        }
        let left = self.given.strip_prefix(&shown).ok_or(Unread)?.to_owned();
        self.given = left;
        Ok(String::new())
    }

    /// The text ends: what was held back. Nothing may be taken after.
    fn rest(&mut self) -> Rest {
        let whole = self.slices.finish();
        // What does not begin as it did has a value in it, of which no more is shown.
        let mut later = whole.strip_prefix(&self.given).map_or(String::new(), str::to_owned);
        if self.half.take().is_some() {
            later.push(char::REPLACEMENT_CHARACTER);
        }
        Rest { whole, later }
    }

    fn is_open(&self) -> bool {
        self.slices.held() > 0 || self.half.is_some()
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
