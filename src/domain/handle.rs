//! What the browser carries: its bytes, its two spellings, its parts.
//!
//! Reading one proves nothing: only `Keyring::verify_at` says that it was signed. Never prints its secret; `expose`
//! and `expose_key` are the exits. Never lenient: one spelling for one handle, anything else is [`Malformed`].
//!
//! ```text
//! klk1_ + base64url( key id 1 · uses 1 · id 16 · secret 16 · expiry 4 · mac 16 )    77 characters, no spare bits
//! ```
//! In two parts: the id as a UUID, and base64url of the other 38 bytes in the same order.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;
use zeroize::Zeroizing;

use super::claims::{Claims, KeyId, Secret};
use super::handle_id::HandleId;
use super::time::Expiry;
use super::uses::Uses;

/// What every handle in one piece starts with. Its first byte is neither a hex digit nor a JSON escape letter,
/// so a scan for it can rule a body out.
pub const PREFIX: &str = "klk1_";

/// The characters of a handle in one piece.
pub const TEXT_LEN: usize = 77;

/// The characters of the second part of a handle in two.
pub const KEY_TEXT_LEN: usize = 51;

const MAC_LEN: usize = 16;
const SIGNED_LEN: usize = 38;
const BODY_LEN: usize = SIGNED_LEN + MAC_LEN;
const KEY_LEN: usize = BODY_LEN - 16;

/// Whether a text claims to be a handle. Cheap, and proves nothing.
pub fn looks_like(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// A handle as read: well formed, and not yet believed.
#[derive(Clone)]
pub struct Handle {
    key_id: KeyId,
    claims: Claims,
    mac: [u8; MAC_LEN],
}

/// Why a text is no handle. Carries nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Malformed {
    /// It doesn't start with [`PREFIX`].
    #[error("the prefix is missing")]
    Prefix,
    /// It is longer or shorter than its form.
    #[error("the length is wrong")]
    Length,
    /// A character outside base64url, or bits beyond the last byte.
    #[error("the encoding is wrong")]
    Encoding,
    /// Key id 0, which no key has.
    #[error("the key id is wrong")]
    KeyId,
    /// A byte that stands for no kind of uses.
    #[error("the uses are wrong")]
    Uses,
    /// The id is no random UUID, or not spelled as one.
    #[error("the id is wrong")]
    Id,
}

impl Handle {
    /// Reads a handle in one piece.
    ///
    /// # Errors
    /// [`Malformed`] unless the text is exactly [`TEXT_LEN`] characters of the form above.
    pub fn parse(text: &str) -> Result<Handle, Malformed> {
        Handle::parse_bytes(text.as_bytes())
    }

    /// [`Handle::parse`] for bytes of unknown encoding.
    ///
    /// # Errors
    /// As [`Handle::parse`].
    pub fn parse_bytes(text: &[u8]) -> Result<Handle, Malformed> {
        let spelled = text.strip_prefix(PREFIX.as_bytes()).ok_or(Malformed::Prefix)?;
        let body = decode::<BODY_LEN>(spelled)?;
        let mut rest = body.as_slice();
        let head = take(&mut rest)?;
        let id = HandleId::from_bytes(take(&mut rest)?)?;
        Handle::assemble(head, id, rest)
    }

    /// Reads a handle in two parts: the id as a hyphenated UUID of either case, and the rest.
    ///
    /// # Errors
    /// [`Malformed`] unless both parts are exactly of their form.
    pub fn from_parts(guid: &str, key: &str) -> Result<Handle, Malformed> {
        let id = guid.parse()?;
        let body = decode::<KEY_LEN>(key.as_bytes())?;
        let mut rest = body.as_slice();
        let head = take(&mut rest)?;
        Handle::assemble(head, id, rest)
    }

    /// The handle in one piece: all that is needed to redeem it.
    pub fn expose(&self) -> String {
        let mut body = self.signed_part();
        body.extend_from_slice(&self.mac);
        let mut text = String::with_capacity(TEXT_LEN);
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(&*body, &mut text);
        text
    }

    /// The second part of the handle in two, [`KEY_TEXT_LEN`] characters; the first is [`Handle::id`].
    pub fn expose_key(&self) -> String {
        let mut body = Zeroizing::new(Vec::with_capacity(KEY_LEN));
        body.extend_from_slice(&self.head());
        self.extend_with_tail(&mut body);
        body.extend_from_slice(&self.mac);
        URL_SAFE_NO_PAD.encode(&*body)
    }

    /// Its public name.
    pub fn id(&self) -> HandleId {
        self.claims.id
    }

    /// The key that it says signed it.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// How often it says it works.
    pub fn uses(&self) -> Uses {
        self.claims.uses
    }

    /// Until when it says it works.
    pub fn expires(&self) -> Expiry {
        self.claims.expires
    }

    /// The handle of these claims, with the MAC that `mac` makes of its signed bytes.
    pub(in crate::domain) fn signed(
        key_id: KeyId,
        claims: Claims,
        mac: impl FnOnce(&[u8]) -> [u8; MAC_LEN],
    ) -> Handle {
        let unsigned = Handle { key_id, claims, mac: [0; MAC_LEN] };
        let mac = mac(&unsigned.signed_part());
        Handle { mac, ..unsigned }
    }

    /// The 38 bytes that the MAC covers. Has room for the MAC, so that adding it moves nothing.
    pub(in crate::domain) fn signed_part(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(BODY_LEN));
        bytes.extend_from_slice(&self.head());
        bytes.extend_from_slice(self.claims.id.bytes());
        self.extend_with_tail(&mut bytes);
        bytes
    }

    pub(in crate::domain) fn mac(&self) -> &[u8; MAC_LEN] {
        &self.mac
    }

    pub(in crate::domain) fn claims(&self) -> &Claims {
        &self.claims
    }

    fn assemble(
        [key_id, uses]: [u8; 2],
        id: HandleId,
        mut rest: &[u8],
    ) -> Result<Handle, Malformed> {
        Ok(Handle {
            key_id: KeyId::new(key_id).ok_or(Malformed::KeyId)?,
            claims: Claims {
                id,
                uses: Uses::from_byte(uses).ok_or(Malformed::Uses)?,
                secret: Secret::from_random(take(&mut rest)?),
                expires: Expiry::from_secs(u32::from_be_bytes(take(&mut rest)?)),
            },
            mac: take(&mut rest)?,
        })
    }

    fn head(&self) -> [u8; 2] {
        [self.key_id.byte(), self.claims.uses.to_byte()]
    }

    fn extend_with_tail(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.claims.secret.bytes());
        bytes.extend_from_slice(&self.claims.expires.secs().to_be_bytes());
    }
}

impl fmt::Debug for Handle {
    /// The id and the key id: the rest is what redeems it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("id", &self.claims.id)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// Exactly `N` bytes: unpadded, the length of the text fixes theirs, and the library refuses spare bits.
fn decode<const N: usize>(text: &[u8]) -> Result<Zeroizing<[u8; N]>, Malformed> {
    if text.len() != (N * 8).div_ceil(6) {
        return Err(Malformed::Length);
    }
    let mut bytes = Zeroizing::new([0; N]);
    URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice()).map_err(|_| Malformed::Encoding)?;
    Ok(bytes)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Malformed> {
    let (taken, left) = rest.split_first_chunk().ok_or(Malformed::Length)?;
    *rest = left;
    Ok(*taken)
}

#[cfg(test)]
mod tests;
