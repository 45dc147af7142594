//! Finds the next value in what is at hand of a stream, and how far it is sure that there is none.
//!
//! Starts are tried in order, so the leftmost value wins and the longest of those that begin there.
//! It changes nothing, and never tries a start that [`Filter`](super::filter::Filter) ruled out.

use super::Sought;
use super::base64::{Base64Walk, Sextet, sextet};
use super::filter::Starts;
use super::needles::{Needles, Role, Roles};
use super::place::{self, Place, Unclear};
use super::source::{Source, Tail};
use super::text::{TextWalk, may_spell};
use super::trie::Pattern;
use super::unit::{Layers, Taken, take};
use super::walk::Verdict;

/// What a scan came upon.
pub(super) enum Next<'n> {
    /// A value.
    Found(Found<'n>),
    /// From this offset on a value may begin; there is none before.
    Held(usize),
    /// No value, and none that may begin.
    Clear,
}

/// A value in the stream.
pub(super) struct Found<'n> {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) spelling: Spelling,
    pub(super) pattern: &'n Pattern,
}

/// In what form a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As text, escaped or not.
    Text(Place),
    /// In base64, its first character being this one of a group of four.
    Base64(usize),
}

/// The walks, which go on where they stood when more bytes come.
pub(super) struct Walks {
    pub(super) text: TextWalk,
    pub(super) base64: Base64Walk,
    pub(super) whole: TextWalk,
}

pub(super) struct Scan<'n, 's> {
    pub(super) needles: &'n Needles,
    pub(super) source: Source<'s>,
    pub(super) walks: &'s mut Walks,
    pub(super) sought: Sought,
}

/// Where a scan stands.
struct Front {
    /// The next start to try.
    start: usize,
    /// The last escape that was met: a value that begins within takes all of it along.
    escape: (usize, usize),
}

/// The bytes at hand end before it can be told.
pub(super) struct Pending;

impl Walks {
    pub(super) fn new() -> Self {
        Self { text: TextWalk::new(), base64: Base64Walk::new(), whole: TextWalk::new() }
    }

    /// Bytes read so far by all of them.
    #[cfg(test)]
    pub(super) fn steps(&self) -> u64 {
        self.text.steps + self.base64.steps + self.whole.steps
    }
}

impl<'n> Scan<'n, '_> {
    /// The next value at or behind `from`, which no escape reaches across.
    pub(super) fn next(&mut self, from: usize) -> Next<'n> {
        let end = self.source.end();
        let mut front = Front { start: from, escape: (from, from) };
        let mut at = from;
        // The byte that a bare JSON value is known by stands before the value, and may have left.
        if !self.needles.whole.is_empty()
            && let Some(next) = self.try_to(&mut front, end.min(from + 1), Roles::ALL)
        {
            return next;
        }
        loop {
            let rest = self.source.span(at, end);
            let met = memchr::memchr3(b'\\', b'%', b'&', rest).map(|offset| at + offset);
            if let Some(next) = self.stretch(&mut front, at, met.unwrap_or(end)) {
                return next;
            }
            let Some(introducer) = met else {
                return self.try_to(&mut front, end, Roles::ALL).unwrap_or(Next::Clear);
            };
            if let Some(next) = self.introducer(&mut front, introducer) {
                return next;
            }
            at = introducer + 1;
        }
    }

    /// Tries what begins before an escape and may reach into it, and what begins with it.
    fn introducer(&mut self, front: &mut Front, at: usize) -> Option<Next<'n>> {
        let inside = |byte| self.needles.roles(byte).inside == Role::Maybe;
        let text = Role::of(may_spell(self.source, at, inside));
        let base64 = Role::of(!matches!(sextet(self.source, at), Sextet::Not));
        let reach = Roles { text, base64, whole: text, inside: text };
        let reaches = text == Role::Maybe || base64 == Role::Maybe;
        let before = if reaches { self.try_to(front, at, reach) } else { None };
        if before.is_some() {
            return before;
        }
        if at >= front.escape.1
            && let Taken::Whole(unit) = self.unit(at)
        {
            front.escape = (at, self.source.base + unit.end);
        }
        let next = if reaches { self.try_one(front, at, reach) } else { None };
        front.start = at + 1;
        next
    }

    /// Looks into the bytes between two offsets, among which nothing begins an escape. What begins
    /// behind the last look is left untried.
    fn stretch(&mut self, front: &mut Front, from: usize, to: usize) -> Option<Next<'n>> {
        let filter = &self.needles.filter;
        let bytes = self.source.bytes;
        let base = self.source.base;
        let mut at = from - base;
        let to = (to - base).min((bytes.len() + filter.width).saturating_sub(4));
        while at + filter.width <= to {
            let Some(four) = bytes.get(at..).and_then(|rest| rest.first_chunk()) else { break };
            if filter.hits(*four) {
                let starts = filter.starts(*four);
                let next = self.hit(front, base + at, starts);
                if next.is_some() {
                    return next;
                }
            }
            at += filter.stride;
        }
        // The value's first character in base64 may carry bits of what stands before it, which no
        // run shows; so the last look itself is tried again with what follows.
        let last = (base + at).saturating_sub(filter.stride);
        front.start = front.start.max(last);
        None
    }

    /// Tries the starts that the run at an offset points to, in order.
    fn hit(&mut self, front: &mut Front, at: usize, starts: Starts) -> Option<Next<'n>> {
        for bit in (0..Starts::BITS).rev() {
            let is = |starts: u16| Role::of(starts >> bit & 1 == 1);
            let (text, base64, whole) = (is(starts.text), is(starts.base64), is(starts.whole));
            let Some(start) = (at + 1).checked_sub(bit).filter(|start| *start >= front.start)
            else {
                continue;
            };
            let kinds = Roles { text, base64, whole, inside: Role::Maybe };
            let next = self.try_one(front, start, kinds);
            if next.is_some() {
                return next;
            }
        }
        None
    }

    /// Tries every start before `to` that is still open.
    fn try_to(&mut self, front: &mut Front, to: usize, kinds: Roles) -> Option<Next<'n>> {
        for start in front.start..to {
            let next = self.try_one(front, start, kinds);
            if next.is_some() {
                return next;
            }
        }
        front.start = front.start.max(to);
        None
    }

    fn try_one(&mut self, front: &Front, start: usize, kinds: Roles) -> Option<Next<'n>> {
        let byte = self.source.get(start)?;
        let roles = self.needles.roles(byte).and(kinds);
        let within = front.escape.0 < start && start < front.escape.1;
        let begin = if within { front.escape.0 } else { start };
        match self.try_at(start, begin, roles) {
            Ok(Some(found)) => Some(Next::Found(found)),
            Ok(None) => None,
            Err(Pending) => Some(Next::Held(begin)),
        }
    }

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
        if roles.base64 == Role::Maybe && begin == start && self.sought == Sought::Everything {
            (base64, place) = self.walks.base64.at(&self.needles.anywhere, self.source, start);
        }
        match (text, base64) {
            (Verdict::Pending, _) | (_, Verdict::Pending) => Err(Pending),
            (Verdict::Match(end, _), Verdict::Match(to, pattern)) if to > end => {
                Ok(Some(Found { from: start, to, spelling: Spelling::Base64(place), pattern }))
            }
            (Verdict::Match(end, pattern), _) => self.as_text(begin, end, pattern).map(Some),
            (Verdict::Dead, Verdict::Match(to, pattern)) => {
                Ok(Some(Found { from: start, to, spelling: Spelling::Base64(place), pattern }))
            }
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
            let met = memchr::memchr3(b'\\', b'%', b'&', self.source.span(at, to));
            let Some(introducer) = met.map(|offset| at + offset) else { return Ok(to) };
            at = match self.unit(introducer) {
                Taken::Whole(unit) => self.source.base + unit.end,
                Taken::Cut if self.source.tail == Tail::Open => return Err(Pending),
                Taken::Cut | Taken::Nothing => introducer + 1,
            };
        }
        Ok(at)
    }

    /// A short value that is all of a JSON string, or all of a bare JSON value.
    fn whole_at(&mut self, start: usize) -> Result<Option<Found<'n>>, Pending> {
        let quote = self.quote_at(start);
        let before = start.saturating_sub(quote.map_or(0, |quote| quote.len() - 1));
        if !place::may_begin(self.source, before) {
            return Ok(None);
        }
        let from = if quote.is_some() { start + 1 } else { start };
        let trie = &self.needles.whole;
        let (to, pattern) = match self.walks.whole.anew(trie, self.source, from) {
            Verdict::Pending => return Err(Pending),
            Verdict::Dead => return Ok(None),
            Verdict::Match(to, pattern) => (to, pattern),
        };
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
        let literal = place::is_literal(pattern.exact());
        let raw = self.source.span(from, to) == pattern.exact();
        if !raw || !literal && !pattern.is_number() {
            return Ok(None);
        }
        if !place::may_end(self.source, to).map_err(|Unclear| Pending)? {
            return Ok(None);
        }
        let mut place = Place::Numeric;
        if !literal {
            place = place::of_number(self.source, from, to).map_err(|Unclear| Pending)?;
        }
        Ok(Some(Found { from, to, spelling: Spelling::Text(place), pattern }))
    }

    fn unit(&self, at: usize) -> Taken {
        take(self.source.bytes, at - self.source.base, Layers::Once)
    }
}
