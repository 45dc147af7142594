//! What is learnt with a handle and kept beside it: sealed, bounded in time, and
//! forgotten when the handle is revoked or its person erased.
//!
//! It is found by a keyed fingerprint of a name and opens with a salt that the store
//! does not hold. Never kept for a handle that is gone by the time that it is kept.

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::Vault;
use super::owner::Owner;
use crate::clock::random;
use crate::domain::keyring::Keyring;
use crate::domain::lease::Ledger;
use crate::domain::tenant::TenantId;
use crate::domain::uses::Uses;
use crate::domain::{Expiry, Fingerprint, HandleId, Purpose};
use crate::store::place::{Crowd, Placed, When};
use crate::store::{Record, RecordKey, StoreFault};

/// Records beside a handle from which on no further conversation is linked with it: a
/// page's handle serves one chat, and a reload or a second tab begins another. Polls
/// begin none.
pub const LINKED_MAX: u64 = 64;

/// Records beside a handle from which on nothing else is kept there: wrapped values, of
/// which a vendor may hand out another with every answer, and a vendor's own keys.
pub const LEARNT_MAX: u64 = 1024;

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

    pub(super) fn keys(&self, keyring: &Keyring) -> Vec<RecordKey> {
        let prints = keyring.fingerprints(Purpose::Link, self.tenant, self.name);
        prints.into_iter().map(|print| self.key(print)).collect()
    }
}

/// Why something that has to be remembered cannot be: what depends on it must not happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LearnFault {
    /// The store did not answer, or is full.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// As much as may be is kept beside its handle already.
    #[error("too much is kept beside the handle")]
    Handle,
    /// Its conversation has as many payloads as may be.
    #[error("the conversation has too many payloads")]
    Conversation,
    /// Its handle ended before what it revealed could be remembered.
    #[error("the handle has expired")]
    Expired,
    /// Its handle was revoked before that.
    #[error("the handle was revoked")]
    Revoked,
    /// What is learnt may take no more of the store.
    #[error("what is learnt may take no more of the store")]
    Share,
}

impl From<Crowd> for LearnFault {
    fn from(crowd: Crowd) -> Self {
        match crowd {
            Crowd::Parent => Self::Handle,
            Crowd::Share => Self::Share,
        }
    }
}

/// What became of something that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is kept from now on.
    Now,
    /// Something is kept under its name already.
    Taken,
    /// Nothing is kept: its handle is gone.
    Gone,
}

impl Vault {
    /// Keeps `plain` until `ttl` has passed or its handle `learnt_with` is revoked, if
    /// nothing is kept there. Nothing is kept when that handle is gone by then.
    ///
    /// # Errors
    /// [`LearnFault`]; nothing is kept then.
    pub(super) async fn keep(
        &self,
        at: Beside<'_>,
        learnt_with: HandleId,
        ttl: Duration,
        plain: &[u8],
        siblings_max: u64,
    ) -> Result<Kept, LearnFault> {
        let Some(owner) = self.owner(at.tenant, learnt_with).await? else {
            return Ok(Kept::Gone);
        };
        let expires = self.clock.now().expiry(ttl);
        let record = self.sealed_beside(at, owner, expires, plain)?;
        let key = record.key.clone();
        match self.place_for(owner, record, siblings_max).await? {
            None => Ok(Kept::Gone),
            Some(Placed::Kept) if self.is_alone(at, &key).await? => Ok(Kept::Now),
            Some(Placed::Kept) => {
                self.store.remove(&key, self.clock.now()).await?;
                Ok(Kept::Taken)
            }
            Some(Placed::Unmet) => Ok(Kept::Taken),
            Some(Placed::Crowded(crowd)) => Err(crowd.into()),
        }
    }

    /// Whether nothing is kept under the names that other keys give it: of two who keep
    /// something there at once, at least one sees the other's.
    pub(super) async fn is_alone(
        &self,
        at: Beside<'_>,
        key: &RecordKey,
    ) -> Result<bool, StoreFault> {
        let rules = self.rules.load_full();
        for other in at.keys(&rules.keyring) {
            if other != *key && self.store.has(&other, self.clock.now()).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Says that there is something of this name, until `expires` or for as long as it was
    /// said before. It belongs to nobody, so that it stays when what it tells of is revoked
    /// or erased; `note` must tell nothing of a person.
    ///
    /// # Errors
    /// As [`Vault::keep`].
    pub(super) async fn say_kept(
        &self,
        at: Beside<'_>,
        expires: Expiry,
        note: &[u8],
    ) -> Result<(), LearnFault> {
        let key = at.key(self.rules.load().keyring.fingerprint(Purpose::Link, at.tenant, at.name));
        let nobody = Owner::nobody(key.id, &self.rules.load().keyring);
        let record = self.sealed_beside(at, nobody, expires, note)?;
        // Gone between the look and the step: once more.
        for _ in 0..2 {
            let known = self.store.fetch(&key, record.issued).await?;
            let when = match known {
                Some(known) if known.expires >= expires => return Ok(()),
                Some(_) => When::Present,
                None => When::Absent { siblings_max: u64::MAX },
            };
            match self.store.place(record.clone(), when).await? {
                Placed::Kept => return Ok(()),
                Placed::Unmet => {}
                Placed::Crowded(crowd) => return Err(crowd.into()),
            }
        }
        Ok(())
    }

    /// Whether more may be kept beside a handle.
    ///
    /// # Errors
    /// [`LearnFault`]: then nothing is to be done that would have to be remembered.
    pub(super) async fn room_beside(
        &self,
        tenant: &TenantId,
        handle: HandleId,
        siblings_max: u64,
    ) -> Result<(), LearnFault> {
        let Some(owner) = self.owner(tenant, handle).await? else { return Ok(()) };
        let parent = RecordKey { tenant: tenant.clone(), id: owner.parent };
        let crowd = self.store.room(&parent, self.clock.now(), siblings_max).await?;
        crowd.map_or(Ok(()), |crowd| Err(crowd.into()))
    }

    /// A record that is kept beside a handle, to be placed.
    ///
    /// # Errors
    /// [`StoreFault`] where there is no randomness, the key is gone, or the text is too long.
    pub(super) fn sealed_beside(
        &self,
        at: Beside<'_>,
        owner: Owner,
        expires: Expiry,
        plain: &[u8],
    ) -> Result<Record, StoreFault> {
        let rules = self.rules.load_full();
        let keyring = &rules.keyring;
        let nonce = random(&*self.entropy).map_err(|_| StoreFault::Unreachable("no randomness"))?;
        let key_id = owner.key_in(keyring);
        let print = keyring.fingerprint_under(key_id, Purpose::Link, at.tenant, at.name);
        let print = print.ok_or(StoreFault::Unreachable("its handle's key was dropped"))?;
        let sealed = keyring
            .seal_under(key_id, at.salt, at.tenant, nonce, plain)
            .map_err(|_| StoreFault::Damaged("it is too large to seal"))?;
        Ok(Record {
            key: at.key(print),
            sealed,
            key_id,
            uses: Uses::UntilExpiry,
            issued: self.clock.now(),
            expires,
            subject: owner.subject,
            parent: Some(owner.parent),
            ledger: Ledger::new(),
        })
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
        Ok(self.found(at).await?.map(|(_, text)| text))
    }

    /// As [`Vault::kept`], with the record that it stands in.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub(super) async fn found(
        &self,
        at: Beside<'_>,
    ) -> Result<Option<(Arc<Record>, Zeroizing<Vec<u8>>)>, StoreFault> {
        let now = self.clock.now();
        let rules = self.rules.load_full();
        for key in at.keys(&rules.keyring) {
            if let Some(record) = self.store.fetch(&key, now).await? {
                let opened = rules.keyring.open_under(at.salt, at.tenant, &record.sealed);
                return Ok(opened.ok().map(|text| (record, text)));
            }
        }
        Ok(None)
    }
}
