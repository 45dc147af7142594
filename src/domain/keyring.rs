//! Who signs handles, and the proof that one was signed.
//!
//! The only file that names hmac. Never prints a key, never compares a MAC byte by byte, never hands out a [`Verified`]
//! without having checked the MAC and then the expiry.

mod check;
mod fault;
mod verified;

use std::fmt;
use std::iter;

use hmac::digest::consts::U16;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

pub use self::check::KeyCheck;
pub use self::fault::{HandleFault, KeyringFault};
use super::claims::{Claims, KeyId};
use super::fingerprint::{Fingerprint, Purpose};
use super::handle::Handle;
use super::root_key::{NotDerived, RootKey};
use super::tenant::TenantId;
use super::time::Timestamp;

/// What the MAC of a handle covers before tenant and claims. Part of the wire.
const HANDLE_LABEL: &[u8] = b"cloakroom handle v1";

type HmacSha256 = Hmac<Sha256>;

/// The keys that sign and seal: one current, and those that still verify what they signed before.
pub struct Keyring {
    current: Line,
    previous: Vec<Line>,
}

/// A handle that this keyring signed for this tenant and that hadn't expired. Only [`Keyring::verify_at`] makes one.
#[derive(Clone)]
pub struct Verified {
    key_id: KeyId,
    claims: Claims,
    tenant: TenantId,
}

/// What marks lines of the audit, under one root key: whoever has the file and not the key marks none.
#[derive(Clone)]
pub struct AuditKey {
    id: KeyId,
    mac: HmacSha256,
}

impl Keyring {
    /// A keyring that signs with `current` and verifies with all. Derives every MAC key here, once.
    ///
    /// # Errors
    /// [`KeyringFault`] when an id or a key is there twice.
    pub fn new(
        current: (KeyId, RootKey),
        previous: Vec<(KeyId, RootKey)>,
    ) -> Result<Keyring, KeyringFault> {
        let mut keyring =
            Keyring { current: Line::new(current)?, previous: Vec::with_capacity(previous.len()) };
        for (id, root) in previous {
            if keyring.line(id).is_some() {
                return Err(KeyringFault::IdTwice(id));
            }
            if let Some(same) = keyring.lines().find(|line| line.root.same_as(&root)) {
                return Err(KeyringFault::KeyTwice(same.id, id));
            }
            keyring.previous.push(Line::new((id, root))?);
        }
        Ok(keyring)
    }

    /// The id of the key that signs.
    pub fn current_id(&self) -> KeyId {
        self.current.id
    }

    /// The ids of all keys, current first.
    pub fn key_ids(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.lines().map(|line| line.id)
    }

    /// What each key is known by, current first.
    pub fn checks(&self) -> impl Iterator<Item = (KeyId, KeyCheck)> + '_ {
        self.lines().map(|line| (line.id, line.check))
    }

    /// Signs the claims for this tenant with the current key.
    pub fn sign(&self, claims: Claims, tenant: &TenantId) -> Handle {
        self.current.sign(claims, tenant)
    }

    /// As [`Keyring::sign`], with this key; nothing where the keyring has none of that id.
    pub fn sign_under(&self, id: KeyId, claims: Claims, tenant: &TenantId) -> Option<Handle> {
        self.line(id).map(|line| line.sign(claims, tenant))
    }

    /// Checks that a handle was signed for this tenant and still works at `now`. Knows nothing of the store: a revoked
    /// or spent handle verifies.
    ///
    /// # Errors
    /// The [`HandleFault`] that holds first. The MAC comes before the expiry, so that nothing in a forged handle
    /// decides the answer but the id of its key.
    pub fn verify_at(
        &self,
        handle: &Handle,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<Verified, HandleFault> {
        let line = self.line(handle.key_id()).ok_or(HandleFault::KeyUnknown)?;
        // Constant time, over the left half of the MAC; the half's length is fixed by its type.
        line.handle_mac(tenant, &handle.signed_part())
            .verify_truncated_left(handle.mac())
            .map_err(|_| HandleFault::Forged)?;
        if handle.expires().passed_at(now) {
            return Err(HandleFault::Expired);
        }
        Ok(Verified { key_id: line.id, claims: handle.claims().clone(), tenant: tenant.clone() })
    }

    /// The fingerprint of `bytes` under the current key: to store something by.
    pub fn fingerprint(&self, purpose: Purpose, tenant: &TenantId, bytes: &[u8]) -> Fingerprint {
        self.current.fingerprint(purpose, tenant, bytes)
    }

    /// As [`Keyring::fingerprint`], under this key; nothing where the keyring has none of that id.
    pub fn fingerprint_under(
        &self,
        id: KeyId,
        purpose: Purpose,
        tenant: &TenantId,
        bytes: &[u8],
    ) -> Option<Fingerprint> {
        self.line(id).map(|line| line.fingerprint(purpose, tenant, bytes))
    }

    /// The fingerprints of `bytes` under every key, current first: to find what was stored before a rotation.
    pub fn fingerprints(
        &self,
        purpose: Purpose,
        tenant: &TenantId,
        bytes: &[u8],
    ) -> Vec<Fingerprint> {
        self.lines().map(|line| line.fingerprint(purpose, tenant, bytes)).collect()
    }

    /// The fingerprint of `bytes` under the key that signed this handle, for its tenant: the same before and after a
    /// rotation, so what a ledger keeps of a handle stays comparable as long as the handle verifies.
    ///
    /// # Errors
    /// [`HandleFault::KeyUnknown`] when another keyring verified the handle.
    pub fn fingerprint_for(
        &self,
        verified: &Verified,
        purpose: Purpose,
        bytes: &[u8],
    ) -> Result<Fingerprint, HandleFault> {
        let line = self.line(verified.key_id).ok_or(HandleFault::KeyUnknown)?;
        Ok(line.fingerprint(purpose, &verified.tenant, bytes))
    }

    /// What marks the audit's lines: the current key's first, then those of keys that marked before.
    pub fn audit_keys(&self) -> Vec<AuditKey> {
        self.lines().map(Line::audit_key).collect()
    }

    /// What marks new lines.
    pub fn audit_key(&self) -> AuditKey {
        self.current.audit_key()
    }

    pub(in crate::domain) fn root(&self, id: KeyId) -> Option<&RootKey> {
        self.line(id).map(|line| &line.root)
    }

    fn line(&self, id: KeyId) -> Option<&Line> {
        self.lines().find(|line| line.id == id)
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        iter::once(&self.current).chain(&self.previous)
    }
}

impl AuditKey {
    /// The root key that it was made of.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The mark of a line.
    pub fn mark(&self, line: &[u8]) -> [u8; 32] {
        self.mac.clone().chain_update(line).finalize().into_bytes().into()
    }

    /// Whether that is the line's mark. Constant time.
    pub fn fits(&self, line: &[u8], mark: &[u8; 32]) -> bool {
        self.mac.clone().chain_update(line).verify_slice(mark).is_ok()
    }
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuditKey({})", self.id)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring")?;
        f.debug_list().entries(self.key_ids()).finish()
    }
}

/// One root key and the keyed MACs derived from it, cloned for each use: keying costs as much as a short message.
struct Line {
    id: KeyId,
    root: RootKey,
    check: KeyCheck,
    handle: HmacSha256,
    subject: HmacSha256,
    binding: HmacSha256,
    link: HmacSha256,
    request: HmacSha256,
    audit: HmacSha256,
}

impl Line {
    /// The labels are part of the wire: a changed one disowns every handle and fingerprint.
    fn new((id, root): (KeyId, RootKey)) -> Result<Line, NotDerived> {
        Ok(Line {
            id,
            handle: keyed(&root, b"cloakroom mac handle v1")?,
            subject: keyed(&root, b"cloakroom mac subject v1")?,
            binding: keyed(&root, b"cloakroom mac binding v1")?,
            link: keyed(&root, b"cloakroom mac link v1")?,
            request: keyed(&root, b"cloakroom mac request v1")?,
            audit: keyed(&root, b"cloakroom mac audit v1")?,
            check: KeyCheck::of(&root)?,
            root,
        })
    }

    fn audit_key(&self) -> AuditKey {
        AuditKey { id: self.id, mac: self.audit.clone() }
    }

    fn sign(&self, claims: Claims, tenant: &TenantId) -> Handle {
        Handle::signed(self.id, claims, |signed| cut(self.handle_mac(tenant, signed)))
    }

    fn handle_mac(&self, tenant: &TenantId, signed: &[u8]) -> HmacSha256 {
        let labelled = self.handle.clone().chain_update(HANDLE_LABEL);
        for_tenant(labelled, tenant).chain_update(signed)
    }

    fn fingerprint(&self, purpose: Purpose, tenant: &TenantId, bytes: &[u8]) -> Fingerprint {
        let mac = match purpose {
            Purpose::Subject => &self.subject,
            Purpose::Binding => &self.binding,
            Purpose::Link => &self.link,
            Purpose::Request => &self.request,
        };
        Fingerprint::from_bytes(cut(for_tenant(mac.clone(), tenant).chain_update(bytes)))
    }
}

fn keyed(root: &RootKey, label: &[u8]) -> Result<HmacSha256, NotDerived> {
    let key = root.derive(None, label)?;
    HmacSha256::new_from_slice(key.as_slice()).map_err(|_| NotDerived)
}

fn for_tenant(mac: HmacSha256, tenant: &TenantId) -> HmacSha256 {
    mac.chain_update(tenant.len_prefix()).chain_update(tenant.as_str())
}

/// The left 128 bits, as RFC 2104 cuts.
fn cut(mac: HmacSha256) -> [u8; 16] {
    let (left, _) = mac.finalize().into_bytes().split::<U16>();
    left.into()
}

#[cfg(test)]
mod tests;
