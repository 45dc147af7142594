//! JSON Web Tokens in compact form (RFC 7515, 7519): verified, and signed again after an edit.
//!
//! | module | its one job |
//! | --- | --- |
//! | `keys` | [`JwtKeys`]: the one algorithm of a tenant and its keys |
//! | `token` | [`verify_at`], [`sign`], [`mint`]: tokens read and written |
//! | `expectations` | what the claims must say, and when |
//! | `compact` | three parts of base64url, strictly |
//! | `header` | what a header may say |
//! | `once` | objects in which no name comes twice |
//! | `der` | public keys out of their wrapper, private ones into theirs |
//! | `fault` | why a token or a key was refused, told without quoting it |
//!
//! Header and claims stay the bytes they were: they are edited with
//! [`ObjectEdit`](super::json::ObjectEdit) and signed as they then stand, never printed from a tree.
//!
//! It never takes a token's word for its algorithm or its key (`jku`, `jwk` and `x5u` are not looked
//! at), never reads a claim before the signature has been verified, and never quotes a token. It
//! never awaits, reads no clock, file or socket. One thing is drawn below it: an ES256 signature
//! needs a nonce, which ring takes from the kernel and lets nobody hand in.

mod compact;
mod der;
mod expectations;
mod fault;
mod header;
mod keys;
mod once;
#[cfg(test)]
mod tests;
mod token;

pub use compact::TOKEN_MAX;
pub use expectations::{Expectations, ExpiryClaim};
pub use fault::{JwtFault, KeyFault};
pub use keys::{Algorithm, JwtKeys, SECRET_MIN};
pub use token::{Token, mint, sign, verify_at};
