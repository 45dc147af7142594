//! The vault: issue, redeem, revoke. Handles in, payloads out, and the only
//! place where a handle, a key and a sealed record meet.
//!
//! It never sees HTTP, never decides what a rejection looks like, and never
//! tells two refused handles apart to anybody but the operator's log.

pub mod audit;
pub mod beside;
pub mod insist;
pub mod issue;
pub mod lease;
pub mod link;
pub mod newest;
mod owner;
mod places;
pub mod redeem;
mod refuse;
pub mod relay;
pub mod renew;
pub mod revoke;
pub mod tenancy;
mod unusable;
pub mod wrap;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;

use self::audit::{Audit, AuditFault, Entry, Event};
use self::insist::{Insistence, LateCommits};
use crate::clock::{Clock, Entropy};
use crate::domain::keyring::Keyring;
use crate::domain::lease::Terms;
use crate::domain::{KeyCheck, KeyId, Timestamp};
use crate::store::{Census, Store, StoreFault, Writers};

/// Issues and redeems handles over one store, under one keyring.
pub struct Vault {
    store: Arc<dyn Store>,
    rules: ArcSwap<Rules>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// None where the operator keeps no audit.
    audit: Option<Arc<dyn Audit>>,
    /// How many times this node has written links.
    links_written: AtomicU64,
    /// For commits that did not go through.
    insistence: Insistence,
}

/// What a reload may change, swapped as one.
#[derive(Debug)]
struct Rules {
    keyring: Keyring,
    terms: Terms,
    /// Every key that this process has had, by number.
    known: BTreeMap<KeyId, KeyCheck>,
}

/// A keyring that must not be taken: what the key of this number signed and sealed before would
/// all be refused, as forged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("key {0} is another key than the one of that number before; a new key needs a new number")]
pub struct KeyReplaced(pub KeyId);

impl Vault {
    /// A vault over `store`. Cloning the `Arc`s is all the sharing there is.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        keyring: Keyring,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        terms: Terms,
    ) -> Self {
        let known = keyring.checks().collect();
        let rules = ArcSwap::from_pointee(Rules { keyring, terms, known });
        let (links_written, insistence) = (AtomicU64::new(0), Insistence::new());
        Self { store, rules, clock, entropy, audit: None, links_written, insistence }
    }

    /// The same vault, that issues, reveals and revokes nothing which `audit` does not take.
    #[must_use]
    pub fn audited(self, audit: Arc<dyn Audit>) -> Self {
        Self { audit: Some(audit), ..self }
    }

    /// Takes another keyring and other terms, for every call that begins from now
    /// on. A handle whose key is not in the new keyring is refused from then on.
    ///
    /// # Errors
    /// [`KeyReplaced`] where another key has a number that this process knows; nothing is
    /// taken then, and the audit says so.
    pub fn rekey(&self, keyring: Keyring, terms: Terms) -> Result<(), KeyReplaced> {
        let before = self.rules.load_full();
        let checks = |keyring: &Keyring| keyring.checks().collect::<Vec<_>>();
        let after = checks(&keyring);
        let is_other = |(id, check): &&(KeyId, KeyCheck)| {
            before.known.get(id).is_some_and(|known| known != check)
        };
        if let Some((id, _)) = after.iter().find(is_other) {
            self.refuse_keys(&keyring);
            return Err(KeyReplaced(*id));
        }
        if let Some(audit) = &self.audit {
            audit.rekey(keyring.audit_key());
        }
        let known = before.known.iter().map(|(id, check)| (*id, *check));
        let known = known.chain(after.iter().copied()).collect();
        self.rules.store(Arc::new(Rules { keyring, terms, known }));
        if checks(&before.keyring) != after {
            self.note(|now| Entry::new(now, Event::Keys, "taken").naming(after));
        }
        Ok(())
    }

    /// Tells the audit of a keyring that is not taken.
    pub fn refuse_keys(&self, keyring: &Keyring) {
        let keys: Vec<_> = keyring.checks().collect();
        self.note(|now| Entry::new(now, Event::Keys, "refused").naming(keys));
    }

    /// Whether what the vault is about to do would be audited.
    ///
    /// # Errors
    /// [`AuditFault`]: then it is not to be done.
    pub fn audit_ready(&self) -> Result<(), AuditFault> {
        self.audit.as_ref().map_or(Ok(()), |audit| audit.ready())
    }

    /// Has the audit take what is about to be done. Nothing is made where there is none.
    async fn say(&self, make: impl FnOnce(Timestamp) -> Vec<Entry>) -> Result<(), AuditFault> {
        let Some(audit) = &self.audit else { return Ok(()) };
        let entries = make(self.clock.now());
        audit.say(entries).await
    }

    /// Tells the audit what has happened.
    pub fn note(&self, make: impl FnOnce(Timestamp) -> Entry) {
        if let Some(audit) = &self.audit {
            audit.note(make(self.clock.now()));
        }
    }

    /// The clock that decides expiry, shared with whoever logs or measures.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Where randomness comes from, shared with whoever draws a mask key.
    #[must_use]
    pub fn entropy(&self) -> &Arc<dyn Entropy> {
        &self.entropy
    }

    /// A number that is another one once anybody has written links of any conversation: who
    /// has looked at one's links need not look again before. Nothing where others write to
    /// the store, of whom this node does not hear.
    #[must_use]
    pub fn links_written(&self) -> Option<u64> {
        match self.store.writers() {
            Writers::ThisProcess => Some(self.links_written.load(Ordering::Acquire)),
            Writers::Others => None,
        }
    }

    /// What became of commits that did not go through at once, since this was last asked.
    #[must_use]
    pub fn take_late_commits(&self) -> LateCommits {
        self.insistence.take()
    }

    /// How full the store is.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn census(&self) -> Result<Census, StoreFault> {
        self.store.census().await
    }

    /// Has the store forget some of what has expired by now; how many records.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn sweep(&self) -> Result<u32, StoreFault> {
        self.store.sweep(self.clock.now()).await
    }

    /// Whether a handle could be issued and redeemed now.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn probe(&self) -> Result<(), StoreFault> {
        self.store.probe().await
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("store", &self.store)
            .field("rules", &self.rules.load())
            .finish()
    }
}
