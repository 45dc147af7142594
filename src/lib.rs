//! Cloakroom: you hand in your coat, you carry a ticket.
//!
//! A trusted back end hands a customer's personal data in and gets an opaque,
//! signed **handle**. The browser carries the handle. This proxy stands in front
//! of a vendor's web-chat API, gives the data to the vendor and to nobody else.
//!
//! ```text
//!  trusted back end ── issue ──▶ control plane ─▶ vault ─▶ store
//!                  ◀─ handle ──                     ▲
//!  browser ── handle ──▶ data plane ── redeem ──────┘
//!                           └── revealed request ──▶ vendor's chat API
//! ```
//!
//! # The house
//!
//! Arrows point down only; `tests/it/tidy.rs` reads the sources and keeps it so.
//!
//! | floor | rooms | what they are |
//! | --- | --- | --- |
//! | 5 | [`cli`], [`server`] | composition: the only place that sees everything |
//! | 4 | [`config`] | text becomes resolved types; nobody below imports it |
//! | 3 | [`proxy`], [`admin`], [`reject`], [`telemetry`] | the edges; proxy and admin don't know each other |
//! | 2 | [`vault`] | issue, redeem, revoke, and what the audit says |
//! | 1 | [`dialect`], [`store`], [`clock`] | vendor grammar (pure), persistence, time |
//! | 0 | [`domain`], [`rewrite`] | pure: handle, keyring, seal, payload, lease; pointers, splice, forms, JWT, frames |
//!
//! # What never happens
//!
//! * [`domain`], [`rewrite`] and [`dialect`] never await, never read a clock, a
//!   random source, a file or a socket.
//! * Only [`proxy`] and [`server`] name Pingora; only [`store`] names moka,
//!   SQLite and Redis; only `domain/keyring.rs` names hmac; only [`reject`] picks a
//!   status.
//! * No vendor's name stands in Rust: **a vendor is a TOML file** in
//!   `conf/dialects/`, embedded in the binary and overridable by an operator's own.
//! * Nothing goes upstream on an exchange but a [`dialect::reveal::Revealed`] body.
//! * What the audit could not take is not done, unless the operator says otherwise; an
//!   entry of it has no field that could hold a payload, a subject or a handle.
//! * Personal data is always a type whose `Debug` prints a size;
//!   [`domain::Payload::expose`] is the one greppable exit.
//!
//! # The walk of one request
//!
//! 1. [`proxy`] takes the settings once and checks the framing.
//! 2. It finds the route, answers a CORS preflight, and asks [`proxy::gate`] whose
//!    call this is and which exchange of the route's [`dialect`].
//! 3. No slots: the body streams. Else it is collected and decoded, bounded, before
//!    an upstream connection exists; a body of undeclared length only up to 48 KiB,
//!    and beyond that with the connection open.
//! 4. [`proxy::swap`] finds the slots, has the [`vault`] redeem each handle (MAC and
//!    expiry first: a forged handle costs no store call), and reveals.
//! 5. The vendor gets every other byte as sent, with an exact `Content-Length`
//!    (chunked, for a body that was collected late).
//! 6. The vendor's status commits or releases the leases; the access line names
//!    ids and outcomes.

pub mod admin;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dialect;
pub mod domain;
pub mod proxy;
pub mod reject;
pub mod rewrite;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod vault;
