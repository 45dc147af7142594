//! Whether the keyring's keys are those that sealed what the store holds.
//!
//! A key's number is in every handle. Another key under a known number, after a restart with the
//! wrong file, would refuse every handle as forged and leave whoever was issued them to find out:
//! so a store remembers what each key is known by, and one that knows another is not used. It
//! never sees a key. Where it has no room to remember one, it is used all the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::shelf::Verdict;
use crate::domain::keyring::KeyCheck;
use crate::domain::{KeyId, Keyring};
use crate::store::{Census, Knowing, Store, StoreFault, Writers};

/// Asks the store itself, without the gate that this decides.
#[derive(Debug)]
pub(super) struct KeyChecker {
    store: Arc<dyn Store>,
    keys: BTreeMap<KeyId, KeyCheck>,
}

impl KeyChecker {
    pub(super) fn new(store: Arc<dyn Store>, keyring: &Keyring) -> Self {
        Self { store, keys: keyring.checks().collect() }
    }

    /// Whether there is nobody to ask: what this process holds alone it sealed itself.
    pub(super) fn is_idle(&self) -> bool {
        self.store.writers() == Writers::ThisProcess
    }

    /// Of the keys of the start.
    pub(super) async fn examine(&self) -> Verdict {
        self.verdict_of(&self.keys).await
    }

    /// Of the keys of a reload.
    pub(super) async fn examine_those_of(&self, keyring: &Keyring) -> Verdict {
        self.verdict_of(&keyring.checks().collect()).await
    }

    async fn verdict_of(&self, keys: &BTreeMap<KeyId, KeyCheck>) -> Verdict {
        match self.judge(keys).await {
            Ok(None) => Verdict::Fit,
            Ok(Some(why)) => {
                tracing::error!(fault = why, "keyring refused");
                Verdict::Unfit(why.into())
            }
            Err(fault) => {
                tracing::warn!(%fault, "the store cannot say yet whose keys it knows");
                Verdict::Absent
            }
        }
    }

    /// What is wrong with the first key that is not the one that the store knows.
    async fn judge(&self, keys: &BTreeMap<KeyId, KeyCheck>) -> Result<Option<String>, StoreFault> {
        if self.is_idle() {
            return Ok(None);
        }
        let census = self.store.census().await?;
        for (id, check) in keys {
            let known = match self.store.know_key(*id, *check, Knowing::Once).await {
                Err(StoreFault::Full { .. } | StoreFault::NoSpace) => *check,
                known => known?,
            };
            if known == *check {
                continue;
            }
            let sealed = entries(&census, *id);
            if sealed > 0 {
                return Ok(Some(format!(
                    "key {id} of the keyring ({check}) is not the key {id} ({known}) that sealed {sealed} records of \
                     this store: bring back the file of that key, or give the new key a number of its own"
                )));
            }
            // Nothing of the old key is left: the number is free.
            tracing::warn!(key_id = %id, check = %check, before = %known, "another key under a known number");
            self.store.know_key(*id, *check, Knowing::Anew).await?;
        }
        for (id, sealed) in census.by_key.iter().filter(|(id, _)| !keys.contains_key(id)) {
            if *sealed > 0 {
                tracing::warn!(key_id = %id, records = sealed, "sealed under a key that the keyring lacks");
            }
        }
        Ok(None)
    }
}

fn entries(census: &Census, id: KeyId) -> u64 {
    census.by_key.iter().find(|(key, _)| *key == id).map_or(0, |(_, count)| *count)
}
