//! Pieces taken out of a row that a separator divides, so that the rest is still such a row.
//!
//! It never looks inside a piece, and never leaves a separator behind that stood for a piece it cut.

use super::splice::Edit;
use std::ops::Range;

/// The edits that take these pieces out, each with one separator: the one before it, or for those
/// that begin the row the one after. A piece reaches from separator to separator; they come in any
/// order, and neighbours share an edit, so the edits never overlap.
pub(super) fn cut(row: &[u8], separator: u8, mut pieces: Vec<Range<usize>>) -> Vec<Edit> {
    pieces.sort_by_key(|piece| (piece.start, piece.end));
    pieces.dedup();
    let mut holes: Vec<Range<usize>> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let touching = |hole: &&mut Range<usize>| piece.start.checked_sub(1) == Some(hole.end);
        if let Some(hole) = holes.last_mut().filter(touching) {
            hole.end = piece.end;
        } else {
            holes.push(piece);
        }
    }
    let widened = |Range { start, end }: Range<usize>| {
        let before = start.checked_sub(1).filter(|at| row.get(*at) == Some(&separator));
        let after = if row.get(end) == Some(&separator) { end + 1 } else { end };
        before.map_or(start..after, |before| before..end)
    };
    holes.into_iter().map(|hole| Edit { span: widened(hole), with: Vec::new() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rewrite::splice::splice;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_pieces_taken_out_leave_the_others_in_order(
            row in prop::collection::vec(("[a-c]{0,2}", any::<bool>()), 0..8)
        ) {
            let texts: Vec<_> = row.iter().map(|(text, _)| text.as_str()).collect();
            let whole = texts.join("&");
            let mut start = 0;
            let mut pieces = Vec::new();
            for (text, taken) in &row {
                pieces.extend(taken.then_some(start..start + text.len()));
                start += text.len() + 1;
            }
            pieces.reverse();
            let rest = splice(whole.as_bytes(), cut(whole.as_bytes(), b'&', pieces)).unwrap();
            let kept = row.iter().filter(|(_, taken)| !taken);
            let kept: Vec<_> = kept.map(|(text, _)| text.as_str()).collect();
            prop_assert_eq!(String::from_utf8(rest).unwrap(), kept.join("&"));
        }

        #[test]
        fn spans_of_another_row_never_panic(
            row: Vec<u8>, spans in prop::collection::vec((0..9usize, 0..9usize), 0..4)
        ) {
            cut(&row, b'&', spans.into_iter().map(|(start, end)| start..end).collect());
        }
    }
}
