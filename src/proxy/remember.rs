//! What a call's conversation had before, and what it has from this call on.
//!
//! Before the vendor gets what is revealed, or the browser what is handed out. It never lets pass
//! what cannot be remembered.

use std::slice;
use std::time::Duration;

use super::Cloakroom;
use super::passage::Passage;
use super::settings::Redaction;
use crate::domain::TenantId;
use crate::reject::Cause;
use crate::vault::beside::LearnFault;

impl Cloakroom {
    /// What was revealed in the call's conversation before is watched for too, and
    /// what this call reveals is remembered in it, before the vendor gets it.
    pub(super) async fn recall(
        &self,
        passage: &mut Passage,
        tenant: &TenantId,
        ttl: Duration,
    ) -> Result<(), Cause> {
        let Some(conversation) = &passage.conversation else { return Ok(()) };
        let unavailable = |_| Cause::StoreUnavailable;
        let recalled = self.vault.recall(tenant, conversation, ttl).await.map_err(unavailable)?;
        passage.watch.recall(recalled);
        if passage.route.as_ref().is_some_and(|route| route.dialect.hands_out()) {
            let newest = self.vault.recall_newest(tenant, conversation, ttl).await;
            passage.watch.recall_newest(newest.map_err(unavailable)?);
        }
        if passage.route.as_ref().is_none_or(|route| route.redaction == Redaction::On) {
            passage.watch.misses_nothing()?;
        }
        self.link(passage, tenant, conversation, ttl).await
    }

    /// What this call reveals, and what came about with it, is remembered in a conversation.
    pub(super) async fn link(
        &self,
        passage: &Passage,
        tenant: &TenantId,
        conversation: &[u8],
        ttl: Duration,
    ) -> Result<(), Cause> {
        let (own, beside) = (passage.watch.own(), passage.watch.beside());
        // Nobody looks for the newest where a dialect hands out nothing.
        let hands_out = passage.route.as_ref().is_some_and(|route| route.dialect.hands_out());
        for one in own {
            if hands_out {
                let linked = self.vault.link_handed_out(tenant, conversation, one, ttl).await;
                let done = linked.as_ref().is_ok_and(|handed_out| *handed_out);
                self.remembered(tenant, linked.map(drop))?;
                if done {
                    continue;
                }
            }
            let linked = self.vault.link(tenant, conversation, slice::from_ref(one), ttl).await;
            self.remembered(tenant, linked)?;
        }
        for one in beside {
            let linked = self.vault.link_newest(tenant, conversation, one, ttl).await;
            self.remembered(tenant, linked)?;
        }
        Ok(())
    }

    /// What cannot be remembered must not be revealed; counted as a handle's refusal.
    pub(super) fn remembered(
        &self,
        tenant: &TenantId,
        learnt: Result<(), LearnFault>,
    ) -> Result<(), Cause> {
        learnt.map_err(|fault| {
            let cause = Cause::from(fault);
            self.metrics.redeemed(tenant, cause.reason());
            cause
        })
    }
}
