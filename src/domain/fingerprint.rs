//! Keyed digests by which something is found again without being kept.
//!
//! Only the keyring makes one from content. Never reversible without the root key; never printed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a fingerprint is of. Each purpose has its own key: the same bytes give unrelated fingerprints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The person a payload is about, as the caller names them: to revoke all of theirs.
    Subject,
    /// What binds a `conversation` handle to the conversation that used it first.
    Binding,
    /// A conversation, as its later calls name it.
    Link,
    /// One request, to know it when it is repeated.
    Request,
}

/// 128 bits of an HMAC: equal for equal tenant, purpose, key and content.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(#[serde(with = "super::spelling")] [u8; 16]);

impl Fingerprint {
    /// A fingerprint read back from a store.
    pub const fn from_bytes(bytes: [u8; 16]) -> Fingerprint {
        Fingerprint(bytes)
    }

    /// The bytes, as a store's key.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Fingerprint {
    /// No bytes: a log in which one person's fingerprint can be followed is a profile.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(16 bytes)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_fingerprint_of_another_length_or_alphabet_is_refused() {
        for text in
            ["\"\"", "\"AAAA\"", "\"AAAAAAAAAAAAAAAAAAAAAAA\"", "\"AAAAAAAAAAAAAAAAAAAAA+\"", "7"]
        {
            assert!(serde_json::from_str::<Fingerprint>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_fingerprint_is_stored_as_22_characters_and_read_back() {
        let print = Fingerprint::from_bytes([0xfb; 16]);
        let text = serde_json::to_string(&print).unwrap();
        assert_eq!(text.len(), 22 + 2);
        assert_eq!(serde_json::from_str::<Fingerprint>(&text).unwrap(), print);
    }

    #[test]
    fn debug_shows_no_byte_of_a_fingerprint() {
        assert_eq!(format!("{:?}", Fingerprint::from_bytes([7; 16])), "Fingerprint(16 bytes)");
    }
}
