//! Issue: a payload goes in, a handle comes out.
//!
//! All or nothing over a batch. The payload is sealed before the store sees it,
//! and the secret that opens it leaves in the handle and stays nowhere here.

use std::time::Duration;

use super::Vault;
use super::audit::{AuditFault, Entry, Event};
use crate::clock::{NoEntropy, random};
use crate::domain::keyring::Keyring;
use crate::domain::lease::Ledger;
use crate::domain::payload::Payload;
use crate::domain::tenant::TenantId;
use crate::domain::time::{Expiry, Timestamp};
use crate::domain::uses::Uses;
use crate::domain::{Claims, Handle, HandleId, KeyId, Purpose, Secret};
use crate::store::{Record, RecordKey, StoreFault};

/// One payload to keep. It has no `Debug`: a subject may be an e-mail address.
pub struct Deposit {
    /// The personal data.
    pub payload: Payload,
    /// How often the handle works.
    pub uses: Uses,
    /// How long it lives. The caller's bounds were checked before.
    pub ttl: Duration,
    /// Whom it is about, for erasure; kept only as a keyed fingerprint.
    pub subject: Option<String>,
    /// What the handle is for.
    pub bait: Bait,
}

/// What a handle is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bait {
    /// To be redeemed.
    No,
    /// To be tried by a thief: it looks like any other and is never redeemed, and a try
    /// raises an alarm.
    Honey,
}

/// What may be issued, whoever asks.
#[derive(Debug, Clone)]
pub struct IssueLimits {
    /// Bytes of one payload's JSON text.
    pub payload_max: usize,
    /// The life of a handle whose caller asks for none; a tenant's `ttl_max`
    /// shortens it.
    pub ttl_default: Duration,
}

impl Default for IssueLimits {
    fn default() -> Self {
        Self { payload_max: 64 * 1024, ttl_default: Duration::from_secs(3600) }
    }
}

/// Payloads in one call: enough for a page of customers, few enough that one
/// call cannot fill a store.
pub const BATCH_MAX: usize = 100;

/// A handle that was issued and stored.
#[derive(Debug)]
pub struct Issued {
    /// What the browser will carry.
    pub handle: Handle,
    /// When it ends.
    pub expires: Expiry,
}

/// Why nothing was issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueFault {
    /// The store refused or did not answer.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// No randomness, no handle.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// The payload could not be sealed.
    #[error("the payload could not be sealed")]
    Seal,
    /// Nobody could look it up later.
    #[error(transparent)]
    Unaudited(#[from] AuditFault),
}

impl Vault {
    /// Seals and stores every deposit, or none, and returns their handles in
    /// the same order.
    ///
    /// # Errors
    /// [`IssueFault`]; nothing is stored then.
    pub async fn issue(
        &self,
        tenant: &TenantId,
        deposits: Vec<Deposit>,
    ) -> Result<Vec<Issued>, IssueFault> {
        self.issue_for(None, tenant, deposits).await
    }

    /// As [`Vault::issue`], for a caller that the audit names.
    ///
    /// # Errors
    /// As [`Vault::issue`].
    pub async fn issue_for(
        &self,
        caller: Option<&str>,
        tenant: &TenantId,
        deposits: Vec<Deposit>,
    ) -> Result<Vec<Issued>, IssueFault> {
        let now = self.clock.now();
        let rules = self.rules.load_full();
        let key_id = rules.keyring.current_id();
        let mut records = Vec::with_capacity(deposits.len());
        let mut issued = Vec::with_capacity(deposits.len());
        for deposit in deposits {
            let (record, handle) = self.prepare(&rules.keyring, key_id, tenant, &deposit, now)?;
            issued.push(Issued { handle, expires: record.expires });
            records.push(record);
        }
        let entry = |now, one: &Issued, outcome| {
            Entry::new(now, Event::Issue, outcome).of(tenant, Some(one.handle.id())).by(caller)
        };
        let say = |now| issued.iter().map(|one| entry(now, one, "issued")).collect();
        self.say(say).await?;
        if let Err(fault) = self.store.put(records).await {
            issued.iter().for_each(|one| self.note(|now| entry(now, one, "failed")));
            return Err(fault.into());
        }
        Ok(issued)
    }

    /// A record and its handle, signed and sealed under this key of the keyring.
    ///
    /// # Errors
    /// [`IssueFault`], also where the keyring has no such key.
    pub(super) fn prepare(
        &self,
        keyring: &Keyring,
        key_id: KeyId,
        tenant: &TenantId,
        deposit: &Deposit,
        now: Timestamp,
    ) -> Result<(Record, Handle), IssueFault> {
        let claims = Claims {
            id: HandleId::from_random(random(&*self.entropy)?),
            secret: Secret::from_random(random(&*self.entropy)?),
            uses: deposit.uses,
            expires: now.expiry(deposit.ttl),
        };
        let expires = claims.expires;
        let handle = keyring.sign_under(key_id, claims, tenant).ok_or(IssueFault::Seal)?;
        let nonce = random(&*self.entropy)?;
        let sealed = match deposit.bait {
            Bait::No => keyring.seal(&handle, tenant, nonce, &deposit.payload),
            Bait::Honey => keyring.seal_honey(&handle, tenant, nonce, &deposit.payload),
        };
        let sealed = sealed.map_err(|_| IssueFault::Seal)?;
        let print =
            |who: &str| keyring.fingerprint_under(key_id, Purpose::Subject, tenant, who.as_bytes());
        let record = Record {
            key: RecordKey { tenant: tenant.clone(), id: handle.id() },
            sealed,
            key_id: handle.key_id(),
            uses: deposit.uses,
            issued: now,
            expires,
            subject: deposit.subject.as_deref().and_then(print),
            parent: None,
            ledger: Ledger::new(),
        };
        Ok((record, handle))
    }
}
