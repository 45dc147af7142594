//! Redeem: a handle goes in, its payload comes out, at most as often as it may.
//!
//! The MAC is checked before the store is asked, so a forged handle costs no
//! store call. Every refusal has a reason for the operator's log and none for
//! the browser.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Vault;
use super::audit::{AuditFault, Entry, Event, Scene};
use super::lease::Lease;
use crate::clock::random;
use crate::domain::keyring::{Keyring, Verified};
use crate::domain::lease::{Ask, Granted, LeaseId};
use crate::domain::payload::Payload;
use crate::domain::tenant::TenantId;
use crate::domain::time::Timestamp;
use crate::domain::uses::Uses;
use crate::domain::{Fingerprint, Handle, HandleId, Purpose};
use crate::store::{RecordKey, Reserved, StoreFault};

pub use super::unusable::Unusable;

/// What is known of the request that carries the handle. Borrowed, and hashed
/// only for the handles that need it.
#[derive(Clone, Copy)]
pub struct Carrier<'r> {
    /// Everything that makes it "the same request": client, method, target, body.
    pub request: &'r [&'r [u8]],
    /// What its conversation is known by, where the dialect finds it.
    pub binding: Option<&'r [u8]>,
}

/// A payload that may be revealed in one request.
#[derive(Debug)]
pub struct Redeemed {
    /// The personal data.
    pub payload: Arc<Payload>,
    /// The handle's public id, for the log.
    pub id: HandleId,
    /// The handle itself, which takes its payload's place in answers.
    pub handle: Handle,
    /// The handle's life is in the upstream's hands until this is settled.
    pub lease: Option<Lease>,
}

/// Why a handle was not redeemed. To the browser all of [`Unusable`] is one answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedeemFault {
    /// The handle is no good.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// The store did not answer, or there was no randomness for a lease.
    #[error(transparent)]
    Unavailable(#[from] StoreFault),
    /// Nobody could look it up later.
    #[error(transparent)]
    Unaudited(#[from] AuditFault),
}

impl Vault {
    /// Redeems the handle spelled by `text` for a request of `tenant`.
    ///
    /// # Errors
    /// [`RedeemFault::Unusable`] when the handle is refused,
    /// [`RedeemFault::Unavailable`] when it could not be decided.
    pub async fn redeem(
        self: &Arc<Self>,
        tenant: &TenantId,
        text: &str,
        carrier: Carrier<'_>,
    ) -> Result<Redeemed, RedeemFault> {
        self.redeem_at(None, tenant, text, carrier).await
    }

    /// Whether a handle is genuine and not too old, which costs no store call. Whether
    /// it can still be redeemed, only [`Vault::redeem`] says.
    ///
    /// # Errors
    /// Why not.
    pub fn look_over(&self, tenant: &TenantId, text: &str) -> Result<(), Unusable> {
        let handle = Handle::parse(text).map_err(|_| Unusable::Malformed)?;
        let rules = self.rules.load();
        rules.keyring.verify_at(&handle, tenant, self.clock.now())?;
        Ok(())
    }

    /// As [`Vault::redeem`], where the audit is to say where it was.
    ///
    /// # Errors
    /// As [`Vault::redeem`].
    pub async fn redeem_at(
        self: &Arc<Self>,
        scene: Option<Scene<'_>>,
        tenant: &TenantId,
        text: &str,
        carrier: Carrier<'_>,
    ) -> Result<Redeemed, RedeemFault> {
        let parsed = Handle::parse(text).map_err(|_| Unusable::Malformed);
        let id = parsed.as_ref().ok().map(Handle::id);
        let decided = match parsed {
            Ok(handle) => self.redeem_parsed(tenant, &handle, carrier).await,
            Err(malformed) => Err(malformed.into()),
        };
        let entry = |now, event, outcome| Entry::new(now, event, outcome).of(tenant, id).at(scene);
        match decided {
            Ok(redeemed) => {
                let granted = |now| vec![entry(now, Event::Redeem, "granted")];
                if let Err(fault) = self.say(granted).await {
                    if let Some(lease) = redeemed.lease {
                        lease.put_back().await;
                    }
                    return Err(fault.into());
                }
                Ok(redeemed)
            }
            Err(RedeemFault::Unusable(why)) => {
                let event = if why == Unusable::Alarm { Event::Alarm } else { Event::Refuse };
                self.note(|now| entry(now, event, why.reason()));
                Err(why.into())
            }
            Err(fault @ (RedeemFault::Unavailable(_) | RedeemFault::Unaudited(_))) => Err(fault),
        }
    }

    async fn redeem_parsed(
        self: &Arc<Self>,
        tenant: &TenantId,
        handle: &Handle,
        carrier: Carrier<'_>,
    ) -> Result<Redeemed, RedeemFault> {
        let now = self.clock.now();
        let rules = self.rules.load_full();
        let keyring = &rules.keyring;
        let verified = keyring.verify_at(handle, tenant, now).map_err(Unusable::from)?;
        // Before anything is reserved: a try while nothing can be audited costs no lease.
        self.audit_ready()?;
        let ask = self.ask(keyring, &verified, carrier, now)?;
        let key = RecordKey { tenant: tenant.clone(), id: verified.id() };
        let (granted, sealed) = match self.store.reserve(&key, &ask, &rules.terms).await? {
            Reserved::Missing => return Err(Unusable::Missing.into()),
            Reserved::Refused(refused) => {
                // Honey that was tried so often that it counts as spent alarms all the same.
                let kept = self.store.fetch(&key, now).await?;
                let honey = kept.is_some_and(|record| keyring.is_honey(&verified, &record.sealed));
                return Err(if honey { Unusable::Alarm } else { refused.into() }.into());
            }
            Reserved::Granted(granted, sealed) => (granted, sealed),
        };
        // Held before the seal is opened: whatever fails from here on gives the
        // reservation back by dropping it.
        let until = now.plus(rules.terms.lease_max);
        let lease = match granted {
            Granted::Leased(id) => Some(Lease::new(Arc::clone(self), key, id, until)),
            Granted::Replay | Granted::Bound => None,
        };
        let Ok(payload) = keyring.open(&verified, &sealed) else {
            if let Some(lease) = lease {
                lease.put_back().await;
            }
            let honey = keyring.is_honey(&verified, &sealed);
            return Err(if honey { Unusable::Alarm } else { Unusable::SealedOtherwise }.into());
        };
        let (id, handle) = (verified.id(), handle.clone());
        Ok(Redeemed { payload: Arc::new(payload), id, handle, lease })
    }

    /// Only a handle whose uses are counted is worth two digests and a draw.
    fn ask(
        &self,
        keyring: &Keyring,
        verified: &Verified,
        carrier: Carrier<'_>,
        now: Timestamp,
    ) -> Result<Ask, RedeemFault> {
        if verified.uses() == Uses::UntilExpiry {
            let (lease, request) =
                (LeaseId::from_random([0; 16]), Fingerprint::from_bytes([0; 16]));
            return Ok(Ask { now, lease, request, binding: None });
        }
        let lease = random(&*self.entropy).map_err(|_| StoreFault::Unreachable("no randomness"))?;
        let print = |purpose, bytes: &[u8]| {
            keyring.fingerprint_for(verified, purpose, bytes).map_err(Unusable::from)
        };
        Ok(Ask {
            now,
            lease: LeaseId::from_random(lease),
            request: print(Purpose::Request, &digest(carrier.request))?,
            binding: carrier.binding.map(|bytes| print(Purpose::Binding, bytes)).transpose()?,
        })
    }
}

/// SHA-256 over length-prefixed parts, so that no two requests share one by
/// moving a byte across a border.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}
