//! What is learnt with a handle and kept beside it: sealed, bounded in time, and
//! forgotten when the handle is revoked or its person erased.
//!
//! It is found by a keyed fingerprint of a name and opens with a salt that the store
//! does not hold. Never kept for a handle that is gone by the time that it is kept.

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::Vault;
use crate::clock::random;
use crate::domain::keyring::Keyring;
use crate::domain::lease::Ledger;
use crate::domain::tenant::TenantId;
use crate::domain::time::Timestamp;
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

    fn keys(&self, keyring: &Keyring) -> Vec<RecordKey> {
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

/// Whose something is: the handle that it was learnt with, or the one behind that, and
/// the person whom that is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) parent: HandleId,
    pub(super) subject: Option<Fingerprint>,
    /// The record that says so: of the handle itself, or of what was learnt with it.
    pub(super) said_by: HandleId,
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
        match self.place_for(owner, record, siblings_max).await? {
            None => Ok(Kept::Gone),
            Some(Placed::Kept) => Ok(Kept::Now),
            Some(Placed::Unmet) => Ok(Kept::Taken),
            Some(Placed::Crowded(crowd)) => Err(crowd.into()),
        }
    }

    /// Places a record that belongs to `owner`, and takes it away again if that was
    /// revoked meanwhile, through this node or another: what it was revoked with did not
    /// know of this one. Nothing is kept then, and nothing is answered.
    ///
    /// # Errors
    /// [`StoreFault`]; if it comes from the second look, the record may stay until its
    /// time is over, and the call that it was learnt in does not pass.
    pub(super) async fn place_for(
        &self,
        owner: Owner,
        record: Record,
        siblings_max: u64,
    ) -> Result<Option<Placed>, StoreFault> {
        let (key, now) = (record.key.clone(), record.issued);
        let witness = self.witness(&key.tenant, owner, now).await?;
        let placed = self.store.place(record, When::Absent { siblings_max }).await?;
        if placed == Placed::Kept && !self.store.has(&witness, now).await? {
            self.store.remove(&key, now).await?;
            return Ok(None);
        }
        Ok(Some(placed))
    }

    /// The record that goes first when an owner is revoked: the handle's, or of one that
    /// ended in its time the one that it was known from.
    async fn witness(
        &self,
        tenant: &TenantId,
        owner: Owner,
        now: Timestamp,
    ) -> Result<RecordKey, StoreFault> {
        let key = |id| RecordKey { tenant: tenant.clone(), id };
        let parent = key(owner.parent);
        let is_parent = owner.said_by == owner.parent || self.store.has(&parent, now).await?;
        Ok(if is_parent { parent } else { key(owner.said_by) })
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
        let nobody = Owner { parent: key.id, subject: None, said_by: key.id };
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

    /// Who owns what is learnt with a handle; nobody when that is gone. What is learnt
    /// with a wrapped value belongs to whom that belongs to.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub(super) async fn owner(
        &self,
        tenant: &TenantId,
        handle: HandleId,
    ) -> Result<Option<Owner>, StoreFault> {
        let key = RecordKey { tenant: tenant.clone(), id: handle };
        let record = self.store.fetch(&key, self.clock.now()).await?;
        Ok(record.map(|record| Owner {
            parent: record.parent.unwrap_or(handle),
            subject: record.subject,
            said_by: handle,
        }))
    }

    /// A record that is kept beside a handle, to be placed.
    ///
    /// # Errors
    /// [`StoreFault`] where there is no randomness, or the text is too long.
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
        let sealed = keyring
            .seal_under(at.salt, at.tenant, nonce, plain)
            .map_err(|_| StoreFault::Damaged("it is too large to seal"))?;
        Ok(Record {
            key: at.key(keyring.fingerprint(Purpose::Link, at.tenant, at.name)),
            sealed,
            key_id: keyring.current_id(),
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
