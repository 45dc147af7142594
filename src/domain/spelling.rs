//! How sixteen opaque bytes stand in a stored record: base64url without padding, 22 characters.
//!
//! For `#[serde(with)]`. Never used for what the browser carries, never for a secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub(in crate::domain) fn serialize<S: Serializer>(
    bytes: &[u8; 16],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
}

pub(in crate::domain) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<[u8; 16], D::Error> {
    // Owned: a store may hand over a reader, which lends no text.
    let text = String::deserialize(deserializer)?;
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(D::Error::custom)?;
    bytes.try_into().map_err(|_| D::Error::custom("expected sixteen bytes"))
}
