//! JSON as bytes: where values stand, and how to change them without touching their neighbours.
//!
//! | module | its one job |
//! | --- | --- |
//! | [`pointer`](mod@pointer) | which value is meant: RFC 6901, with a wildcard |
//! | [`locate`](mod@locate) | the spans that pointers match, found while the whole text is validated |
//! | [`object`] | edits of one object that keep its style |
//! | [`members`](mod@members) | an object's members as text, for payloads |
//! | [`nested`] | JSON inside a JSON string: out of its quotes and back |
//! | [`anywhere`] | strings of one prefix and length, wherever they stand |
//! | [`text`] | strings: decode, encode, compare |
//! | [`scan`] | RFC 8259's grammar as a flat row of events |
//! | [`fault`] | why a text was refused, told without quoting it |
//!
//! It never builds a tree, never recurses (nesting is a heap stack with a bound), and never repairs:
//! what RFC 8259 does not allow is refused. It never awaits, reads no clock, file, socket or randomness.

pub mod anywhere;
pub mod fault;
mod lex;
pub mod locate;
pub mod members;
pub mod nested;
pub mod object;
pub mod pointer;
#[cfg(test)]
mod sample;
pub mod scalars;
pub mod scan;
mod shallow;
#[cfg(test)]
mod tests;
pub mod text;

pub use fault::{FaultKind, JsonFault};
pub use locate::{Bounds, Located, locate};
pub use object::{NewMember, ObjectEdit};
pub use pointer::{Pointer, PointerFault, Segment};
pub use scan::Kind;
