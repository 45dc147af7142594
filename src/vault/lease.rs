//! A reservation in hand: settled by the upstream's answer, or given back.
//!
//! Dropping a lease releases it. A process that dies with one in hand leaves it
//! to the store, which frees it after the lease's bound.

use std::fmt;
use std::sync::Arc;

use super::Vault;
use super::audit::{Entry, Event};
use super::insist::Owed;
use crate::domain::lease::{LeaseId, Settled};
use crate::domain::{HandleId, Timestamp};
use crate::store::{RecordKey, StoreFault};

/// What the vault is owed for a `once` or `conversation` handle.
pub struct Lease {
    vault: Arc<Vault>,
    key: RecordKey,
    id: LeaseId,
    until: Timestamp,
    state: Hold,
}

#[derive(PartialEq, Eq)]
enum Hold {
    Open,
    Settled,
}

impl Lease {
    pub(super) fn new(vault: Arc<Vault>, key: RecordKey, id: LeaseId, until: Timestamp) -> Self {
        Self { vault, key, id, until, state: Hold::Open }
    }

    /// The public id of the handle that it is of.
    #[must_use]
    pub fn handle(&self) -> HandleId {
        self.key.id
    }

    /// The upstream has accepted the request: this use counts. What the store does not
    /// take now is tried again in the background until the lease's bound, as a handle
    /// that works again then would be revealed twice; see [`super::insist`].
    ///
    /// # Errors
    /// When the store did not take it now.
    pub async fn commit_surely(mut self) -> Result<Settled, StoreFault> {
        self.state = Hold::Settled;
        let accepted = self.vault.clock.now();
        let settled = self.vault.store.commit(&self.key, &self.id, accepted).await;
        let (vault, key) = (Arc::clone(&self.vault), self.key.clone());
        let owed = Owed { vault, key, lease: self.id, accepted, until: self.until };
        match settled {
            Ok(Settled::Done) => {}
            Ok(Settled::Stale) => owed.explain().await,
            Err(_) => owed.insist(),
        }
        settled
    }

    /// The request is about to be sent, and this use counts whatever becomes of it. It is
    /// not to be sent where this is [`Settled::Stale`]: the handle has ended meanwhile, or
    /// the lease has, and somebody else may have the handle.
    ///
    /// # Errors
    /// When the store did not answer: then it is not to be sent. The lease stays
    /// reserved until its bound.
    pub async fn commit(mut self) -> Result<Settled, StoreFault> {
        self.state = Hold::Settled;
        let now = self.vault.clock.now();
        match self.vault.store.commit(&self.key, &self.id, now).await? {
            Settled::Done => Ok(Settled::Done),
            Settled::Stale => self.settled_before(now).await,
        }
    }

    /// Why the store knows of no such lease. A store may have done a commit whose answer it
    /// could not give, and have been asked again: while the lease's time is not over nobody
    /// else can have settled it.
    async fn settled_before(&self, now: Timestamp) -> Result<Settled, StoreFault> {
        let found = self.vault.store.fetch(&self.key, now).await?;
        let used = found.is_some_and(|record| record.ledger.redeemed > 0);
        Ok(if used && now < self.until { Settled::Done } else { Settled::Stale })
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
