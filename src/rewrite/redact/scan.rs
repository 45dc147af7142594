//! Finds the next value in what is at hand of a stream, and how far it is sure that there is none.
//!
//! Starts are tried in order, so the leftmost value wins and the longest of those that begin there.
//! It changes nothing, and never tries a start that [`Filter`](super::filter::Filter) ruled out.

use super::Sought;
use super::base64::{Base64Walk, ESCAPED, value};
use super::filter::{Look, Starts, four};
use super::judge::Pending;
use super::needles::Needles;
use super::pattern::Pattern;
use super::place::Place;
use super::roles::{Role, Roles};
use super::source::{Source, Tail};
use super::text::{TextWalk, escapes};
use super::trie::fold;
use super::unit::{Taken, Unit, first_introducer, introduces};
use std::ops::Range;

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
    /// In base64 from `start` on, its first character being the `place`th of a group of four. What
    /// stands before it is the beginning of an escape, if one means anything here.
    Base64 {
        /// The stream's offset of that character.
        start: usize,
        /// 0 to 2.
        place: usize,
    },
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
    /// Slices of a text that is searched by itself, with their quotes: none is a whole JSON value.
    pub(super) slices: &'s [Range<usize>],
}

/// Where a scan stands.
struct Front {
    /// The next start to try.
    start: usize,
    /// The last escape that was met: a value that begins within takes all of it along.
    escape: (usize, usize),
}

/// What may lead into an escape.
struct Reach {
    /// As what a value may that begins before it.
    before: Option<Roles>,
    /// As what a value may that begins with it.
    here: Option<Roles>,
    /// Where it ends, if it is one.
    end: Option<usize>,
}

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
            && let Some(next) = self.try_one(&front, from, Roles::WHOLE)
        {
            return next;
        }
        loop {
            let rest = self.source.span(at, end);
            let met = first_escape(rest).map(|offset| at + offset);
            if let Some(next) = self.stretch(&mut front, at, met.unwrap_or(end)) {
                return next;
            }
            let Some(introducer) = met else {
                let kinds = match self.source.tail {
                    Tail::Open => Roles::ALL,
                    // Too few bytes are left for a value but a short one.
                    Tail::Closed => Roles::WHOLE,
                };
                return self.try_to(&mut front, end, kinds).unwrap_or(Next::Clear);
            };
            if let Some(next) = self.introducer(&mut front, introducer) {
                return next;
            }
            at = introducer + 1;
        }
    }

    /// Tries what begins before an escape and may reach into it, and what begins with it.
    fn introducer(&mut self, front: &mut Front, at: usize) -> Option<Next<'n>> {
        let reach = self.reach(front, at);
        if let Some(kinds) = reach.before
            && let Some(next) = self.try_to(front, at, kinds)
        {
            return Some(next);
        }
        if at >= front.escape.1
            && let Some(end) = reach.end
        {
            front.escape = (at, end);
        }
        let next = reach.here.and_then(|kinds| self.try_one(front, at, kinds));
        front.start = at + 1;
        next
    }

    /// What may lead into the escape at an offset. Whatever began further left than the escape before
    /// this one was tried there; from it on, the bytes are raw.
    fn reach(&self, front: &Front, at: usize) -> Reach {
        let Ok(escapes) = escapes(self.source, at) else {
            let end = match self.unit(at) {
                Taken::Whole(unit) => Some(self.source.base + unit.end),
                Taken::Cut | Taken::Nothing => None,
            };
            return Reach { before: Some(Roles::ALL), here: Some(Roles::ALL), end };
        };
        let [once, twice] = escapes;
        let open = at > front.start;
        let before = at.checked_sub(1).filter(|_| open).and_then(|at| self.source.get(at));
        let plain = |unit: &Option<Unit>| unit.as_ref()?.plain().first().copied();
        let (mut joins, mut begins) = (false, false);
        for first in [self.source.get(at), plain(&once), plain(&twice)].into_iter().flatten() {
            joins |= before.is_some_and(|before| self.needles.joins().may(before, first));
            begins |= self.needles.anywhere.begins(fold(first));
        }
        let base64 = once.and_then(|unit| unit.ascii()).is_some_and(|b| ESCAPED.contains(&b));
        let into = base64 && before.is_some_and(|byte| value(byte).is_some());
        Reach {
            before: Roles::of([joins, into, joins]),
            here: Roles::of([begins, base64, false]),
            end: once.map(|unit| self.source.base + unit.end),
        }
    }

    /// Looks into the bytes between two offsets, among which nothing begins an escape. What begins
    /// behind the last look is left untried.
    fn stretch(&mut self, front: &mut Front, from: usize, to: usize) -> Option<Next<'n>> {
        let filter = self.needles.filter();
        let base = self.source.base;
        let bytes = self.source.bytes.get(..to - base).unwrap_or_default();
        let mut at = from - base;
        loop {
            match filter.look(bytes, at) {
                Look::Hit(hit) => {
                    let starts = filter.starts(four(bytes, hit));
                    let next = self.hit(front, base + hit, starts);
                    if next.is_some() {
                        return next;
                    }
                    at = hit + filter.stride;
                }
                Look::Missed(end) => {
                    at = end;
                    break;
                }
            }
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
            let is = |starts: u8| Role::of(starts >> bit & 1 == 1);
            let (text, base64, whole) = (is(starts.text), is(starts.base64), is(starts.whole));
            let Some(start) = (at + 1).checked_sub(bit).filter(|start| *start >= front.start)
            else {
                continue;
            };
            let kinds = Roles { text, base64, whole };
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
        if roles == Roles::NONE {
            return None;
        }
        let within = front.escape.0 < start && start < front.escape.1;
        let begin = if within { front.escape.0 } else { start };
        match self.try_at(start, begin, roles) {
            Ok(Some(found)) => Some(Next::Found(found)),
            Ok(None) => None,
            Err(Pending) => Some(Next::Held(begin)),
        }
    }
}

/// Text that has escapes at all has them close together: the first bytes are looked at one by one.
#[inline]
fn first_escape(rest: &[u8]) -> Option<usize> {
    const NEAR: usize = 8;
    let near = rest.iter().take(NEAR).position(|byte| introduces(*byte));
    near.or_else(|| Some(NEAR + first_introducer(rest.get(NEAR..)?)?))
}
