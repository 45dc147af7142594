//! A reservation in hand: settled by the upstream's answer, or given back.
//!
//! Dropping a lease releases it. A process that dies with one in hand leaves it
//! to the store, which frees it after the lease's bound.

use std::fmt;
use std::sync::Arc;

use super::Vault;
use super::audit::{Entry, Event};
use crate::domain::lease::{LeaseId, Settled};
use crate::store::{RecordKey, StoreFault};

/// What the vault is owed for a `once` or `conversation` handle.
pub struct Lease {
    vault: Arc<Vault>,
    key: RecordKey,
    id: LeaseId,
    state: Hold,
}

#[derive(PartialEq, Eq)]
enum Hold {
    Open,
    Settled,
}

impl Lease {
    pub(super) fn new(vault: Arc<Vault>, key: RecordKey, id: LeaseId) -> Self {
        Self { vault, key, id, state: Hold::Open }
    }

    /// The upstream accepted the request: this use counts.
    ///
    /// # Errors
    /// When the store did not answer. The lease then stays reserved until its
    /// bound, because the payload is upstream already and giving the handle
    /// back would reveal it twice.
    pub async fn commit(mut self) -> Result<Settled, StoreFault> {
        self.state = Hold::Settled;
        let now = self.vault.clock.now();
        self.vault.store.commit(&self.key, &self.id, now).await
    }

    /// The upstream did not accept it: the handle works again.
    ///
    /// # Errors
    /// When the store did not answer; the lease's bound frees it then.
    pub async fn release(mut self) -> Result<Settled, StoreFault> {
        self.state = Hold::Settled;
        give_back(&self.vault, &self.key, &self.id).await
    }

    /// Nothing was revealed with it: given back without a word in the audit.
    pub(super) async fn put_back(mut self) {
        self.state = Hold::Settled;
        let rules = self.vault.rules.load_full();
        // A store that does not answer frees it at its bound.
        let _ = self.vault.store.release(&self.key, &self.id, &rules.terms).await;
    }
}

async fn give_back(vault: &Vault, key: &RecordKey, id: &LeaseId) -> Result<Settled, StoreFault> {
    let rules = vault.rules.load_full();
    let settled = vault.store.release(key, id, &rules.terms).await;
    let outcome = match settled {
        Ok(Settled::Done) => "given-back",
        Ok(Settled::Stale) => "too-late",
        Err(_) => "unavailable",
    };
    vault.note(|now| Entry::new(now, Event::Release, outcome).of(&key.tenant, Some(key.id)));
    settled
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.state == Hold::Settled {
            return;
        }
        // Outside a runtime (the process is going down) the bound frees it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (vault, key, id) = (Arc::clone(&self.vault), self.key.clone(), self.id);
        runtime.spawn(async move {
            // A store that does not answer keeps it reserved until the bound.
            let _ = give_back(&vault, &key, &id).await;
        });
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("id", &self.key.id).finish_non_exhaustive()
    }
}
