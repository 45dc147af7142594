//! Finds a value at a start, each of its characters raw or escaped in any way.
//!
//! It never decides between spellings that could both be meant (`\\n` is a backslash and an `n`, or
//! a line break that was escaped twice): it follows each that leads on.

use super::lot::Lot;
use super::source::{Source, Tail};
use super::trie::{At, Trie, fold};
use super::unit::{Layers, Taken, Unit, introduces, take, take_plain};
use super::walk::{Known, Verdict, Walk};
use std::collections::HashSet;

/// A start from which more ways than this lead on takes part in a value made to that end; what was
/// read of it is redacted.
const FORKS_MAX: usize = 8192;

/// The walk over text.
pub(super) struct TextWalk {
    walk: Walk,
    /// For a start within an escape that [`Self::walk`] took as a whole.
    apart: Walk,
    /// Bytes read: what the work is measured by.
    pub(super) steps: u64,
}

/// The ways that lead on from a place.
enum Ways {
    None,
    One(Way),
    Many,
    Cut,
}

#[derive(Clone, Copy)]
enum Way {
    Raw(u8),
    Escaped(Unit),
}

impl TextWalk {
    pub(super) fn new() -> Self {
        Self { walk: Walk::new(), apart: Walk::new(), steps: 0 }
    }

    /// The longest value that begins at `start`.
    pub(super) fn at<'n>(&mut self, lot: &'n Lot, source: Source<'_>, start: usize) -> Verdict<'n> {
        if lot.is_untried() && !may_be(lot, source, start) {
            return Verdict::Dead;
        }
        let trie = lot.trie();
        if lot.has_introducers() {
            // Another way may lead on from here than the one that was taken from further left.
            return self.anew(trie, source, start);
        }
        match self.walk.seek(trie, start) {
            Known::Here => go(&mut self.walk, trie, source, start, &mut self.steps),
            Known::Dead => Verdict::Dead,
            Known::Within => self.anew(trie, source, start),
        }
    }

    /// The same, remembering nothing of the starts before.
    pub(super) fn anew<'n>(
        &mut self,
        trie: &'n Trie,
        source: Source<'_>,
        start: usize,
    ) -> Verdict<'n> {
        self.apart.reset(start);
        go(&mut self.apart, trie, source, start, &mut self.steps)
    }
}

/// Whether some value may begin at `start`, by the raw bytes there: asked before there is a tree, so
/// that a text that only begins like a value does not need one.
fn may_be(lot: &Lot, source: Source<'_>, start: usize) -> bool {
    let rest = source.span(start, source.end());
    lot.patterns().iter().any(|pattern| {
        let mut pairs = pattern.exact().iter().zip(rest);
        // An escape may stand for what comes next, and so may bytes that are still to come.
        let told = pairs.find(|(own, read)| introduces(**read) || fold(**own) != fold(**read));
        told.is_none_or(|(_, read)| introduces(*read))
    })
}

fn go<'n>(
    walk: &mut Walk,
    trie: &'n Trie,
    source: Source<'_>,
    start: usize,
    steps: &mut u64,
) -> Verdict<'n> {
    loop {
        *steps += 1;
        match ways(trie, walk.node, source, walk.pos) {
            Ways::None => return walk.conclude(trie),
            Ways::Cut => return Verdict::Pending,
            Ways::Many => {
                let verdict = forked(trie, source, start, steps);
                if let Verdict::Dead = verdict {
                    walk.reset(start + 1);
                }
                return verdict;
            }
            Ways::One(Way::Raw(byte)) => {
                walk.step(trie, byte, walk.pos, walk.pos + 1);
                walk.pos += 1;
            }
            Ways::One(Way::Escaped(unit)) => {
                let end = source.base + unit.end;
                for byte in unit.plain() {
                    walk.step(trie, *byte, walk.pos, end);
                }
                walk.pos = end;
            }
        }
    }
}

fn ways(trie: &Trie, node: At, source: Source<'_>, pos: usize) -> Ways {
    let Some(byte) = source.get(pos) else {
        return match source.tail {
            Tail::Open if !trie.is_leaf(node) => Ways::Cut,
            Tail::Open | Tail::Closed => Ways::None,
        };
    };
    let raw = trie.child(node, fold(byte)).map(|_| Way::Raw(byte));
    if !introduces(byte) {
        return raw.map_or(Ways::None, Ways::One);
    }
    if trie.is_leaf(node) {
        return Ways::None;
    }
    let Ok([once, twice]) = escapes(source, pos) else { return Ways::Cut };
    let leads = |unit: &Unit| descend(trie, node, unit.plain()).is_some();
    let once = once.filter(leads).map(Way::Escaped);
    let twice = twice.filter(leads).map(Way::Escaped);
    match (raw, once, twice) {
        (None, None, None) => Ways::None,
        (Some(way), None, None) | (None, Some(way), None) | (None, None, Some(way)) => {
            Ways::One(way)
        }
        _ => Ways::Many,
    }
}

/// The bytes end within an escape.
pub(super) struct Cut;

/// What the escape at `pos` stands for with one layer undone, and with two where that differs.
pub(super) fn escapes(source: Source<'_>, pos: usize) -> Result<[Option<Unit>; 2], Cut> {
    if let Some(unit) = take_plain(source.bytes, pos - source.base) {
        return Ok([Some(unit), None]);
    }
    let read = |layers| match take(source.bytes, pos - source.base, layers) {
        Taken::Whole(unit) => Ok(Some(unit)),
        Taken::Cut if source.tail == Tail::Open => Err(Cut),
        Taken::Cut | Taken::Nothing => Ok(None),
    };
    let once = read(Layers::Once)?;
    // Only where the escape stands for a byte that begins one, or is followed by one, is there a
    // second layer.
    let next = once.map_or_else(|| source.get(pos + 1), |unit| unit.ascii());
    if !next.is_some_and(introduces) {
        return Ok([once, None]);
    }
    let twice = read(Layers::Twice)?;
    Ok([once, twice.filter(|unit| Some(*unit) != once)])
}

fn descend(trie: &Trie, node: At, plain: &[u8]) -> Option<At> {
    plain.iter().try_fold(node, |node, byte| trie.child(node, fold(*byte)))
}

/// The longest value over every combination of spellings.
fn forked<'n>(trie: &'n Trie, source: Source<'_>, start: usize, steps: &mut u64) -> Verdict<'n> {
    let mut open = vec![(start, Trie::ROOT, Vec::new())];
    let mut seen = HashSet::new();
    let mut best = None;
    while let Some((pos, node, read)) = open.pop() {
        *steps += 1;
        if seen.len() > FORKS_MAX {
            return trie
                .through(node)
                .map_or(Verdict::Dead, |pattern| Verdict::Match(pos, pattern));
        }
        if let Some(pattern) = trie.ending(node, read.iter().copied())
            && best.is_none_or(|(end, _)| end < pos)
        {
            best = Some((pos, pattern));
        }
        if trie.is_leaf(node) {
            continue;
        }
        let Some(byte) = source.get(pos) else {
            match source.tail {
                Tail::Open => return Verdict::Pending,
                Tail::Closed => continue,
            }
        };
        let Ok(escapes) = spellings(source, pos, byte) else { return Verdict::Pending };
        let raw = (pos + 1, [byte].to_vec());
        let escaped = escapes.into_iter().flatten();
        let escaped = escaped.map(|unit| (source.base + unit.end, unit.plain().to_vec()));
        for (end, plain) in escaped.chain([raw]) {
            let Some(next) = descend(trie, node, &plain) else { continue };
            let read = [read.as_slice(), &plain].concat();
            if seen.insert((end, next, read.clone())) {
                open.push((end, next, read));
            }
        }
    }
    best.map_or(Verdict::Dead, |(end, pattern)| Verdict::Match(end, pattern))
}

fn spellings(source: Source<'_>, pos: usize, byte: u8) -> Result<[Option<Unit>; 2], Cut> {
    if introduces(byte) { escapes(source, pos) } else { Ok([None, None]) }
}
