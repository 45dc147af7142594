//! Revoke and inspect: what a trusted back end may do with a handle's id.
//!
//! Neither needs the handle itself, neither can open a payload, and a tenant
//! that asks for another's id is told what it would be told of none.

use super::Vault;
use crate::domain::lease::Standing;
use crate::domain::tenant::TenantId;
use crate::domain::time::{Expiry, Timestamp};
use crate::domain::uses::Uses;
use crate::domain::{HandleId, Purpose};
use crate::store::{RecordKey, StoreFault};

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
        Ok(record.map(|record| Inspection {
            id,
            uses: record.uses,
            state: record.ledger.state_at(now, &self.rules.load().terms),
            expires: record.expires,
            issued: record.issued,
            redeemed: record.ledger.redeemed,
        }))
    }

    /// Ends a handle; whether there was one to end.
    ///
    /// # Errors
    /// When the store cannot be reached: it is unknown then, so ask again.
    pub async fn revoke(&self, tenant: &TenantId, id: HandleId) -> Result<bool, StoreFault> {
        let key = RecordKey { tenant: tenant.clone(), id };
        self.store.remove(&key, self.clock.now()).await
    }

    /// Ends every handle that was issued about a subject; how many.
    ///
    /// # Errors
    /// When the store cannot be reached: some may be gone, so ask again.
    pub async fn revoke_subject(
        &self,
        tenant: &TenantId,
        subject: &str,
    ) -> Result<u64, StoreFault> {
        let rules = self.rules.load_full();
        let prints = rules.keyring.fingerprints(Purpose::Subject, tenant, subject.as_bytes());
        self.store.remove_subject(tenant, &prints, self.clock.now()).await
    }
}
