//! The dialects that come with the program, embedded from `conf/dialects/`.
//!
//! Their names are their files'; `build.rs` lists them, so that none stands in
//! the source.

/// Name and text of each, in order of name.
const ALL: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/builtin_dialects.rs"));

/// Their names, in order.
pub(crate) fn names() -> Vec<&'static str> {
    ALL.iter().map(|(name, _)| *name).collect()
}

/// The text of one.
pub(crate) fn text(name: &str) -> Option<&'static str> {
    ALL.iter().find(|(own, _)| *own == name).map(|(_, text)| *text)
}
