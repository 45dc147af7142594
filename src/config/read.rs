//! Text to mirror: parses a file and fills its mirror in `raw`, noting each key
//! and value that does not fit.
//!
//! serde stops at the first error; so what it stopped at is noted, taken out of
//! the tree, and the rest is tried again. What a value means is not looked at.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::at::Span;
use super::document::{Document, locate, remove};
use super::notes::Notes;
use super::wording::reword;

/// Errors that are told of one file: past it the file is of another kind.
const ROUNDS_MAX: usize = 100;

/// The mirror of a file, as far as it could be filled, and its mistakes so far.
pub(crate) fn read<'s, T: DeserializeOwned>(
    file: &'s str,
    text: &'s str,
) -> (Option<T>, Notes<'s>) {
    let (document, mut errors) = Document::parse(file, text);
    let mut notes = Notes::new(document);
    // Past a bracket that never closes, keys stand in the wrong table: each says the
    // same of its line, and nothing more can be said of the file.
    let derailed = errors.iter().any(|error| error.message().contains("unclosed"));
    errors.sort_by_key(|error| error.span().map(|span| span.start));
    let mut told = BTreeSet::new();
    for error in &errors {
        if told.insert(error.message()) || !derailed {
            notes.broken(&error.span().unwrap_or(0..0), error.message());
        }
    }
    if derailed {
        return (None, notes);
    }
    let mut tree = notes.document().tree();
    for _ in 0..ROUNDS_MAX {
        match T::deserialize(Deserializer::from(tree.clone())) {
            Ok(mirror) => return (Some(mirror), notes),
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                note(&mut notes, &span, error.message());
                if !take_out(&mut tree, &span) {
                    break;
                }
            }
        }
    }
    (None, notes)
}

fn note(notes: &mut Notes<'_>, span: &Span, message: &str) {
    match reword(message) {
        (message, Some(hint)) => notes.fix(span, message, hint),
        (message, None) => notes.wrong(span, message),
    }
}

fn take_out(tree: &mut Spanned<DeTable<'_>>, span: &Span) -> bool {
    let path = locate(tree.get_ref(), span);
    remove(tree.get_mut(), &path)
}
