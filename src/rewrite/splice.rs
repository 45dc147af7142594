//! Edits by span, applied to a message's bytes in one pass.
//!
//! It never looks at what the bytes mean, never changes a byte outside an edit's span, and never
//! allocates more than the result. It never awaits, reads no clock, file, socket or randomness.

use std::cmp::Reverse;
use std::fmt;
use std::ops::Range;

/// One change: the bytes of `span` become `with`. An empty span inserts.
///
/// `with` may hold personal data, so `Debug` prints its size.
#[derive(Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced, in bytes of the source.
    pub span: Range<usize>,
    /// What stands there afterwards; empty to cut the span out.
    pub with: Vec<u8>,
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Edit({:?} -> {} bytes)", self.span, self.with.len())
    }
}

/// Why a set of edits cannot be applied: a mistake of the code that made them, not of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpliceFault {
    /// The span that begins at `start` ends before it, or after the source.
    OutOfRange {
        /// Where that span begins.
        start: usize,
    },
    /// The span that begins at `start` begins inside another one and ends outside it.
    Overlap {
        /// Where the later span begins.
        start: usize,
    },
}

impl fmt::Display for SpliceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { start } => write!(f, "edit out of range at offset {start}"),
            Self::Overlap { start } => write!(f, "overlapping edit at offset {start}"),
        }
    }
}

impl std::error::Error for SpliceFault {}

/// The source with every edit applied, in one allocation of the result's exact size.
///
/// Edits come in any order. One that lies wholly inside another is dropped: the outer one wins, and
/// of two with the same span the first given. An insertion at the edge of another span is not inside
/// it and stays, before what begins there; insertions at one place keep the order they were given in.
///
/// # Errors
/// [`SpliceFault`] where a span leaves the source, or two overlap in part. Nothing is applied then.
pub fn splice(source: &[u8], edits: Vec<Edit>) -> Result<Vec<u8>, SpliceFault> {
    let edits = outermost(source.len(), edits)?;
    let cut: usize = edits.iter().map(|edit| edit.span.len()).sum();
    let added: usize = edits.iter().map(|edit| edit.with.len()).sum();
    let mut out = Vec::with_capacity((source.len() - cut) + added);
    let mut at = 0;
    for edit in &edits {
        out.extend_from_slice(source.get(at..edit.span.start).unwrap_or_default());
        out.extend_from_slice(&edit.with);
        at = edit.span.end;
    }
    out.extend_from_slice(source.get(at..).unwrap_or_default());
    Ok(out)
}

/// The edits in order of the source, disjoint and in range.
fn outermost(len: usize, mut edits: Vec<Edit>) -> Result<Vec<Edit>, SpliceFault> {
    // At one start: insertions first, as they come before what follows; then the longest span, so
    // that whatever lies inside it is met after it.
    edits.sort_by_key(|edit| (edit.span.start, !edit.span.is_empty(), Reverse(edit.span.end)));
    let mut kept: Vec<Edit> = Vec::with_capacity(edits.len());
    let mut covered = 0;
    for edit in edits {
        let Range { start, end } = edit.span;
        if start > end || end > len {
            return Err(SpliceFault::OutOfRange { start });
        }
        if start >= covered {
            covered = end;
            kept.push(edit);
        } else if end > covered {
            return Err(SpliceFault::Overlap { start });
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edit(span: Range<usize>, with: &str) -> Edit {
        Edit { span, with: with.into() }
    }

    fn spliced(source: &str, edits: Vec<Edit>) -> Result<String, SpliceFault> {
        splice(source.as_bytes(), edits).map(|out| String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_span_past_the_end_or_turned_round_is_refused() {
        let turned = Range { start: 2, end: 1 };
        assert_eq!(spliced("abc", vec![edit(1..4, "")]), Err(SpliceFault::OutOfRange { start: 1 }));
        assert_eq!(spliced("abc", vec![edit(4..4, "")]), Err(SpliceFault::OutOfRange { start: 4 }));
        assert_eq!(
            spliced("abc", vec![edit(turned.clone(), "")]),
            Err(SpliceFault::OutOfRange { start: 2 })
        );
        let hidden = vec![edit(0..3, ""), edit(turned, "")];
        assert_eq!(spliced("abc", hidden), Err(SpliceFault::OutOfRange { start: 2 }));
    }

    #[test]
    fn spans_that_overlap_in_part_are_refused() {
        let edits = vec![edit(2..4, "y"), edit(1..3, "x")];
        assert_eq!(spliced("abcdef", edits), Err(SpliceFault::Overlap { start: 2 }));
    }

    #[test]
    fn debug_prints_the_size_and_not_the_bytes() {
        assert_eq!(format!("{:?}", edit(1..2, "Ann")), "Edit(1..2 -> 3 bytes)");
    }

    #[test]
    fn the_outer_edit_wins_over_what_lies_inside_it() {
        let edits = vec![edit(2..3, "in"), edit(1..5, "OUT"), edit(3..3, "in"), edit(1..5, "late")];
        assert_eq!(spliced("abcdef", edits).unwrap(), "aOUTf");
    }

    #[test]
    fn an_insertion_at_the_edge_of_a_span_stays() {
        let edits = vec![edit(1..3, "X"), edit(3..3, "3"), edit(1..1, "1"), edit(1..1, "2")];
        assert_eq!(spliced("abcd", edits).unwrap(), "a12X3d");
    }

    #[test]
    fn the_result_is_allocated_once_at_its_size() {
        let out = splice(b"hello", vec![edit(0..1, "J"), edit(5..5, "!!")]).unwrap();
        assert_eq!((out.as_slice(), out.capacity()), (b"Jello!!".as_slice(), 7));
    }

    proptest! {
        #[test]
        fn no_edits_change_nothing(source: Vec<u8>) {
            prop_assert_eq!(splice(&source, Vec::new()).unwrap(), source);
        }

        #[test]
        fn any_edits_are_applied_or_refused_and_never_panic(
            source in prop::collection::vec(any::<u8>(), 0..20),
            edits in prop::collection::vec((0..24usize, 0..24usize, any::<u8>()), 0..5),
        ) {
            let edits = edits.iter().map(|(start, end, with)| Edit { span: *start..*end, with: vec![*with] });
            if let Ok(out) = splice(&source, edits.collect()) {
                prop_assert_eq!(out.capacity(), out.len());
            }
        }
    }
}
