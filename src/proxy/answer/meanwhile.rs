//! What another call of the same conversation reveals while an answer is on its way.
//!
//! A link is written before the vendor hears of what it links. So a look at the links
//! once a piece has come finds whatever that piece may say; and no piece goes on before.
//!
//! A look is one look-up in a store that others write to, and two more, in the near cache, for
//! each thing that was revealed. It is made for every piece: there is no time for which an
//! earlier one would do, as another node's link may be the next thing that is written. Where this
//! process is the only writer it knows when nothing was written, and looks no further. What is
//! left is the store's own: a database that loses a link which it has acknowledged, in a failover.

use std::time::{Duration, Instant};

use super::{Answer, awaited};
use crate::proxy::Cloakroom;
use crate::proxy::passage::Passage;
use crate::proxy::settings::Redaction;
use crate::proxy::watch::Manner;
use crate::reject::Cause;

/// How long a look is good for where this process is the store's only writer and has written
/// nothing: for ever, as to what is linked; but a look also keeps the links of a stream alive.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// A look at the links of a passage's conversation.
#[derive(Debug, Clone, Copy)]
pub(in crate::proxy) struct Looked {
    at: Instant,
    /// [`crate::vault::Vault::links_written`], read before.
    written: Option<u64>,
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
        let (off, ttl) = (route.redaction == Redaction::DangerOff, route.dialect.link_ttl);
        let unavailable = |_| Cause::StoreUnavailable;
        let recalled = self.vault.recall(&tenant.id, conversation, ttl).await;
        passage.watch.recall(recalled.map_err(unavailable)?);
        if route.dialect.hands_out() {
            let newest = self.vault.recall_newest(&tenant.id, conversation, ttl).await;
            passage.watch.recall_newest(newest.map_err(unavailable)?);
        }
        passage.looked = Some(looked);
        if off { Ok(()) } else { passage.watch.misses_nothing() }
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
            let written = self.vault.links_written();
            written.is_some() && looked.written == written && looked.at.elapsed() < GOOD_FOR
        })
    }
}
