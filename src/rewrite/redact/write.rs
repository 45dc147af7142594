//! Writes what stands in a value's place.
//!
//! It never makes base64 undecodable or a JSON text invalid: where a text would, the value's own
//! characters are overwritten instead.

use super::base64::{Sextet, characters, sextet, value};
use super::needles::Replacement;
use super::place::Place;
use super::scan::{Found, Spelling};
use super::source::Source;

/// `***` in base64: the star's bits at each of the four places of a group.
const STARS: &[u8; 4] = b"Kioq";

/// Writes the replacement for what was found.
pub(super) fn write(
    found: &Found<'_>,
    replacement: &Replacement,
    source: Source<'_>,
    mut put: impl FnMut(&[u8]),
) {
    let span = source.span(found.from, found.to);
    match (found.spelling, replacement) {
        (Spelling::Base64 { start, place }, _) => {
            put(&vec![b'*'; start - found.from]);
            overwrite(found, (start, place), source, put);
        }
        (Spelling::Text(Place::Member), Replacement::Mark(mark)) => {
            put(b"\"");
            put(mark.as_str().as_bytes());
            put(b"\"");
        }
        (Spelling::Text(Place::Text), Replacement::Mark(mark)) => put(mark.as_str().as_bytes()),
        (Spelling::Text(Place::Member | Place::Numeric), _) => put(&numeric(span)),
        (Spelling::Text(Place::Text), Replacement::SameLength) => put(&vec![b'*'; span.len()]),
    }
}

/// What may stand for a bare JSON value, or within a number, at the same length. Ones, as a number
/// of several digits must not begin with a zero; twos for what is nothing but ones.
fn numeric(span: &[u8]) -> Vec<u8> {
    let all = |digit: u8| -> Vec<u8> {
        span.iter().map(|byte| if byte.is_ascii_digit() { digit } else { *byte }).collect()
    };
    match span {
        b"true" => b"null".to_vec(),
        b"false" => b"null ".to_vec(),
        _ => Some(all(b'1')).filter(|ones| *ones != span).unwrap_or_else(|| all(b'2')),
    }
}

/// Overwrites the value's bits, and leaves those of its neighbours. A character that is escaped
/// (`\/`) stays: nothing else may have an escape of that length.
fn overwrite(
    found: &Found<'_>,
    (start, place): (usize, usize),
    source: Source<'_>,
    mut put: impl FnMut(&[u8]),
) {
    let lead = 2 * place;
    let bits = lead + 8 * found.pattern.exact().len();
    let (mut at, mut index) = (start, 0);
    while at < found.to {
        let Sextet::Is(had, end) = sextet(source, at) else { return };
        let star = STARS.get((place + index) % 4).and_then(|star| value(*star)).unwrap_or(0);
        let ours = |bit: usize| (lead..bits).contains(&(6 * index + bit));
        let mask = (0..6).filter(|bit| ours(*bit)).fold(0u8, |mask, bit| mask | 0x20 >> bit);
        let new = characters(had & !mask | star & mask);
        put(if end == at + 1 { new.get(..1).unwrap_or_default() } else { source.span(at, end) });
        (at, index) = (end, index + 1);
    }
}
