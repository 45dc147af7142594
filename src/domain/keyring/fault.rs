//! Why a handle is not believed, and why keys make no keyring.
//!
//! Never carries anything of a key or a handle but ids.

use thiserror::Error;

use crate::domain::claims::KeyId;
use crate::domain::root_key::NotDerived;

/// Why a well formed handle is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HandleFault {
    /// No key of that id in the keyring: rotated out, or never ours.
    #[error("the handle's key is unknown")]
    KeyUnknown,
    /// Not signed by that key for this tenant.
    #[error("the handle's MAC is wrong")]
    Forged,
    /// Signed, and past its expiry.
    #[error("the handle has expired")]
    Expired,
}

/// Why keys make no keyring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyringFault {
    /// Two keys of one id: which of them signed would be a guess.
    #[error("key id {0} is given twice")]
    IdTwice(KeyId),
    /// One key under two ids: a rotation that rotated nothing.
    #[error("keys {0} and {1} are the same key")]
    KeyTwice(KeyId, KeyId),
    /// See [`NotDerived`].
    #[error(transparent)]
    NotDerived(#[from] NotDerived),
}
