//! The words of the project as types: what a handle is, who signs it, what it opens and how often.
//!
//! Floor 0. Nothing here awaits, reads a clock, a random source, a file or a socket: time and chance are arguments.
//! Nothing here knows HTTP, a vendor, a store or a configuration file.
//!
//! The map, in the order a handle lives:
//! - [`tenant`], [`time`], [`uses`]: whose it is, until when it works, how often.
//! - [`handle`], [`handle_id`], [`claims`]: what the browser carries, in one piece or in two.
//! - [`root_key`], [`keyring`]: who signs a handle, and the proof ([`Verified`]) that one was signed.
//! - [`fingerprint`]: keyed digests by which things are found again without being kept.
//! - [`payload`], [`seal`]: the personal data, and the form in which it is stored.
//! - [`lease`]: who may use a handle next.
//! - `spelling`: how sixteen opaque bytes stand in a stored record.

pub mod claims;
pub mod fingerprint;
pub mod handle;
pub mod handle_id;
pub mod keyring;
pub mod lease;
pub mod payload;
pub mod root_key;
pub mod seal;
mod spelling;
pub mod tenant;
pub mod time;
pub mod uses;

pub use claims::{Claims, KeyId, Secret};
pub use fingerprint::{Fingerprint, Purpose};
pub use handle::Handle;
pub use handle_id::HandleId;
pub use keyring::{AuditKey, KeyCheck, Keyring, Verified};
pub use payload::Payload;
pub use root_key::RootKey;
pub use seal::Sealed;
pub use tenant::{ContactCenterId, TenantId};
pub use time::{Expiry, Timestamp};
pub use uses::Uses;
