//! What was last handed out in a conversation: values that the browser has as handles, and
//! tokens that were signed for the vendor. Later answers are searched for them too.
//!
//! Of these another one takes the last one's place, with every poll as some vendors have it. In
//! the conversation's places, which are not taken twice, they would soon fill it; so they have
//! [`NEWEST_MAX`] of their own, of which the oldest makes room. Each is sealed as a link is. One
//! note names them all, by tags that are drawn for it; it is nobody's and never says anything of
//! a person.

mod note;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use zeroize::Zeroizing;

use self::note::{Named, Note, Scope};
use super::Vault;
use super::beside::{Beside, Kept, LEARNT_MAX, LearnFault};
use super::link::{Revelation, read, write};
use super::places::Recalled;
use super::renew::{LINK_LIFE_MAX, due};
use crate::clock::random;
use crate::domain::tenant::TenantId;
use crate::domain::time::{Expiry, Timestamp};
use crate::store::{Record, RecordKey, StoreFault};

/// Values of one conversation that are remembered, the newest of them: a session's token and its
/// cookie, each beside the one before, since a vendor may still say that.
pub const NEWEST_MAX: usize = 4;

/// Tries to have a turn of a conversation's note: each of the others that are at it takes one.
const TRIES_MAX: usize = 64;

/// The longest pause before the second try; each further one's is twice as long, up to
/// [`PAUSE_MAX`]. It is drawn: two who step back before each other's claims would else meet
/// again and again.
const PAUSE_MIN: Duration = Duration::from_millis(1);
const PAUSE_MAX: Duration = Duration::from_millis(32);

/// How much longer a link lives than its note says, so that one that ends in its time is not
/// taken for a revoked one.
const SPARE: Duration = Duration::from_secs(60);

/// One that is remembered.
struct Link {
    named: Named,
    one: Revelation,
    record: Arc<Record>,
    text: Zeroizing<Vec<u8>>,
}

#[derive(Default)]
struct Newest {
    links: Vec<Link>,
    forgotten: Vec<Named>,
}

impl Vault {
    /// Remembers a value that was handed out in a conversation, or a token that was signed in
    /// it, as one of its newest: later answers are searched for it, the oldest makes room.
    ///
    /// # Errors
    /// [`LearnFault`]: later answers could not be redacted, so this call must not pass.
    pub async fn link_newest(
        &self,
        tenant: &TenantId,
        conversation: &[u8],
        one: &Revelation,
        ttl: Duration,
    ) -> Result<(), LearnFault> {
        let done = self.keep_newest(Scope { tenant, conversation }, one, ttl).await;
        let done = self.noting(tenant, one, done);
        self.links_written.fetch_add(1, Ordering::Release);
        done
    }

    /// The newest of a conversation, as far as they are remembered; and they are remembered
    /// for another `ttl` where less than half of that is left.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn recall_newest(
        &self,
        tenant: &TenantId,
        conversation: &[u8],
        ttl: Duration,
    ) -> Result<Recalled, StoreFault> {
        let scope = Scope { tenant, conversation };
        let newest = self.newest(scope).await?;
        let now = self.clock.now();
        let is_due = |one: &Named| due(one.since, one.until, now, ttl).is_some();
        if newest.links.iter().map(|link| &link.named).chain(&newest.forgotten).any(is_due) {
            // What fails here is tried again by the next call: there is half of its time.
            let _ = self.prolong_newest(scope, &newest, now, ttl).await;
        }
        Ok(Recalled {
            revelations: newest.links.into_iter().map(|link| link.one).collect(),
            forgotten: newest.forgotten.into_iter().map(|one| one.id).collect(),
        })
    }

    async fn keep_newest(
        &self,
        scope: Scope<'_>,
        one: &Revelation,
        ttl: Duration,
    ) -> Result<(), LearnFault> {
        if self.is_newest(scope, one).await? {
            return Ok(());
        }
        let now = self.clock.now();
        let tag = random(&*self.entropy).map_err(|_| StoreFault::Unreachable("no randomness"))?;
        let named = Named { tag, id: one.handle.id(), since: now, until: now.expiry(ttl) };
        let text = write(one, now).ok_or(StoreFault::Damaged("a payload is not JSON"))?;
        let name = scope.name(b"link", &tag);
        let at = Beside { tenant: scope.tenant, name: &name, salt: scope.conversation };
        match self.keep(at, named.id, ttl.saturating_add(SPARE), &text, LEARNT_MAX).await? {
            Kept::Now => {}
            Kept::Gone => return Err(self.gone(one)),
            Kept::Taken => return Err(StoreFault::Unreachable("no randomness").into()),
        }
        let add = |all: &mut Vec<Named>| {
            // A try that failed may have named it.
            all.retain(|one| !one.until.passed_at(now) && one.tag != tag);
            all.push(named);
            all.drain(..all.len().saturating_sub(NEWEST_MAX));
        };
        let mut pause = PAUSE_MIN;
        for _ in 0..TRIES_MAX {
            if self.amend(scope, add).await? {
                return Ok(());
            }
            let [drawn] =
                random(&*self.entropy).map_err(|_| StoreFault::Unreachable("no randomness"))?;
            tokio::time::sleep(pause * u32::from(drawn) / 256).await;
            pause = PAUSE_MAX.min(pause * 2);
        }
        self.forget(scope, &named).await;
        Err(StoreFault::Unreachable("others write the conversation's newest").into())
    }

    /// Remembers a value that this call sent by its handle, where it was handed out and not
    /// issued; whether it was. Such a one takes no payload's place.
    ///
    /// # Errors
    /// As [`Vault::link_newest`].
    pub async fn link_handed_out(
        &self,
        tenant: &TenantId,
        conversation: &[u8],
        one: &Revelation,
        ttl: Duration,
    ) -> Result<bool, LearnFault> {
        let scope = Scope { tenant, conversation };
        let key = RecordKey { tenant: tenant.clone(), id: one.handle.id() };
        match self.store.fetch(&key, self.clock.now()).await? {
            Some(record) if record.parent.is_none() => Ok(false),
            Some(_) => self.link_newest(tenant, conversation, one, ttl).await.map(|()| true),
            // Its time is over. What is known stays known.
            None => Ok(self.is_newest(scope, one).await?),
        }
    }

    /// Whether it is one of the newest already. What is remembered of one that was revoked
    /// elsewhere counts for nothing.
    async fn is_newest(&self, scope: Scope<'_>, one: &Revelation) -> Result<bool, StoreFault> {
        let known = self.newest(scope).await?;
        let same = |link: &&Link| link.one.payload.expose() == one.payload.expose();
        match known.links.iter().find(same) {
            Some(link) => self.store.has(&link.record.key, self.clock.now()).await,
            None => Ok(false),
        }
    }

    async fn newest(&self, scope: Scope<'_>) -> Result<Newest, StoreFault> {
        let mut note = self.newest_note(scope).await?;
        let mut newest = self.named_newest(scope, &note).await?;
        for _ in 0..TRIES_MAX {
            if newest.forgotten.is_empty() {
                break;
            }
            // It may have made room for a newer one, between the two looks.
            let again = self.newest_note(scope).await?;
            if again.turn == note.turn {
                break;
            }
            note = again;
            newest = self.named_newest(scope, &note).await?;
        }
        Ok(newest)
    }

    async fn named_newest(&self, scope: Scope<'_>, note: &Note) -> Result<Newest, StoreFault> {
        let mut newest = Newest::default();
        let now = self.clock.now();
        for named in note.named.iter().filter(|one| !one.until.passed_at(now)) {
            let name = scope.name(b"link", &named.tag);
            let at = Beside { tenant: scope.tenant, name: &name, salt: scope.conversation };
            let Some((record, text)) = self.found(at).await? else {
                newest.forgotten.push(*named);
                continue;
            };
            let (one, _) =
                read(&text).ok_or(StoreFault::Damaged("a link is not what was sealed"))?;
            newest.links.push(Link { named: *named, one, record, text });
        }
        Ok(newest)
    }

    /// The links first: one without its note is not found, and a note without its link says
    /// that it was revoked.
    async fn prolong_newest(
        &self,
        scope: Scope<'_>,
        newest: &Newest,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<(), LearnFault> {
        let until = |one: &Named| {
            let most = one.since.expiry(LINK_LIFE_MAX).secs();
            Expiry::from_secs(now.expiry(ttl).secs().min(most).max(one.until.secs()))
        };
        for link in &newest.links {
            let name = scope.name(b"link", &link.named.tag);
            let at = Beside { tenant: scope.tenant, name: &name, salt: scope.conversation };
            let expires = until(&link.named).at().expiry(SPARE);
            self.renew(at, &link.record, &link.text, expires).await?;
        }
        let seen = |one: &Named| {
            let links = newest.links.iter().map(|link| &link.named);
            links.chain(&newest.forgotten).any(|known| known.tag == one.tag)
        };
        let longer = |all: &mut Vec<Named>| {
            all.iter_mut().filter(|one| seen(one)).for_each(|one| one.until = until(one));
        };
        // Where another one writes, it is for the next call.
        self.amend(scope, longer).await.map(|_| ())
    }
}
