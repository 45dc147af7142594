//! The mistakes of one file while it is read: collected, never thrown, so that
//! all of them are told at once.
//!
//! A key that was thrown out as a mistake, or is there misspelled, is not told again
//! as missing.

use std::collections::BTreeSet;

use super::at::{At, Span};
use super::document::{Document, KeyPath};
use super::mistake::{Mistake, Mistakes};
use super::wording::did_you_mean;

/// Mistakes so far.
pub(crate) struct Notes<'s> {
    document: Document<'s>,
    mistakes: Vec<Mistake>,
    /// Lines that are no TOML: what else is said of them would be a guess.
    broken: BTreeSet<usize>,
}

impl<'s> Notes<'s> {
    pub(crate) fn new(document: Document<'s>) -> Self {
        Self { document, mistakes: Vec::new(), broken: BTreeSet::new() }
    }

    pub(crate) fn document(&self) -> &Document<'s> {
        &self.document
    }

    /// A mistake at a place.
    pub(crate) fn wrong(&mut self, span: &Span, message: impl Into<String>) {
        let key = self.document.key(span);
        self.note(span, &key, message.into(), None);
    }

    /// A mistake at a place, and what to do about it.
    pub(crate) fn fix(&mut self, span: &Span, message: impl Into<String>, hint: impl Into<String>) {
        let key = self.document.key(span);
        self.note(span, &key, message.into(), Some(hint.into()));
    }

    /// A mistake of syntax, which spoils its line for others.
    pub(crate) fn broken(&mut self, span: &Span, message: &str) {
        let message = match message {
            "duplicate key" => {
                format!("the key \"{}\" is given twice", self.document.written(span))
            }
            other => other.to_owned(),
        };
        self.wrong(span, message);
        self.broken.insert(self.document.place(span.start).line);
    }

    /// A key that `table` must have and has not.
    pub(crate) fn missing(&mut self, table: &Span, key: &str, hint: &str) {
        if self.document.has(table, key) || !self.broken.is_empty() {
            return;
        }
        if self.misspelled(table, key) {
            return;
        }
        let path = self.document.key(table).join(key);
        self.note(table, &path, "this key is required".to_owned(), Some(hint.to_owned()));
    }

    /// Whether a key of `table` was told to be this one, misspelled.
    pub(crate) fn misspelled(&self, table: &Span, key: &str) -> bool {
        let (hint, table) = (Some(did_you_mean(key)), self.document.key(table).to_string());
        self.mistakes.iter().any(|one| one.hint == hint && one.key.starts_with(&table))
    }

    /// The value of a key that `table` must have.
    pub(crate) fn need<'v, T>(
        &mut self,
        value: &'v Option<At<T>>,
        table: &Span,
        key: &str,
        hint: &str,
    ) -> Option<&'v At<T>> {
        if value.is_none() {
            self.missing(table, key, hint);
        }
        value.as_ref()
    }

    /// Mistakes of another file.
    pub(crate) fn adopt(&mut self, others: Mistakes) {
        self.mistakes.extend(others.into_vec());
    }

    /// The resolved value, if nothing at all is wrong with the file.
    pub(crate) fn finish<T>(self, resolved: Option<T>) -> Result<T, Mistakes> {
        let Self { document, mistakes, broken: _ } = self;
        match resolved {
            Some(resolved) if mistakes.is_empty() => Ok(resolved),
            _ if mistakes.is_empty() => {
                Err(Mistake::of_file(document.file, "the file could not be understood").into())
            }
            _ => Err(Mistakes::new(mistakes)),
        }
    }

    fn note(&mut self, span: &Span, key: &KeyPath, message: String, hint: Option<String>) {
        let place = self.document.place(span.start);
        if self.broken.contains(&place.line) {
            return;
        }
        self.mistakes.push(Mistake {
            file: self.document.file.to_owned(),
            place: Some(place),
            key: key.to_string(),
            message,
            hint,
        });
    }
}
