//! What a key is known by, to tell one from another of the same number.
//!
//! Derived under a label of its own, so it says nothing of the key nor of what it signs: it may
//! stand in logs and in the audit.

use std::fmt;

use crate::domain::root_key::{NotDerived, RootKey};

/// Part of what operators compare: a changed label makes every key look like another.
const LABEL: &[u8] = b"cloakroom key check v1";

/// 64 bits derived from a root key: the same for the same key, and for no other that anybody has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyCheck([u8; 8]);

impl KeyCheck {
    pub(super) fn of(root: &RootKey) -> Result<KeyCheck, NotDerived> {
        let derived = root.derive(None, LABEL)?;
        let (cut, _) = derived.split_first_chunk().ok_or(NotDerived)?;
        Ok(KeyCheck(*cut))
    }

    /// As [`KeyCheck::bytes`] gave it.
    pub fn from_bytes(bytes: [u8; 8]) -> KeyCheck {
        KeyCheck(bytes)
    }

    /// To be kept beside what the key sealed.
    pub fn bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for KeyCheck {
    /// 16 hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyCheck({self})")
    }
}
