//! One record as it is kept: without its key, which the map has, and with a ledger only where it says more than a count.
//!
//! Never decides anything about a use: the ledger does.

use crate::domain::lease::{Ledger, State};
use crate::domain::seal::Sealed;
use crate::domain::time::{Expiry, Timestamp};
use crate::domain::uses::Uses;
use crate::domain::{Fingerprint, HandleId, KeyId};
use crate::store::{Record, RecordKey, label};

/// A record's content.
pub(super) struct Entry {
    pub(super) sealed: Sealed,
    pub(super) issued: Timestamp,
    pub(super) expires: Expiry,
    pub(super) key_id: KeyId,
    pub(super) uses: Uses,
    pub(super) subject: Option<Fingerprint>,
    pub(super) parent: Option<HandleId>,
    /// Uses so far, while there is no `ledger`.
    redeemed: u32,
    /// None for a handle that is free, nobody's and was never given back: most are, and an `until-expiry` one stays so.
    ledger: Option<Box<Ledger>>,
}

impl Entry {
    pub(super) fn of(record: &Record) -> Self {
        let mut entry = Self {
            sealed: record.sealed.clone(),
            issued: record.issued,
            expires: record.expires,
            key_id: record.key_id,
            uses: record.uses,
            subject: record.subject,
            parent: record.parent,
            redeemed: 0,
            ledger: None,
        };
        entry.keep(record.ledger.clone());
        entry
    }

    /// The record, under the key by which it was found.
    pub(super) fn record(&self, key: RecordKey) -> Record {
        Record {
            key,
            sealed: self.sealed.clone(),
            key_id: self.key_id,
            uses: self.uses,
            issued: self.issued,
            expires: self.expires,
            subject: self.subject,
            parent: self.parent,
            ledger: self.ledger(),
        }
    }

    pub(super) fn label(&self) -> u16 {
        label(self.key_id, self.parent)
    }

    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        !self.expires.passed_at(now)
    }

    /// One step of the ledger's.
    pub(super) fn step<T>(&mut self, step: impl FnOnce(&mut Ledger, Uses) -> T) -> T {
        if let Some(ledger) = &mut self.ledger {
            return step(ledger, self.uses);
        }
        let mut ledger = self.ledger();
        let answer = step(&mut ledger, self.uses);
        self.keep(ledger);
        answer
    }

    fn ledger(&self) -> Ledger {
        let counted = || Ledger { redeemed: self.redeemed, ..Ledger::new() };
        self.ledger.as_deref().cloned().unwrap_or_else(counted)
    }

    fn keep(&mut self, ledger: Ledger) {
        let Ledger { state, binding, redeemed, releases } = &ledger;
        if *state == State::Live && binding.is_none() && *releases == 0 {
            self.redeemed = *redeemed;
            self.ledger = None;
        } else {
            self.ledger = Some(Box::new(ledger));
        }
    }
}
