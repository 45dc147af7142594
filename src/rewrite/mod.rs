//! Byte-exact changes to messages: find the spans that matter, then splice.
//!
//! | module | its one job |
//! | --- | --- |
//! | [`cookie`] | cookies of a `Cookie` header, by name |
//! | [`form`] | fields of an urlencoded body or a query string |
//! | [`frames`] | WebSocket frames: bytes in, messages out, and back |
//! | [`header`] | what may stand in a header's value |
//! | [`joined`] | a text that comes in slices, one in each of many JSON texts |
//! | [`json`] | spans inside a JSON text, and edits of one of its objects |
//! | [`jwt`] | JSON Web Tokens: verified, and signed again byte-exactly |
//! | [`list`] | tokens of a comma-separated header |
//! | [`multipart`] | text fields of a `multipart/form-data` body |
//! | [`path`](mod@path) | one segment of a URL's path |
//! | [`percent`] | percent-encoding, in the alphabets of URLs and forms |
//! | [`redact`](mod@redact) | values found in an answer, however spelled and cut, and replaced |
//! | [`splice`](mod@splice) | edits by span, applied to the bytes in one pass |
//!
//! A message is never parsed into a tree and printed again: what no [`splice::Edit`] names leaves
//! as it came, byte for byte.
//!
//! The room never awaits, reads no clock, file, socket or randomness (but for the nonce that ring
//! draws for an ES256 signature), never builds a tree, never recurses, and never panics, whatever bytes it is given.

pub mod cookie;
pub mod form;
pub mod frames;
pub mod header;
pub mod joined;
pub mod json;
pub mod jwt;
pub mod list;
pub mod multipart;
pub mod path;
pub mod percent;
pub mod redact;
mod row;
pub mod splice;
