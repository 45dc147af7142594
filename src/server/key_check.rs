//! Whether the keyring's keys are those that the store was used with before.
//!
//! A key's number is in every handle. Another key under a known number, after a restart with the
//! wrong file, would refuse every handle as forged and leave whoever was issued them to find out:
//! so a store remembers what each key is known by, and is not used with another. It never sees a
//! key, and never forgets one: a number is spent. Where it has no room to remember one, it is
//! used all the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::shelf::Verdict;
use crate::domain::keyring::KeyCheck;
use crate::domain::{KeyId, Keyring};
use crate::store::{Store, StoreFault, Writers};

/// What each key is known by.
pub(super) type Keys = BTreeMap<KeyId, KeyCheck>;

/// Asks the store itself, without the gate that this decides.
#[derive(Debug)]
pub(super) struct KeyChecker {
    store: Arc<dyn Store>,
    /// Those in use.
    keys: ArcSwap<Keys>,
}

impl KeyChecker {
    pub(super) fn new(store: Arc<dyn Store>, keyring: &Keyring) -> Self {
        Self { store, keys: ArcSwap::from_pointee(keyring.checks().collect()) }
    }

    /// Whether there is nobody to ask: what this process holds alone it sealed itself.
    pub(super) fn is_idle(&self) -> bool {
        self.store.writers() == Writers::ThisProcess
    }

    /// Takes other keys for those in use.
    pub(super) fn take(&self, keys: Keys) {
        self.keys.store(Arc::new(keys));
    }

    /// Whether the keys in use are those that the store knows, which has it know them all.
    pub(super) async fn examine(&self) -> Verdict {
        let keys = self.keys.load_full();
        let verdict = self.verdict_of(&keys).await;
        if verdict != Verdict::Fit || self.is_idle() {
            return verdict;
        }
        match self.remember(&keys).await {
            Ok(verdict) => verdict,
            Err(fault) => absent(&fault),
        }
    }

    /// Whether these could be taken. Changes nothing.
    pub(super) async fn examine_those_of(&self, keyring: &Keyring) -> Verdict {
        self.verdict_of(&keyring.checks().collect()).await
    }

    async fn verdict_of(&self, keys: &Keys) -> Verdict {
        if self.is_idle() {
            return Verdict::Fit;
        }
        for (id, check) in keys {
            match self.store.known_key(*id).await {
                Ok(Some(known)) if known != *check => return unfit(*id, *check, known),
                Ok(Some(_) | None) => {}
                Err(fault) => return absent(&fault),
            }
        }
        Verdict::Fit
    }

    async fn remember(&self, keys: &Keys) -> Result<Verdict, StoreFault> {
        for (id, check) in keys {
            match self.store.know_key(*id, *check).await {
                Err(StoreFault::Full { .. } | StoreFault::NoSpace) => {
                    tracing::warn!(key_id = %id, "the store has no room to remember what a key is known by");
                }
                // Another node was there first.
                known => match known? {
                    known if known == *check => {}
                    known => return Ok(unfit(*id, *check, known)),
                },
            }
        }
        for (id, records) in self.store.census().await?.by_key {
            if records > 0 && !keys.contains_key(&id) {
                tracing::warn!(key_id = %id, records, "sealed under a key that the keyring lacks");
            }
        }
        Ok(Verdict::Fit)
    }
}

fn unfit(id: KeyId, check: KeyCheck, known: KeyCheck) -> Verdict {
    let why = format!(
        "key {id} of the keyring ({check}) is not the key {id} ({known}) that this store was used with: bring back \
         the file of that key, or give the new key a number of its own"
    );
    tracing::error!(fault = why, "keyring refused");
    Verdict::Unfit(why.into())
}

fn absent(fault: &StoreFault) -> Verdict {
    tracing::warn!(%fault, "the store cannot say yet which keys it was used with");
    Verdict::Absent
}
