//! What another call of the same conversation reveals while an answer is on its way.
//!
//! A link is written before the vendor hears of what it links. So a look at the links
//! once a piece has come finds whatever that piece may say; and no piece goes on before.

use std::time::{Duration, Instant};

use super::{Answer, awaited};
use crate::proxy::Cloakroom;
use crate::proxy::passage::Passage;
use crate::proxy::settings::Redaction;
use crate::proxy::watch::Manner;
use crate::reject::Cause;

/// How long one look is good for where nothing was linked on this node: less than what
/// is linked on another one takes to the vendor and back in a piece of this answer.
const GOOD_FOR: Duration = Duration::from_millis(1);

/// A look at the links of a passage's conversation.
#[derive(Debug, Clone, Copy)]
pub(in crate::proxy) struct Looked {
    at: Instant,
    /// [`crate::vault::Vault::links_written`], read before.
    written: u64,
}

impl Cloakroom {
    /// What another call of the same conversation revealed since this one began: the
    /// vendor may know it by now.
    pub(in crate::proxy) async fn recall_meanwhile(
        &self,
        passage: &mut Passage,
    ) -> Result<(), Cause> {
        let (Some(conversation), Some(tenant), Some(route)) =
            (&passage.conversation, &passage.tenant, &passage.route)
        else {
            return Ok(());
        };
        let looked = Looked { at: Instant::now(), written: self.vault.links_written() };
        let linked = self.vault.recall(&tenant.id, conversation, route.dialect.link_ttl).await;
        passage.watch.recall(linked.map_err(|_| Cause::StoreUnavailable)?);
        passage.looked = Some(looked);
        Ok(())
    }

    /// A piece has come: what it is searched for from here on.
    ///
    /// # Errors
    /// When that cannot be known: the piece must not pass.
    pub(super) fn look_again(&self, passage: &mut Passage) -> Result<(), Cause> {
        let off = passage.route.as_ref().is_none_or(|it| it.redaction == Redaction::DangerOff);
        if off || passage.conversation.is_none() || self.is_fresh(passage.looked) {
            return Ok(());
        }
        awaited(self.recall_meanwhile(passage)).ok_or(Cause::Internal)??;
        let manner = match &passage.answer {
            Answer::Passed | Answer::Whole(_) => return Ok(()),
            Answer::Streamed(streamed) => streamed.manner(),
            Answer::Events(_) => {
                Manner::Said(passage.exchange().ok_or(Cause::Internal)?.answer.redact_as)
            }
        };
        let needles = passage.watch.needles(manner)?;
        match &mut passage.answer {
            Answer::Passed | Answer::Whole(_) => {}
            Answer::Streamed(streamed) => streamed.adopt(&needles),
            Answer::Events(events) => events.adopt(&needles),
        }
        Ok(())
    }

    fn is_fresh(&self, looked: Option<Looked>) -> bool {
        looked.is_some_and(|looked| {
            looked.written == self.vault.links_written() && looked.at.elapsed() < GOOD_FOR
        })
    }
}
