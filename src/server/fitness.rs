//! Whether the store may be used: nothing passes before its server has said what it is.
//!
//! Found unfit, it stays so until a restart. Never holds a call longer than an operation
//! of that store may take; a look goes on without the call that began it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::key_check::{KeyChecker, Keys};
use super::shelf::{Examiner, Verdict};
use crate::domain::Keyring;
use crate::store::StoreFault;

/// How long a call waits for a store that has no bound of its own.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why a store must not be used, as its log line says it.
pub(super) type Unfit = Arc<str>;

/// How the store was when it was last examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fitness {
    /// It may be used, or is none that can be asked.
    Fit,
    /// It must not be used; every call is refused from then on.
    Unfit,
    /// It could not be asked yet; every call is refused until it says what it is.
    Unknown,
}

/// What stands before a store.
#[derive(Debug)]
pub(super) struct Gate {
    examiner: Option<Examiner>,
    keys: KeyChecker,
    fit: AtomicBool,
    unfit: OnceLock<Unfit>,
    /// Somebody's look is under way.
    looking: AtomicBool,
    looks: watch::Sender<u64>,
}

impl Gate {
    /// Open at once where there is nobody to ask.
    pub(super) fn new(examiner: Option<Examiner>, keys: KeyChecker) -> Arc<Self> {
        let fit = AtomicBool::new(examiner.is_none() && keys.is_idle());
        let (unfit, looking) = (OnceLock::new(), AtomicBool::new(false));
        Arc::new(Self { examiner, keys, fit, unfit, looking, looks: watch::Sender::new(0) })
    }

    /// Why the store must not be used, if it was found so.
    pub(super) fn unfit(&self) -> Option<&str> {
        self.unfit.get().map(|why| &**why)
    }

    /// Asks the server what it is, and whose keys it knows, and logs what it says.
    pub(super) async fn examine(&self) -> Fitness {
        let server = match &self.examiner {
            Some(examiner) => examiner.examine().await,
            None => Verdict::Fit,
        };
        let verdict = match server {
            Verdict::Fit => self.keys.examine().await,
            other @ (Verdict::Unfit(_) | Verdict::Absent) => other,
        };
        self.conclude(verdict);
        self.known()
    }

    /// Whether the keys of a reload are those that the store knows. One that cannot say does not
    /// keep a reload up. Changes nothing.
    ///
    /// # Errors
    /// Why they are not.
    pub(super) async fn admit(&self, keyring: &Keyring) -> Result<(), Unfit> {
        match self.keys.examine_those_of(keyring).await {
            Verdict::Fit | Verdict::Absent => Ok(()),
            Verdict::Unfit(why) => Err(why),
        }
    }

    /// Other keys are in use.
    pub(super) fn rekeyed(&self, keys: Keys) {
        self.keys.take(keys);
    }

    /// Has the store know the keys in use. One that does not answer is asked again before it is
    /// used again.
    pub(super) async fn confirm(&self) {
        let verdict = self.keys.examine().await;
        self.conclude(verdict);
    }

    fn conclude(&self, verdict: Verdict) {
        match verdict {
            Verdict::Fit => self.fit.store(true, Ordering::Release),
            Verdict::Absent => self.fit.store(false, Ordering::Release),
            Verdict::Unfit(why) => {
                // Found twice, it is unfit for the first reason.
                let _ = self.unfit.set(why);
            }
        }
    }

    /// For each operation: whether it may be done. The first one that comes before the
    /// server was asked has it asked.
    pub(super) async fn pass(self: &Arc<Self>) -> Result<(), StoreFault> {
        if self.known() == Fitness::Unknown {
            // Boxed: most calls never come here.
            Box::pin(self.look()).await;
        }
        match self.known() {
            Fitness::Fit => Ok(()),
            Fitness::Unfit => Err(StoreFault::Unreachable("it was found unfit; the log says why")),
            Fitness::Unknown => {
                Err(StoreFault::Unreachable("it has not said yet whether it is fit to be used"))
            }
        }
    }

    fn known(&self) -> Fitness {
        if self.unfit.get().is_some() {
            Fitness::Unfit
        } else if self.fit.load(Ordering::Acquire) {
            Fitness::Fit
        } else {
            Fitness::Unknown
        }
    }

    /// Waits for a look that is under way, or has one begun.
    async fn look(self: &Arc<Self>) {
        let patience = self.examiner.as_ref().map_or(PATIENCE, Examiner::patience);
        // Before anybody's look can end, or its end would be missed.
        let mut looks = self.looks.subscribe();
        if !self.looking.swap(true, Ordering::AcqRel) {
            let gate = Arc::clone(self);
            tokio::spawn(async move {
                gate.examine().await;
                gate.looking.store(false, Ordering::Release);
                gate.looks.send_modify(|count| *count = count.wrapping_add(1));
            });
        }
        // Out of patience or not: what is known by then decides.
        let _ = timeout(patience, looks.changed()).await;
    }
}
