//! Byte-exact changes to messages: find the spans that matter, then splice.
//!
//! | module | its one job |
//! | --- | --- |
//! | [`json`] | spans inside a JSON text, and edits of one of its objects |
//! | [`splice`](mod@splice) | edits by span, applied to the bytes in one pass |
//!
//! A message is never parsed into a tree and printed again: what no [`splice::Edit`] names leaves
//! as it came, byte for byte.
//!
//! The room never awaits, reads no clock, file, socket or randomness, never builds a tree, never
//! recurses, and never panics, whatever bytes it is given.

pub mod json;
pub mod splice;
