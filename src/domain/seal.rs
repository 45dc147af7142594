//! How personal data is stored: AES-256-GCM under a key of which the handle holds half.
//!
//! Split knowledge: the key is HKDF(root key, salt = the handle's secret), and the secret is in no store. Never opens
//! anything for a handle that isn't [`Verified`], never says why a record didn't open, never picks a nonce.
//!
//! ```text
//! version 1 · key id 1 · nonce 12 · ciphertext · tag 16
//! ```

use std::fmt;
use std::sync::Arc;

use aes_gcm::aead::{Aead as _, Payload as Message};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use thiserror::Error;
use zeroize::Zeroizing;

use super::claims::KeyId;
use super::handle::Handle;
use super::handle_id::HandleId;
use super::keyring::{Keyring, Verified};
use super::payload::Payload;
use super::root_key::NotDerived;
use super::tenant::TenantId;
use super::time::Expiry;
use super::uses::Uses;

const VERSION: u8 = 1;
const NONCE_LEN: usize = 12;
const HEAD_LEN: usize = 2 + NONCE_LEN;
const TAG_LEN: usize = 16;

/// Part of what is stored: a changed label closes every record.
const PAYLOAD_LABEL: &[u8] = b"cloakroom seal payload v1";
const HONEY_LABEL: &[u8] = b"cloakroom seal honey v1";
const LINK_LABEL: &[u8] = b"cloakroom seal link v1";

/// A sealed record, as stored: one allocation of its size, however often it is cloned.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Arc<[u8]>);

/// Why something was not sealed or not opened. Carries nothing of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SealFault {
    /// No key of that id in the keyring.
    #[error("the record's key is unknown")]
    KeyUnknown,
    /// Not a record of this version and shape.
    #[error("the record is malformed")]
    Malformed,
    /// Not sealed with this key for this handle or link, or changed since.
    #[error("the record does not open")]
    Mismatch,
    /// More than the cipher takes under one nonce (64 GiB).
    #[error("the content is too large to seal")]
    TooLarge,
    /// See [`NotDerived`].
    #[error(transparent)]
    NotDerived(#[from] NotDerived),
}

impl Sealed {
    /// A record read back from a store, which is copied.
    ///
    /// # Errors
    /// [`SealFault::Malformed`] when it is too short, of another version, or names key 0.
    pub fn from_bytes(bytes: &[u8]) -> Result<Sealed, SealFault> {
        let sealed = Sealed(bytes.into());
        let (_, _, box_) = sealed.parts().ok_or(SealFault::Malformed)?;
        if box_.len() < TAG_LEN {
            return Err(SealFault::Malformed);
        }
        Ok(sealed)
    }

    /// The record, as stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Key id, nonce, ciphertext with tag.
    fn parts(&self) -> Option<(KeyId, &[u8; NONCE_LEN], &[u8])> {
        let (&[version, key_id], rest) = self.0.split_first_chunk()?;
        let (nonce, box_) = rest.split_first_chunk()?;
        let key_id = KeyId::new(key_id)?;
        (version == VERSION).then_some((key_id, nonce, box_))
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

impl Keyring {
    /// Seals a payload so that only this handle, of this tenant, opens it. `nonce` is random and used once.
    ///
    /// # Errors
    /// [`SealFault::KeyUnknown`] when another keyring signed the handle; [`SealFault::TooLarge`].
    pub fn seal(
        &self,
        handle: &Handle,
        tenant: &TenantId,
        nonce: [u8; NONCE_LEN],
        payload: &Payload,
    ) -> Result<Sealed, SealFault> {
        let secret = handle.claims().secret.bytes();
        let aad = payload_aad(tenant, handle.id(), handle.expires(), handle.uses());
        let scope = Scope::new(secret, PAYLOAD_LABEL, aad);
        self.close(handle.key_id(), &scope, nonce, payload.expose().as_bytes())
    }

    /// Opens the payload that was sealed for this handle.
    ///
    /// # Errors
    /// [`SealFault::Mismatch`] when it was sealed for another handle or changed; [`SealFault::KeyUnknown`] when
    /// another keyring verified the handle.
    pub fn open(&self, verified: &Verified, sealed: &Sealed) -> Result<Payload, SealFault> {
        let (key_id, _, _) = sealed.parts().ok_or(SealFault::Malformed)?;
        if key_id != verified.key_id() {
            return Err(SealFault::Mismatch);
        }
        let aad =
            payload_aad(verified.tenant(), verified.id(), verified.expires(), verified.uses());
        let scope = Scope::new(verified.secret().bytes(), PAYLOAD_LABEL, aad);
        Payload::from_opened(self.unclose(&scope, sealed)?).ok_or(SealFault::Mismatch)
    }

    /// Seals a payload that nobody will get: it opens as honey, and as nothing else. Without the root key it is told from
    /// no other record, nor its handle from another.
    ///
    /// # Errors
    /// As [`Keyring::seal`].
    pub fn seal_honey(
        &self,
        handle: &Handle,
        tenant: &TenantId,
        nonce: [u8; NONCE_LEN],
        payload: &Payload,
    ) -> Result<Sealed, SealFault> {
        let aad = payload_aad(tenant, handle.id(), handle.expires(), handle.uses());
        let scope = Scope::new(handle.claims().secret.bytes(), HONEY_LABEL, aad);
        self.close(handle.key_id(), &scope, nonce, payload.expose().as_bytes())
    }

    /// Whether this record was sealed as honey for this handle. What was in it is wiped unread.
    pub fn is_honey(&self, verified: &Verified, sealed: &Sealed) -> bool {
        let aad =
            payload_aad(verified.tenant(), verified.id(), verified.expires(), verified.uses());
        let scope = Scope::new(verified.secret().bytes(), HONEY_LABEL, aad);
        self.unclose(&scope, sealed).is_ok()
    }

    /// Seals what is kept about a conversation, under its link and this key. The link is no secret: the store
    /// and the root key together read this, unlike a payload.
    ///
    /// # Errors
    /// [`SealFault::KeyUnknown`], [`SealFault::TooLarge`].
    pub fn seal_under(
        &self,
        key_id: KeyId,
        link: &[u8],
        tenant: &TenantId,
        nonce: [u8; NONCE_LEN],
        plaintext: &[u8],
    ) -> Result<Sealed, SealFault> {
        let scope = Scope::new(link, LINK_LABEL, aad(tenant, &[link]));
        self.close(key_id, &scope, nonce, plaintext)
    }

    /// Opens what was sealed under this link, with whichever key of the keyring sealed it.
    ///
    /// # Errors
    /// [`SealFault::Mismatch`] when it was sealed under another link or changed; [`SealFault::KeyUnknown`].
    pub fn open_under(
        &self,
        link: &[u8],
        tenant: &TenantId,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, SealFault> {
        let scope = Scope::new(link, LINK_LABEL, aad(tenant, &[link]));
        self.unclose(&scope, sealed)
    }

    fn close(
        &self,
        key_id: KeyId,
        scope: &Scope<'_>,
        nonce: [u8; NONCE_LEN],
        plaintext: &[u8],
    ) -> Result<Sealed, SealFault> {
        let box_ = self
            .cipher(key_id, scope)?
            .encrypt((&nonce).into(), scope.message(plaintext))
            .map_err(|_| SealFault::TooLarge)?;
        let mut bytes = Vec::with_capacity(HEAD_LEN + box_.len());
        bytes.extend_from_slice(&[VERSION, key_id.byte()]);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&box_);
        Ok(Sealed(bytes.into()))
    }

    fn unclose(&self, scope: &Scope<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealFault> {
        let (key_id, nonce, box_) = sealed.parts().ok_or(SealFault::Malformed)?;
        self.cipher(key_id, scope)?
            .decrypt(nonce.into(), scope.message(box_))
            .map(Zeroizing::new)
            .map_err(|_| SealFault::Mismatch)
    }

    /// Derived anew for each record: the salt is the record's own.
    fn cipher(&self, key_id: KeyId, scope: &Scope<'_>) -> Result<Aes256Gcm, SealFault> {
        let root = self.root(key_id).ok_or(SealFault::KeyUnknown)?;
        let key = root.derive(Some(scope.salt), scope.label)?;
        Ok(Aes256Gcm::new((&*key).into()))
    }
}

/// For whom a record is sealed: what goes into its key, and what its tag covers besides.
struct Scope<'a> {
    salt: &'a [u8],
    label: &'a [u8],
    aad: Vec<u8>,
}

impl<'a> Scope<'a> {
    fn new(salt: &'a [u8], label: &'a [u8], aad: Vec<u8>) -> Scope<'a> {
        Scope { salt, label, aad }
    }

    fn message<'m>(&'m self, msg: &'m [u8]) -> Message<'m, 'm> {
        Message { msg, aad: &self.aad }
    }
}

fn payload_aad(tenant: &TenantId, id: HandleId, expires: Expiry, uses: Uses) -> Vec<u8> {
    let (expires, uses) = (expires.secs().to_be_bytes(), [uses.to_byte()]);
    aad(tenant, &[id.bytes(), &expires, &uses])
}

/// The tenant with its length before it, and then parts of which at most one varies in length.
fn aad(tenant: &TenantId, parts: &[&[u8]]) -> Vec<u8> {
    let prefix = tenant.len_prefix();
    [&prefix, tenant.as_str().as_bytes(), &parts.concat()].concat()
}

#[cfg(test)]
mod tests;
