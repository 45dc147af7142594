//! The operator's key: 32 bytes from which every other key is derived.
//!
//! Never used as a key itself, never printed; `to_base64` is the exit, for making a new one. The only file that names
//! hkdf.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hkdf::Hkdf;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const LEN: usize = 32;

/// The longest text that is decoded, in bytes: the 44 of a padded key, and some.
const TEXT_LEN_MAX: usize = 64;

/// Padded or not, as `openssl rand -base64 32` and its relatives write it; spare bits must be zero.
const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD_ALPHABET: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const URL_ALPHABET: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

/// 32 secret bytes, in one place for as long as they are needed: who hands a key on moves its address and leaves no
/// copy behind. Wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RootKey(Box<[u8]>);

/// Why a text is no root key. Carries nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyFault {
    /// Neither standard nor URL-safe base64.
    #[error("the key is not base64")]
    Encoding,
    /// Not 32 bytes.
    #[error("the key is not 32 bytes long")]
    Length,
    /// Nothing but zeros: a file that was never filled.
    #[error("the key is all zeros")]
    AllZero,
}

/// A key could not be derived. Never happens with the lengths used here; it is an error so that it cannot panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a key could not be derived")]
pub struct NotDerived;

impl RootKey {
    /// Reads a key in base64 of either alphabet, padded or not; white space around it is dropped.
    ///
    /// # Errors
    /// [`KeyFault`] when it is no base64, not 32 bytes, or all zeros.
    pub fn from_base64(text: &str) -> Result<RootKey, KeyFault> {
        let text = text.trim();
        if text.len() > TEXT_LEN_MAX {
            return Err(KeyFault::Length);
        }
        let mut bytes = Zeroizing::new([0; TEXT_LEN_MAX]);
        let written = STANDARD_ALPHABET
            .decode_slice(text, bytes.as_mut_slice())
            .or_else(|_| URL_ALPHABET.decode_slice(text, bytes.as_mut_slice()))
            .map_err(|_| KeyFault::Encoding)?;
        if written != LEN {
            return Err(KeyFault::Length);
        }
        let (key, _) = bytes.split_first_chunk::<LEN>().ok_or(KeyFault::Length)?;
        RootKey::copied(key)
    }

    /// A key of these bytes, which must come from a good random source.
    ///
    /// # Errors
    /// [`KeyFault::AllZero`].
    pub fn from_bytes(bytes: [u8; LEN]) -> Result<RootKey, KeyFault> {
        RootKey::copied(&Zeroizing::new(bytes))
    }

    fn copied(bytes: &[u8; LEN]) -> Result<RootKey, KeyFault> {
        if bool::from(bytes.ct_eq(&[0; LEN])) {
            return Err(KeyFault::AllZero);
        }
        Ok(RootKey(Box::from(bytes.as_slice())))
    }

    /// The key's text, as [`RootKey::from_base64`] reads it: padded, of the standard alphabet.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(&self.0))
    }

    /// Whether both are the same key. Constant time.
    pub(in crate::domain) fn same_as(&self, other: &RootKey) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// 32 bytes of HKDF-SHA256 (RFC 5869) for the purpose that `label` names.
    pub(in crate::domain) fn derive(
        &self,
        salt: Option<&[u8]>,
        label: &[u8],
    ) -> Result<Zeroizing<[u8; LEN]>, NotDerived> {
        let mut key = Zeroizing::new([0; LEN]);
        Hkdf::<Sha256>::new(salt, &self.0)
            .expand(label, key.as_mut_slice())
            .map_err(|_| NotDerived)?;
        Ok(key)
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(32 bytes)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> KeyFault {
        RootKey::from_base64(text).unwrap_err()
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        for len in [0, 1, 16, 31, 33, 48, 64] {
            assert_eq!(fault(&STANDARD.encode(vec![7; len])), KeyFault::Length, "{len}");
        }
    }

    #[test]
    fn a_key_that_is_not_base64_is_refused() {
        let text = STANDARD.encode([0xff; LEN]);
        assert_eq!(fault(&text.replacen('/', "_", 1)), KeyFault::Encoding);
        assert_eq!(fault(&text.replacen('/', " ", 1)), KeyFault::Encoding);
        assert_eq!(fault(&"07".repeat(LEN).replacen('0', "!", 1)), KeyFault::Encoding);
    }

    #[test]
    fn a_key_of_zeros_is_refused() {
        assert_eq!(fault(&STANDARD.encode([0; LEN])), KeyFault::AllZero);
        assert_eq!(RootKey::from_bytes([0; LEN]).unwrap_err(), KeyFault::AllZero);
    }

    #[test]
    fn debug_shows_no_byte_of_a_key() {
        let key = RootKey::from_bytes([0xab; LEN]).unwrap();
        assert_eq!(format!("{key:?}"), "RootKey(32 bytes)");
    }

    #[test]
    fn both_alphabets_with_and_without_padding_give_the_same_key() {
        let key = RootKey::from_bytes([0xfb; LEN]).unwrap();
        let text = key.to_base64();
        let url = text.replace('+', "-").replace('/', "_");
        for spelled in [&*text, &url, text.trim_end_matches('='), &format!(" {url}\n")] {
            assert!(RootKey::from_base64(spelled).unwrap().same_as(&key), "{spelled}");
        }
    }
}
