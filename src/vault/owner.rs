//! Whose what is learnt is: the handle that it was learnt with, and that handle's person.
//!
//! A person's fingerprint is made by one key of the keyring, and erasing finds it only while
//! that key is there. So what carries one is kept under the same key, counts as needing it,
//! and is never given to another.

use super::Vault;
use crate::domain::keyring::Keyring;
use crate::domain::tenant::TenantId;
use crate::domain::time::Timestamp;
use crate::domain::{Fingerprint, HandleId, KeyId};
use crate::store::place::{Placed, When};
use crate::store::{Record, RecordKey, StoreFault};

/// Whose something is: the handle that it was learnt with, or the one behind that, and
/// the person whom that is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) parent: HandleId,
    pub(super) subject: Option<Fingerprint>,
    /// The key that made that fingerprint, where there is one.
    key_id: KeyId,
    /// The record that says so: of the handle itself, or of what was learnt with it.
    pub(super) said_by: HandleId,
}

impl Owner {
    /// Whose is learnt with what this record holds.
    pub(super) fn of(record: &Record) -> Self {
        let (said_by, key_id) = (record.key.id, record.key_id);
        let parent = record.parent.unwrap_or(said_by);
        Self { parent, subject: record.subject, key_id, said_by }
    }

    /// Nobody, for a record that belongs to itself.
    pub(super) fn nobody(id: HandleId, keyring: &Keyring) -> Self {
        Self { parent: id, subject: None, key_id: keyring.current_id(), said_by: id }
    }

    /// The key that what it owns is kept under.
    pub(super) fn key_in(&self, keyring: &Keyring) -> KeyId {
        match self.subject {
            Some(_) => self.key_id,
            None => keyring.current_id(),
        }
    }
}

impl Vault {
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
        Ok(record.map(|record| Owner::of(&record)))
    }
}
