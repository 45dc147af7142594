//! Renewal: a conversation that goes on keeps its links, and what is known of those that it
//! had: one that is refused since something of it was forgotten is refused for as long as it
//! goes on.
//!
//! A link, or a note without one, that has less than half of its time left is given its whole time again, so a
//! poll every other second writes twice in that time and no more. Never past
//! [`LINK_LIFE_MAX`] from when it was first kept, and never back once it is gone.

use std::sync::Arc;
use std::time::Duration;

use super::Vault;
use super::beside::{Beside, LearnFault};
use super::owner::Owner;
use super::places::{Places, Recalled};
use crate::domain::tenant::TenantId;
use crate::domain::time::{Expiry, Timestamp};
use crate::store::place::When;
use crate::store::{Record, StoreFault};

/// How long a link may live, however long its conversation goes on: as long as the
/// longest-lived handle. Whoever knows a conversation's name could otherwise have a
/// person's data kept for ever by asking.
pub const LINK_LIFE_MAX: Duration = Duration::from_secs(30 * 86_400);

impl Vault {
    /// What was revealed in a conversation, as far as it is remembered; and it is
    /// remembered for another `ttl` where less than half of that is left.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn recall(
        &self,
        tenant: &TenantId,
        conversation: &[u8],
        ttl: Duration,
    ) -> Result<Recalled, StoreFault> {
        let places = self.places(tenant, conversation).await?;
        self.prolong_due(tenant, conversation, &places, ttl).await;
        Ok(places.recalled())
    }

    /// What is known of a conversation is known for another `ttl`, where less than half of
    /// that is left: of what is remembered, and of what is not any more.
    pub(super) async fn prolong_due(
        &self,
        tenant: &TenantId,
        conversation: &[u8],
        places: &Places,
        ttl: Duration,
    ) {
        let now = self.clock.now();
        let links = places.links.iter().map(|link| (link.since, link.record.expires));
        let notes = places.forgotten.iter().map(|note| (note.since, note.expires));
        let due = links.chain(notes).filter_map(|(since, expires)| due(since, expires, now, ttl));
        if let Some(until) = due.max_by_key(|until| until.secs()) {
            // What fails here is tried again by the next call: there is half of its time.
            let _ = self.prolong(tenant, conversation, places, until).await;
        }
    }

    /// What is known of a conversation lives until `until`, together: without the notes
    /// before it a link is not found, and without its link a note says that it was revoked.
    ///
    /// # Errors
    /// [`LearnFault`]; of links that could not be renewed nothing is said.
    pub(super) async fn prolong(
        &self,
        tenant: &TenantId,
        conversation: &[u8],
        places: &Places,
        until: Expiry,
    ) -> Result<(), LearnFault> {
        for noted in places.noted() {
            self.note_place(tenant, conversation, noted, until).await?;
        }
        for link in &places.links {
            let until = until.secs().min(link.since.expiry(LINK_LIFE_MAX).secs());
            if until > link.record.expires.secs() {
                let at = Beside { tenant, name: &link.name, salt: conversation };
                let _ = self.renew(at, &link.record, &link.text, Expiry::from_secs(until)).await;
            }
        }
        Ok(())
    }

    /// Keeps a link until `until`, if it is still there.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub(super) async fn renew(
        &self,
        at: Beside<'_>,
        held: &Arc<Record>,
        text: &[u8],
        until: Expiry,
    ) -> Result<(), StoreFault> {
        let key_id = Owner::of(held).key_in(&self.rules.load().keyring);
        if held.key_id == key_id {
            let longer = Record { issued: self.clock.now(), expires: until, ..Record::clone(held) };
            // One that was revoked meanwhile is not there any more, and stays away.
            return self.store.place(longer, When::Present).await.map(|_| ());
        }
        self.reseal(at, held, text, until).await
    }

    /// A link that an older key sealed would keep that key needed: it is sealed anew,
    /// under the name that the current key gives it, and the old one ends in its time. Not
    /// one that carries a person's fingerprint: that needs the old key as long as it lives.
    async fn reseal(
        &self,
        at: Beside<'_>,
        held: &Arc<Record>,
        text: &[u8],
        until: Expiry,
    ) -> Result<(), StoreFault> {
        let owner = Owner::of(held);
        let anew = self.sealed_beside(at, owner, until, text)?;
        // The old one makes room for the new one soon: it counts as one of its siblings.
        self.place_for(owner, anew, u64::MAX).await.map(|_| ())
    }
}

/// Until when something that was first kept at `since` and `expires` by now is to be kept,
/// if it is time to say so.
pub(super) fn due(
    since: Timestamp,
    expires: Expiry,
    now: Timestamp,
    ttl: Duration,
) -> Option<Expiry> {
    let until = now.expiry(ttl).secs().min(since.expiry(LINK_LIFE_MAX).secs());
    (expires.at().since(now) < ttl / 2 && until > expires.secs()).then(|| Expiry::from_secs(until))
}
