//! A text with the slots inside it: what `find` builds and `reveal` rebuilds from
//! the inside out.
//!
//! As deep as a dialect's layers and no deeper; its `Debug` shows no text.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::rewrite::json::locate::Located;

/// One text.
pub(super) enum Node<'r> {
    /// The text is a slot's whole value.
    Text(usize),
    /// The text is JSON with slots in it.
    Json { text: Cow<'r, [u8]>, spots: Vec<Spot<'r>> },
    /// The text is a token whose claims hold slots.
    Token(Tokened<'r>),
}

/// A token that was verified.
pub(super) struct Tokened<'r> {
    pub(super) header: Vec<u8>,
    pub(super) claims: Box<Node<'r>>,
}

/// One value of a JSON text.
pub(super) struct Spot<'r> {
    pub(super) value: Range<usize>,
    pub(super) parent: Option<Range<usize>>,
    pub(super) name: Option<Range<usize>>,
    /// The object that a payload is merged into.
    pub(super) target: Option<Range<usize>>,
    /// The value that holds a handle's second part.
    pub(super) second: Option<Range<usize>>,
    pub(super) content: Content<'r>,
}

/// What a spot is.
pub(super) enum Content<'r> {
    /// A slot, by its position among the found.
    Leaf(usize),
    /// A string that holds another text.
    Inside(Box<Node<'r>>),
}

impl<'r> Spot<'r> {
    pub(super) fn of(at: &Located, content: Content<'r>) -> Self {
        Self {
            value: at.value.clone(),
            parent: at.parent.clone(),
            name: at.name.clone(),
            target: None,
            second: None,
            content,
        }
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text"),
            Self::Json { text, spots } => {
                write!(f, "Json({} bytes, {} spots)", text.len(), spots.len())
            }
            Self::Token(_) => f.write_str("Token"),
        }
    }
}
