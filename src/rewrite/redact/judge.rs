//! What a start turns out to be: a value as text, in base64 or as a whole JSON value, or none.
//!
//! It decides one start at a time and remembers none; which starts are tried is
//! [`Scan::next`](super::scan::Scan::next)'s matter.

use super::Sought;
use super::pattern::{Bareness, Pattern};
use super::place::{self, Place, Unclear};
use super::roles::{Role, Roles};
use super::scan::{Found, Scan, Spelling};
use super::source::Tail;
use super::trie::fold;
use super::unit::{Layers, Taken, first_introducer, introduces, take};
use super::walk::Verdict;

/// The bytes at hand end before it can be told.
pub(super) struct Pending;

impl<'n> Scan<'n, '_> {
    /// The value that begins at `start`, widened to `begin` where that lies within an escape.
    pub(super) fn try_at(
        &mut self,
        start: usize,
        begin: usize,
        roles: Roles,
    ) -> Result<Option<Found<'n>>, Pending> {
        let mut text = Verdict::Dead;
        if roles.text == Role::Maybe {
            text = self.walks.text.at(&self.needles.anywhere, self.source, start);
        }
        let (mut base64, mut place) = (Verdict::Dead, 0);
        if roles.base64 == Role::Maybe && self.sought == Sought::Everything {
            (base64, place) = self.walks.base64.at(&self.needles.anywhere, self.source, start);
        }
        match (text, base64) {
            (Verdict::Pending, _) | (_, Verdict::Pending) => Err(Pending),
            (Verdict::Match(end, _), Verdict::Match(to, pattern)) if to > end => Ok(Some(Found {
                from: begin,
                to,
                spelling: Spelling::Base64 { start, place },
                pattern,
            })),
            (Verdict::Match(end, pattern), _) => self.as_text(begin, end, pattern).map(Some),
            (Verdict::Dead, Verdict::Match(to, pattern)) => Ok(Some(Found {
                from: begin,
                to,
                spelling: Spelling::Base64 { start, place },
                pattern,
            })),
            (Verdict::Dead, Verdict::Dead)
                if roles.whole == Role::Maybe && self.sought == Sought::Everything =>
            {
                self.whole_at(start)
            }
            (Verdict::Dead, Verdict::Dead) => Ok(None),
        }
    }

    fn as_text(&self, from: usize, to: usize, pattern: &'n Pattern) -> Result<Found<'n>, Pending> {
        let to = self.behind_escapes(from, to)?;
        let mut place = Place::Text;
        let json = self.sought == Sought::Everything;
        if json
            && pattern.is_number()
            && self.source.span(from, to).iter().all(|b| place::in_number(*b))
        {
            place = place::of_number(self.source, from, to).map_err(|Unclear| Pending)?;
        }
        Ok(Found { from, to, spelling: Spelling::Text(place), pattern })
    }

    /// Where the escapes end that begin between two offsets: a value's raw last character may be the
    /// first of one.
    fn behind_escapes(&self, from: usize, to: usize) -> Result<usize, Pending> {
        let mut at = from;
        while at < to {
            let met = first_introducer(self.source.span(at, to));
            let Some(introducer) = met.map(|offset| at + offset) else { return Ok(to) };
            at = match self.unit(introducer) {
                Taken::Whole(unit) => self.source.base + unit.end,
                Taken::Cut if self.source.tail == Tail::Open => return Err(Pending),
                Taken::Cut | Taken::Nothing => introducer + 1,
            };
        }
        Ok(at)
    }

    /// A short value that is all of a JSON string, or a number that is all of a bare JSON value.
    fn whole_at(&mut self, start: usize) -> Result<Option<Found<'n>>, Pending> {
        let quote = self.quote_at(start);
        let before = start.saturating_sub(quote.map_or(0, |quote| quote.len() - 1));
        if !place::may_begin(self.source, before) {
            return Ok(None);
        }
        let from = if quote.is_some() { start + 1 } else { start };
        let lot = &self.needles.whole;
        let begins = |byte: u8| introduces(byte) || lot.begins(fold(byte));
        if !self.source.get(from).is_none_or(begins) {
            return Ok(None);
        }
        let (to, pattern) = match self.walks.whole.anew(lot.trie(), self.source, from) {
            Verdict::Pending => return Err(Pending),
            Verdict::Dead => return Ok(None),
            Verdict::Match(to, pattern) => (to, pattern),
        };
        let around = quote.map_or(0, <[u8]>::len);
        if self.slices.contains(&(from.saturating_sub(around)..to + around)) {
            return Ok(None);
        }
        let Some(quote) = quote else { return self.bare(from, to, pattern) };
        let shut = to + quote.len();
        if shut > self.source.end() && self.source.tail == Tail::Open {
            return Err(Pending);
        }
        let quoted = self.source.span(to, shut) == quote
            && place::may_end(self.source, shut).map_err(|Unclear| Pending)?;
        let spelling = Spelling::Text(Place::Text);
        Ok(quoted.then_some(Found { from, to, spelling, pattern }))
    }

    /// How the quote at an offset is spelt: on its own, or escaped in a JSON text that is a string.
    fn quote_at(&self, at: usize) -> Option<&'static [u8]> {
        let escaped = at.checked_sub(1).and_then(|before| self.source.get(before)) == Some(b'\\');
        match self.source.get(at) {
            Some(b'"') if escaped => Some(b"\\\""),
            Some(b'"') => Some(b"\""),
            _ => None,
        }
    }

    fn bare(
        &self,
        from: usize,
        to: usize,
        pattern: &'n Pattern,
    ) -> Result<Option<Found<'n>>, Pending> {
        let raw = self.source.span(from, to) == pattern.exact();
        if !raw || pattern.bareness() == Bareness::Left {
            return Ok(None);
        }
        if !place::may_end(self.source, to).map_err(|Unclear| Pending)? {
            return Ok(None);
        }
        let place = place::of_number(self.source, from, to).map_err(|Unclear| Pending)?;
        Ok(Some(Found { from, to, spelling: Spelling::Text(place), pattern }))
    }

    /// The escape at an offset of the stream.
    pub(super) fn unit(&self, at: usize) -> Taken {
        take(self.source.bytes, at - self.source.base, Layers::Once)
    }
}
