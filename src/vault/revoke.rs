//! Revoke and inspect: what a trusted back end may do with a handle's id.
//!
//! Neither needs the handle itself, neither can open a payload, and a tenant
//! that asks for another's id is told what it would be told of none.

use super::Vault;
use super::audit::{AuditFault, Entry, Event};
use crate::domain::lease::Standing;
use crate::domain::tenant::TenantId;
use crate::domain::time::{Expiry, Timestamp};
use crate::domain::uses::Uses;
use crate::domain::{HandleId, Purpose};
use crate::store::{Record, RecordKey, StoreFault};

/// A handle's state, without its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Its public id.
    pub id: HandleId,
    /// How often it works.
    pub uses: Uses,
    /// Where it stands at the time of asking.
    pub state: Standing,
    /// When it ends.
    pub expires: Expiry,
    /// When it was issued.
    pub issued: Timestamp,
    /// Committed redeems so far.
    pub redeemed: u32,
}

/// Handles that one export tells of: more than a person has chats in the longest life of
/// a handle, few enough for one answer.
pub const EXPORT_MAX: usize = 1000;

/// Why it is unknown whether anything has ended, or why nothing has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndFault {
    /// The store did not answer: some may have ended, so ask again.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// Nothing has ended: nobody could look it up later.
    #[error(transparent)]
    Unaudited(#[from] AuditFault),
}

impl Vault {
    /// The state of a handle, or nothing when the tenant has none of that id.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn inspect(
        &self,
        tenant: &TenantId,
        id: HandleId,
    ) -> Result<Option<Inspection>, StoreFault> {
        let now = self.clock.now();
        let key = RecordKey { tenant: tenant.clone(), id };
        let record = self.store.fetch(&key, now).await?;
        Ok(record.map(|record| self.inspection(&record, now)))
    }

    /// The handles that were issued about a subject and have not ended, the oldest first,
    /// at most [`EXPORT_MAX`].
    ///
    /// # Errors
    /// [`EndFault`]; the audit says that it was asked.
    pub async fn export_for(
        &self,
        caller: Option<&str>,
        tenant: &TenantId,
        subject: &str,
    ) -> Result<Vec<Inspection>, EndFault> {
        let told = |now| vec![Entry::new(now, Event::Export, "asked").of(tenant, None).by(caller)];
        self.say(told).await?;
        let (now, rules) = (self.clock.now(), self.rules.load_full());
        let prints = rules.keyring.fingerprints(Purpose::Subject, tenant, subject.as_bytes());
        let found = self.store.of_subject(tenant, &prints, now, EXPORT_MAX).await?;
        let mut all: Vec<_> = found.iter().map(|record| self.inspection(record, now)).collect();
        all.sort_unstable_by_key(|one| (one.issued, one.id));
        Ok(all)
    }

    fn inspection(&self, record: &Record, now: Timestamp) -> Inspection {
        Inspection {
            id: record.key.id,
            uses: record.uses,
            state: record.ledger.state_at(now, &self.rules.load().terms),
            expires: record.expires,
            issued: record.issued,
            redeemed: record.ledger.redeemed,
        }
    }

    /// Ends a handle; whether there was one to end.
    ///
    /// # Errors
    /// [`EndFault`].
    pub async fn revoke(&self, tenant: &TenantId, id: HandleId) -> Result<bool, EndFault> {
        self.revoke_for(None, tenant, id).await
    }

    /// As [`Vault::revoke`], for a caller that the audit names.
    ///
    /// # Errors
    /// [`EndFault`].
    pub async fn revoke_for(
        &self,
        caller: Option<&str>,
        tenant: &TenantId,
        id: HandleId,
    ) -> Result<bool, EndFault> {
        let entry =
            |now, outcome| Entry::new(now, Event::Revoke, outcome).of(tenant, Some(id)).by(caller);
        self.say(|now| vec![entry(now, "asked")]).await?;
        let key = RecordKey { tenant: tenant.clone(), id };
        let removed = self.store.remove(&key, self.clock.now()).await;
        let outcome = match removed {
            Ok(true) => "done",
            Ok(false) => "absent",
            Err(_) => "unavailable",
        };
        self.note(|now| entry(now, outcome));
        Ok(removed?)
    }

    /// Ends every handle that was issued about a subject; how many.
    ///
    /// # Errors
    /// [`EndFault`].
    pub async fn revoke_subject(&self, tenant: &TenantId, subject: &str) -> Result<u64, EndFault> {
        self.revoke_subject_for(None, tenant, subject).await
    }

    /// As [`Vault::revoke_subject`], for a caller that the audit names. The audit does not
    /// name the subject.
    ///
    /// # Errors
    /// [`EndFault`].
    pub async fn revoke_subject_for(
        &self,
        caller: Option<&str>,
        tenant: &TenantId,
        subject: &str,
    ) -> Result<u64, EndFault> {
        let entry =
            |now, outcome| Entry::new(now, Event::Erase, outcome).of(tenant, None).by(caller);
        self.say(|now| vec![entry(now, "asked")]).await?;
        let rules = self.rules.load_full();
        let prints = rules.keyring.fingerprints(Purpose::Subject, tenant, subject.as_bytes());
        let removed = self.store.remove_subject(tenant, &prints, self.clock.now()).await;
        match removed {
            Ok(count) => self.note(|now| entry(now, "done").counting(count)),
            Err(_) => self.note(|now| entry(now, "unavailable")),
        }
        Ok(removed?)
    }

    /// Ends every handle of a tenant, with all that was learnt with them; how many.
    ///
    /// # Errors
    /// [`EndFault`].
    pub async fn revoke_tenant_for(
        &self,
        caller: Option<&str>,
        tenant: &TenantId,
    ) -> Result<u64, EndFault> {
        let entry =
            |now, outcome| Entry::new(now, Event::EraseTenant, outcome).of(tenant, None).by(caller);
        self.say(|now| vec![entry(now, "asked")]).await?;
        let removed = self.store.remove_tenant(tenant, self.clock.now()).await;
        match removed {
            Ok(count) => self.note(|now| entry(now, "done").counting(count)),
            Err(_) => self.note(|now| entry(now, "unavailable")),
        }
        Ok(removed?)
    }
}
