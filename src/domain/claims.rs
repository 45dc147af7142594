//! What a handle says, and which key stands behind it.
//!
//! Never prints a secret, never makes one: the random bytes are given.

use std::fmt;
use std::num::NonZeroU8;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::handle_id::HandleId;
use super::time::Expiry;
use super::uses::Uses;

/// Which root key signed a handle: 1 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(NonZeroU8);

/// The half of a payload's key that only the handle knows. Wiped on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret([u8; 16]);

/// What a handle says, before anyone signs it.
#[derive(Clone, Debug)]
pub struct Claims {
    /// Its public name.
    pub id: HandleId,
    /// Its half of the payload's key.
    pub secret: Secret,
    /// How often it works.
    pub uses: Uses,
    /// Until when it works.
    pub expires: Expiry,
}

impl KeyId {
    /// The key id of this number; `None` for 0.
    pub const fn new(byte: u8) -> Option<KeyId> {
        match NonZeroU8::new(byte) {
            Some(byte) => Some(KeyId(byte)),
            None => None,
        }
    }

    /// The number.
    pub const fn byte(self) -> u8 {
        self.0.get()
    }
}

impl Secret {
    /// A new secret from 16 random bytes.
    pub const fn from_random(bytes: [u8; 16]) -> Secret {
        Secret(bytes)
    }

    pub(in crate::domain) fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(16 bytes)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_key_0() {
        assert_eq!(KeyId::new(0), None);
        assert_eq!(KeyId::new(255).map(KeyId::byte), Some(255));
    }

    #[test]
    fn debug_shows_no_byte_of_a_secret() {
        assert_eq!(format!("{:?}", Secret::from_random([7; 16])), "Secret(16 bytes)");
    }
}
