//! Wrap: a value that a vendor hands out is kept, and its handle stands for it.
//!
//! It belongs to the handle that was redeemed in the call, or in its conversation, and to
//! that handle's person: revoked and erased with them. Never more of them than
//! [`LEARNT_MAX`] beside one handle, and never a place that issuing needs.

use std::time::Duration;

use super::Vault;
use super::audit::{AuditFault, Entry, Event};
use super::beside::{LEARNT_MAX, LearnFault};
use super::issue::{Bait, Deposit, IssueFault, Issued};
use super::owner::Owner;
use super::redeem::Unusable;
use crate::domain::payload::Payload;
use crate::domain::tenant::TenantId;
use crate::domain::uses::Uses;
use crate::domain::{Handle, HandleId};
use crate::store::place::{Placed, When};
use crate::store::{Record, StoreFault};

/// In which call a value was handed out.
#[derive(Clone, Copy, Debug)]
pub struct WrapScene<'s> {
    /// The handles that were redeemed in it.
    pub redeemed: &'s [HandleId],
    /// What its conversation is known by.
    pub conversation: Option<&'s [u8]>,
}

/// Why a value was not kept: then the browser must not get it either.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrapFault {
    /// As for anything else that is issued.
    #[error(transparent)]
    Issue(#[from] IssueFault),
    /// There is no room for it.
    #[error(transparent)]
    Learn(#[from] LearnFault),
    /// The handle that was redeemed is gone by now: revoked, or its person erased.
    #[error("the handle is gone")]
    Gone,
}

impl From<StoreFault> for WrapFault {
    fn from(fault: StoreFault) -> Self {
        Self::Issue(fault.into())
    }
}

impl From<AuditFault> for WrapFault {
    fn from(fault: AuditFault) -> Self {
        Self::Issue(fault.into())
    }
}

impl Vault {
    /// Keeps a value for `ttl`, under a handle of its own.
    ///
    /// # Errors
    /// [`WrapFault`]; nothing is kept then.
    pub async fn wrap(
        &self,
        tenant: &TenantId,
        scene: WrapScene<'_>,
        value: Payload,
        ttl: Duration,
    ) -> Result<Issued, WrapFault> {
        let owner = self.wrap_owner(tenant, scene).await?;
        let deposit =
            Deposit { payload: value, uses: Uses::UntilExpiry, ttl, subject: None, bait: Bait::No };
        let now = self.clock.now();
        let (mut record, handle) = {
            let keyring = &self.rules.load_full().keyring;
            let key_id = owner.map_or(keyring.current_id(), |owner| owner.key_in(keyring));
            self.prepare(keyring, key_id, tenant, &deposit, now)?
        };
        let id = handle.id();
        record.parent = Some(owner.map_or(id, |owner| owner.parent));
        record.subject = owner.and_then(|owner| owner.subject);
        let entry = |now, outcome| Entry::new(now, Event::Issue, outcome).of(tenant, Some(id));
        self.say(|now| vec![entry(now, "issued")]).await?;
        let kept = self.keep_wrapped(owner, record, handle).await;
        if kept.is_err() {
            self.note(|now| entry(now, "failed"));
        }
        if let (Err(WrapFault::Learn(LearnFault::Handle)), Some(owner)) = (&kept, owner) {
            let why = Unusable::Crowded.reason();
            self.note(|now| Entry::new(now, Event::Refuse, why).of(tenant, Some(owner.parent)));
        }
        kept
    }

    async fn keep_wrapped(
        &self,
        owner: Option<Owner>,
        record: Record,
        handle: Handle,
    ) -> Result<Issued, WrapFault> {
        let expires = record.expires;
        let placed = match owner {
            Some(owner) => self.place_for(owner, record, LEARNT_MAX).await?,
            None => {
                Some(self.store.place(record, When::Absent { siblings_max: LEARNT_MAX }).await?)
            }
        };
        match placed {
            None => Err(WrapFault::Gone),
            Some(Placed::Kept) => Ok(Issued { handle, expires }),
            // Two draws of 128 bits that are the same: there is no randomness.
            Some(Placed::Unmet) => Err(StoreFault::Unreachable("no randomness").into()),
            Some(Placed::Crowded(crowd)) => Err(LearnFault::from(crowd).into()),
        }
    }

    /// Whose a value is: of the handles in the call one that says whom it is about, or
    /// the first; else of those in its conversation; else nobody's.
    async fn wrap_owner(
        &self,
        tenant: &TenantId,
        scene: WrapScene<'_>,
    ) -> Result<Option<Owner>, WrapFault> {
        let mut owners = Vec::new();
        for id in scene.redeemed {
            owners.extend(self.owner(tenant, *id).await?);
        }
        if owners.is_empty()
            && let Some(conversation) = scene.conversation
        {
            // The handle may have expired since; its link says what there is to say.
            let links = self.places(tenant, conversation).await?.links;
            owners.extend(links.iter().map(|link| Owner::of(&link.record)));
        }
        if owners.is_empty() && !scene.redeemed.is_empty() {
            return Err(WrapFault::Gone);
        }
        let told = owners.iter().find(|owner| owner.subject.is_some());
        Ok(told.or_else(|| owners.first()).copied())
    }
}
