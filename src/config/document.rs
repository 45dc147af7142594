//! A TOML file as a tree whose every key and value knows its place.
//!
//! Finds the key at a place and takes an entry out; never says what a key means.

use std::fmt;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Error};

use super::at::Span;
use super::mistake::Place;

/// A parsed file.
pub(crate) struct Document<'s> {
    pub(crate) file: &'s str,
    text: &'s str,
    root: Spanned<DeTable<'s>>,
}

/// One step down the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// The way from the root to a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct KeyPath(Vec<Step>);

impl<'s> Document<'s> {
    /// Parses as much as can be, with every error of syntax.
    pub(crate) fn parse(file: &'s str, text: &'s str) -> (Self, Vec<Error>) {
        let (root, errors) = DeTable::parse_recoverable(text);
        (Self { file, text, root }, errors)
    }

    /// A tree of one's own to take entries out of.
    pub(crate) fn tree(&self) -> Spanned<DeTable<'s>> {
        self.root.clone()
    }

    /// Line and column of a byte.
    pub(crate) fn place(&self, at: usize) -> Place {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Place {
            line: before.matches('\n').count().saturating_add(1),
            column: line.chars().count().saturating_add(1),
        }
    }

    /// What is written there.
    pub(crate) fn written(&self, span: &Span) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// The key at a place; the root's is empty.
    pub(crate) fn key(&self, span: &Span) -> KeyPath {
        locate(self.root.get_ref(), span)
    }

    /// Whether the table at `table` was written with this key.
    pub(crate) fn has(&self, table: &Span, key: &str) -> bool {
        let mut here = self.root.get_ref();
        let mut list: Option<&DeArray<'_>> = None;
        for step in &self.key(table).0 {
            let next = match (step, list.take()) {
                (Step::Key(name), _) => here.get(name.as_str()),
                (Step::Index(index), Some(list)) => list.get(*index),
                (Step::Index(_), None) => None,
            };
            match next.map(Spanned::get_ref) {
                Some(DeValue::Table(inner)) => here = inner,
                Some(DeValue::Array(items)) => list = Some(items),
                Some(_) | None => return false,
            }
        }
        here.contains_key(key)
    }
}

impl KeyPath {
    pub(crate) fn join(&self, key: &str) -> Self {
        let step = Step::Key(key.to_owned());
        Self(self.0.iter().cloned().chain([step]).collect())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => {
                    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
                    let dot = if at == 0 { "" } else { "." };
                    match !key.is_empty() && key.bytes().all(bare) {
                        true => write!(f, "{dot}{key}")?,
                        false => write!(f, "{dot}{key:?}")?,
                    }
                }
            }
        }
        Ok(())
    }
}

/// The way to the innermost key or value that holds `span`; the empty span at the
/// beginning is the root's own.
pub(crate) fn locate(root: &DeTable<'_>, span: &Span) -> KeyPath {
    if *span == (0..0) {
        return KeyPath::default();
    }
    let mut search = Search { span, here: Vec::new(), best: None };
    search.table(root);
    KeyPath(search.best.map(|(_, path)| path).unwrap_or_default())
}

/// Takes the entry out; false when there is none.
pub(crate) fn remove(root: &mut DeTable<'_>, path: &KeyPath) -> bool {
    match path.0.split_first() {
        Some((Step::Key(key), [])) => root.remove(key.as_str()).is_some(),
        Some((Step::Key(key), rest)) => match root.get_mut(key.as_str()) {
            Some(value) => remove_in(value, rest),
            None => false,
        },
        Some((Step::Index(_), _)) | None => false,
    }
}

fn remove_in(value: &mut Spanned<DeValue<'_>>, path: &[Step]) -> bool {
    match (value.get_mut(), path.split_first()) {
        (DeValue::Table(table), Some(_)) => remove(table, &KeyPath(path.to_vec())),
        (DeValue::Array(list), Some((Step::Index(index), []))) => {
            let before = list.len();
            let items = std::mem::replace(list, DeArray::new()).into_iter().enumerate();
            *list = items.filter(|(at, _)| at != index).map(|(_, item)| item).collect();
            list.len() < before
        }
        (DeValue::Array(list), Some((Step::Index(index), rest))) => {
            list.get_mut(*index).is_some_and(|item| remove_in(item, rest))
        }
        (_, _) => false,
    }
}

/// A walk over the tree that keeps the smallest span around the one sought; of
/// equal ones the innermost, which is met last.
struct Search<'a> {
    span: &'a Span,
    here: Vec<Step>,
    best: Option<(usize, Vec<Step>)>,
}

impl Search<'_> {
    fn table(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            self.here.push(Step::Key(key.get_ref().to_string()));
            self.visit(&key.span());
            self.value(value);
            self.here.pop();
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>) {
        self.visit(&value.span());
        match value.get_ref() {
            DeValue::Table(table) => self.table(table),
            DeValue::Array(list) => {
                for (index, item) in list.iter().enumerate() {
                    self.here.push(Step::Index(index));
                    self.value(item);
                    self.here.pop();
                }
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
    }

    fn visit(&mut self, span: &Span) {
        let holds = span.start <= self.span.start && self.span.end <= span.end;
        let closer = self.best.as_ref().is_none_or(|(len, _)| span.len() <= *len);
        if holds && closer {
            self.best = Some((span.len(), self.here.clone()));
        }
    }
}
