//! A handle's public name: what logs, audit events and store keys call it.
//!
//! Never secret, never enough to redeem anything. Never made here from chance: the random bytes are given.

use std::fmt;
use std::str::FromStr;

use uuid::{Builder, Uuid, Variant};

use super::handle::Malformed;

/// 122 random bits, as a version 4 UUID (RFC 9562); nothing else is one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HandleId(Uuid);

impl HandleId {
    /// A new id from 16 random bytes; six of their bits become the UUID's version and variant.
    pub const fn from_random(bytes: [u8; 16]) -> HandleId {
        HandleId(Builder::from_random_bytes(bytes).into_uuid())
    }

    /// An id read back from a handle or a store.
    ///
    /// # Errors
    /// [`Malformed::Id`] when the version or variant isn't that of a random UUID.
    pub fn from_bytes(bytes: [u8; 16]) -> Result<HandleId, Malformed> {
        let uuid = Uuid::from_bytes(bytes);
        if uuid.get_version_num() != 4 || uuid.get_variant() != Variant::RFC4122 {
            return Err(Malformed::Id);
        }
        Ok(HandleId(uuid))
    }

    /// The 16 bytes, in the order they are spelled.
    pub const fn bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl FromStr for HandleId {
    type Err = Malformed;

    /// Reads the hyphenated form alone, in either case; braces, `urn:` and bare hex are malformed.
    fn from_str(text: &str) -> Result<HandleId, Malformed> {
        // The length alone rules out every other form that the library reads.
        if text.len() != uuid::fmt::Hyphenated::LENGTH {
            return Err(Malformed::Id);
        }
        let uuid = Uuid::try_parse(text).map_err(|_| Malformed::Id)?;
        HandleId::from_bytes(uuid.into_bytes())
    }
}

impl fmt::Display for HandleId {
    /// Hyphenated, lower case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.as_hyphenated(), f)
    }
}

impl fmt::Debug for HandleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HandleId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_hyphenated_spelling_of_a_random_uuid_is_read() {
        for text in [
            "",
            "0b0b0b0b0b0b4b0b8b0b0b0b0b0b0b0b",
            "{0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b}",
            "urn:uuid:0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b",
            " 0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b",
            "0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0",
            "0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0g",
            "0b0b0b0b0b0b-4b0b-8b0b-0b0b-0b0b0b0b",
            "0b0b0b0b-0b0b-1b0b-8b0b-0b0b0b0b0b0b",
            "0b0b0b0b-0b0b-4b0b-cb0b-0b0b0b0b0b0b",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert_eq!(text.parse::<HandleId>(), Err(Malformed::Id), "{text:?}");
        }
    }

    #[test]
    fn a_uuid_is_read_in_either_case_and_spelled_in_lower() {
        let id: HandleId = "ABCDEF01-2345-4789-ABCD-EF0123456789".parse().unwrap();
        assert_eq!(id.to_string(), "abcdef01-2345-4789-abcd-ef0123456789");
    }

    proptest! {
        #[test]
        fn an_id_survives_its_spelling_and_its_bytes(random: [u8; 16]) {
            let id = HandleId::from_random(random);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(HandleId::from_bytes(*id.bytes()), Ok(id));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text: String) {
            let _ = text.parse::<HandleId>();
        }
    }
}
