//! What is learnt with a handle and kept beside it: sealed, bounded in time, and
//! forgotten when the handle is revoked or its person erased.
//!
//! It is found by a keyed fingerprint of a name and opens with a salt that the store
//! does not hold. Never kept for a handle that is gone already.

use std::time::Duration;

use zeroize::Zeroizing;

use super::Vault;
use crate::clock::random;
use crate::domain::keyring::Keyring;
use crate::domain::lease::Ledger;
use crate::domain::tenant::TenantId;
use crate::domain::uses::Uses;
use crate::domain::{Fingerprint, HandleId, Purpose};
use crate::store::{Record, RecordKey, StoreFault};

/// How a thing is found, and what opens it.
#[derive(Clone, Copy)]
pub(super) struct Beside<'b> {
    /// Whose it is.
    pub(super) tenant: &'b TenantId,
    /// What it is found by: hashed, never stored.
    pub(super) name: &'b [u8],
    /// What opens it beside the root key: never stored.
    pub(super) salt: &'b [u8],
}

impl Beside<'_> {
    fn key(&self, print: Fingerprint) -> RecordKey {
        RecordKey { tenant: self.tenant.clone(), id: HandleId::from_random(*print.bytes()) }
    }

    fn keys(&self, keyring: &Keyring) -> Vec<RecordKey> {
        let prints = keyring.fingerprints(Purpose::Link, self.tenant, self.name);
        prints.into_iter().map(|print| self.key(print)).collect()
    }
}

impl Vault {
    /// Keeps `plain` until `ttl` has passed or its handle `parent` is revoked. Nothing
    /// is kept when that handle is gone by now.
    ///
    /// # Errors
    /// [`StoreFault`]; nothing is kept then.
    pub(super) async fn keep(
        &self,
        at: Beside<'_>,
        parent: HandleId,
        ttl: Duration,
        plain: &[u8],
    ) -> Result<(), StoreFault> {
        let owner = RecordKey { tenant: at.tenant.clone(), id: parent };
        let Some(issued) = self.store.fetch(&owner, self.clock.now()).await? else {
            return Ok(());
        };
        self.keep_for(at, (Some(parent), issued.subject), ttl, plain).await
    }

    /// Keeps `plain`, which says nothing about anybody, until `ttl` has passed: it stays
    /// when the handle that it was learnt with goes. Not kept when that is gone by now.
    ///
    /// # Errors
    /// As [`Vault::keep`].
    pub(super) async fn keep_apart(
        &self,
        at: Beside<'_>,
        learnt_with: HandleId,
        ttl: Duration,
        plain: &[u8],
    ) -> Result<(), StoreFault> {
        let owner = RecordKey { tenant: at.tenant.clone(), id: learnt_with };
        if self.store.fetch(&owner, self.clock.now()).await?.is_none() {
            return Ok(());
        }
        self.keep_for(at, (None, None), ttl, plain).await
    }

    async fn keep_for(
        &self,
        at: Beside<'_>,
        (parent, subject): (Option<HandleId>, Option<Fingerprint>),
        ttl: Duration,
        plain: &[u8],
    ) -> Result<(), StoreFault> {
        let now = self.clock.now();
        let rules = self.rules.load_full();
        let keyring = &rules.keyring;
        let nonce = random(&*self.entropy).map_err(|_| StoreFault::Unreachable("no randomness"))?;
        let sealed = keyring
            .seal_under(at.salt, at.tenant, nonce, plain)
            .map_err(|_| StoreFault::Damaged("it is too large to seal"))?;
        let record = Record {
            key: at.key(keyring.fingerprint(Purpose::Link, at.tenant, at.name)),
            sealed,
            key_id: keyring.current_id(),
            uses: Uses::UntilExpiry,
            issued: now,
            expires: now.expiry(ttl),
            subject,
            parent,
            ledger: Ledger::new(),
        };
        self.store.put(vec![record]).await
    }

    /// What was kept under this name, whichever key of the keyring sealed it. What does
    /// not open is none: a record of another salt, or a damaged one.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub(super) async fn kept(
        &self,
        at: Beside<'_>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFault> {
        let now = self.clock.now();
        let rules = self.rules.load_full();
        for key in at.keys(&rules.keyring) {
            if let Some(record) = self.store.fetch(&key, now).await? {
                let opened = rules.keyring.open_under(at.salt, at.tenant, &record.sealed);
                return Ok(opened.ok());
            }
        }
        Ok(None)
    }
}
