//! A commit that did not go through: tried again in the background, until the lease's bound.
//!
//! Never holds up an answer, and never tells a request what came of it: the log, the audit and a count
//! are told. A process that ends meanwhile leaves the lease to its bound.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Handle as Runtime;
use tokio::sync::Semaphore;

use super::Vault;
use super::audit::{Entry, Event};
use crate::domain::Timestamp;
use crate::domain::lease::{LeaseId, Settled};
use crate::store::RecordKey;

/// Commits that are tried again at once: some seconds of a busy node's. Each is a task of about a
/// kilobyte; those beyond are given up at once.
pub const PENDING_MAX: usize = 4096;

/// Between the first two tries; doubled from try to try.
const PAUSE: Duration = Duration::from_millis(50);

/// Between tries at most: how long after its return a store may wait for them.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// What became of commits that did not go through at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LateCommits {
    /// The handle's use counts after all, or the handle has ended.
    pub settled: u64,
    /// The lease had ended: the handle may be revealed once more.
    pub too_late: u64,
    /// The store took it neither then nor until the lease's bound: likewise.
    pub given_up: u64,
}

/// The vault's room for tries, and its counts.
#[derive(Debug)]
pub(super) struct Insistence {
    room: Arc<Semaphore>,
    settled: AtomicU64,
    too_late: AtomicU64,
    given_up: AtomicU64,
}

impl Insistence {
    pub(super) fn new() -> Self {
        let [settled, too_late, given_up] = [0; 3].map(AtomicU64::new);
        Self { room: Arc::new(Semaphore::new(PENDING_MAX)), settled, too_late, given_up }
    }

    /// What was counted since this was last asked.
    pub(super) fn take(&self) -> LateCommits {
        let take = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        LateCommits {
            settled: take(&self.settled),
            too_late: take(&self.too_late),
            given_up: take(&self.given_up),
        }
    }
}

/// A commit that the store owes.
pub(super) struct Owed {
    pub(super) vault: Arc<Vault>,
    pub(super) key: RecordKey,
    pub(super) lease: LeaseId,
    /// When the upstream accepted: what a replay is reckoned from.
    pub(super) accepted: Timestamp,
    /// When the lease ends.
    pub(super) until: Timestamp,
}

#[derive(Clone, Copy)]
enum Ended {
    Settled,
    TooLate,
    GivenUp,
}

impl Owed {
    /// Tries again, in the background.
    pub(super) fn insist(self) {
        let place = Arc::clone(&self.vault.insistence.room).try_acquire_owned();
        let (Ok(place), Ok(runtime)) = (place, Runtime::try_current()) else {
            return self.end(Ended::GivenUp);
        };
        runtime.spawn(async move {
            self.end(self.again().await);
            drop(place);
        });
    }

    /// Finds out why the store knows of no such lease.
    pub(super) async fn explain(self) {
        self.end(self.found().await);
    }

    async fn again(&self) -> Ended {
        let mut pause = PAUSE;
        loop {
            let left = self.until.since(self.vault.clock.now());
            tokio::time::sleep(pause.min(left)).await;
            pause = pause.saturating_mul(2).min(PAUSE_MAX);
            // Asked before the try: the last one begins at the bound, while nobody may have taken the handle yet.
            let last = self.vault.clock.now() >= self.until;
            match self.vault.store.commit(&self.key, &self.lease, self.accepted).await {
                Ok(Settled::Done) => return Ended::Settled,
                Ok(Settled::Stale) => return self.found().await,
                Err(_) if last => return Ended::GivenUp,
                Err(_) => {}
            }
        }
    }

    /// A try whose answer was lost has settled it; a handle that was ended is no more to be revealed.
    async fn found(&self) -> Ended {
        match self.vault.store.fetch(&self.key, self.vault.clock.now()).await {
            Ok(None) => Ended::Settled,
            Ok(Some(record)) if record.ledger.redeemed > 0 => Ended::Settled,
            Ok(Some(_)) | Err(_) => Ended::TooLate,
        }
    }

    fn end(&self, ended: Ended) {
        let all = &self.vault.insistence;
        let (count, outcome) = match ended {
            Ended::Settled => (&all.settled, None),
            Ended::TooLate => (&all.too_late, Some("too-late")),
            Ended::GivenUp => (&all.given_up, Some("given-up")),
        };
        count.fetch_add(1, Ordering::Relaxed);
        let Some(outcome) = outcome else { return };
        tracing::error!(handle = %self.key.id, outcome, "a reveal could not be counted: the handle may work again");
        let (tenant, id) = (&self.key.tenant, Some(self.key.id));
        self.vault.note(|now| Entry::new(now, Event::Commit, outcome).of(tenant, id));
    }
}
