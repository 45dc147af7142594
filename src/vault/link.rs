//! Links: from a conversation's name, as later calls say it, to what was revealed
//! in it, so that their answers are redacted too, on any node.
//!
//! The name itself is never stored: a link is found by its fingerprint and sealed
//! under it. Links never redeem anything and never extend a handle's life.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::Vault;
use super::audit::{Entry, Event};
use super::beside::{Beside, Kept, LINKED_MAX, LearnFault};
use super::places::Note;
use super::redeem::Unusable;
use crate::domain::Handle;
use crate::domain::payload::Payload;
use crate::domain::tenant::TenantId;
use crate::domain::time::Timestamp;
use crate::store::{Record, StoreFault};

pub use super::places::Recalled;

/// Payloads of one conversation: a page puts one into it, and a customer opens a few
/// pages in a link's life. One more is refused, since its values could not be watched.
pub const LINKS_MAX: usize = 8;

/// The longest sealed text of a link, in bytes: a payload's bound and its handle's.
const LINK_TEXT_MAX: usize = 8 * 1024 * 1024;

/// What a link's text has besides a payload and a handle: names, quotes, a number of 20 digits.
const FRAME_LEN_MAX: usize = 64;

/// A payload that was revealed, and the handle that stands for it.
#[derive(Clone)]
pub struct Revelation {
    /// The handle, as the browser knows it.
    pub handle: Handle,
    /// What the vendor got.
    pub payload: Arc<Payload>,
}

impl Revelation {
    /// Whether it is the same. One handle stands for its payload and for each token that was
    /// signed with it.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.handle.id() == other.handle.id() && self.payload.expose() == other.payload.expose()
    }
}

impl fmt::Debug for Revelation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Revelation({:?})", self.handle.id())
    }
}

/// A link and where it is kept.
pub(super) struct Link {
    pub(super) place: usize,
    pub(super) one: Revelation,
    pub(super) record: Arc<Record>,
    /// What it is found by.
    pub(super) name: Vec<u8>,
    /// As it was sealed.
    pub(super) text: Zeroizing<Vec<u8>>,
    /// When it was first kept.
    pub(super) since: Timestamp,
}

/// A link as it is sealed.
#[derive(Serialize, Deserialize)]
struct Written<'w> {
    /// Milliseconds since the epoch.
    since: u64,
    /// Of an alphabet that JSON never escapes, so it is read where it stands.
    handle: &'w str,
    #[serde(borrow)]
    payload: &'w RawValue,
}

impl Vault {
    /// Remembers what was revealed in a conversation. What it knows already is not
    /// written again; equal payloads count once.
    ///
    /// # Errors
    /// [`LearnFault`]: later answers could not be redacted, so this call must not pass.
    pub async fn link(
        &self,
        tenant: &TenantId,
        conversation: &[u8],
        revealed: &[Revelation],
        ttl: Duration,
    ) -> Result<(), LearnFault> {
        let mut linked = Ok(());
        for one in revealed {
            let done = self.link_one(tenant, conversation, one, ttl).await;
            linked = self.noting(tenant, one, done);
            if linked.is_err() {
                break;
            }
        }
        self.links_written.fetch_add(1, Ordering::Release);
        linked
    }

    /// Whether what was redeemed could be linked to another conversation: asked before
    /// the vendor, who names it in the answer.
    ///
    /// # Errors
    /// [`LearnFault`].
    pub async fn may_link(
        &self,
        tenant: &TenantId,
        revealed: &[Revelation],
    ) -> Result<(), LearnFault> {
        for one in revealed {
            let room = self.room_beside(tenant, one.handle.id(), LINKED_MAX).await;
            self.noting(tenant, one, room)?;
        }
        Ok(())
    }

    /// Nothing of it may be remembered any more, so nothing of it is revealed.
    pub(super) fn gone(&self, one: &Revelation) -> LearnFault {
        if one.handle.expires().passed_at(self.clock.now()) {
            LearnFault::Expired
        } else {
            LearnFault::Revoked
        }
    }

    /// Tells the audit of a handle that reached its bound.
    pub(super) fn noting(
        &self,
        tenant: &TenantId,
        one: &Revelation,
        done: Result<(), LearnFault>,
    ) -> Result<(), LearnFault> {
        if let Err(LearnFault::Handle | LearnFault::Conversation) = done {
            let why = Unusable::Crowded.reason();
            let id = Some(one.handle.id());
            self.note(|now| Entry::new(now, Event::Refuse, why).of(tenant, id));
        }
        done
    }

    async fn link_one(
        &self,
        tenant: &TenantId,
        conversation: &[u8],
        one: &Revelation,
        ttl: Duration,
    ) -> Result<(), LearnFault> {
        let same = |other: &Revelation| other.payload.expose() == one.payload.expose();
        let known = self.places(tenant, conversation).await?;
        for link in &known.links {
            // What is remembered of one that was revoked elsewhere would hide this one.
            let now = self.clock.now();
            if same(&link.one) && self.store.has(&link.record.key, now).await? {
                self.prolong_due(tenant, conversation, &known, ttl).await;
                return Ok(());
            }
        }
        let now = self.clock.now();
        let until = now.expiry(ttl);
        let text = write(one, now).ok_or(StoreFault::Damaged("a payload is not JSON"))?;
        let (mut place, mut vanished) = (known.next(), 0);
        while place < LINKS_MAX {
            let name = name(conversation, place);
            let at = Beside { tenant, name: &name, salt: conversation };
            // Looked for first: it may be taken under the name that an older key gives it.
            let taken = match self.kept(at).await? {
                Some(_) => Kept::Taken,
                None => self.keep(at, one.handle.id(), ttl, &text, LINKED_MAX).await?,
            };
            match taken {
                Kept::Now => {
                    self.prolong(tenant, conversation, &known, until).await?;
                    let id = one.handle.id();
                    let note = Note { place, id, since: now, expires: until };
                    return self.note_place(tenant, conversation, note, until).await;
                }
                Kept::Gone => return Err(self.gone(one)),
                // Another writer's, of this node or another, who may not have come to its
                // note yet; perhaps of the same payload.
                Kept::Taken => match self.kept(at).await?.and_then(|text| read(&text)) {
                    Some((other, since)) => {
                        let id = other.handle.id();
                        let note = Note { place, id, since, expires: until };
                        self.note_place(tenant, conversation, note, until).await?;
                        if same(&other) {
                            return Ok(());
                        }
                        place += 1;
                    }
                    // Revoked between the two looks: the place is free, or was never read.
                    None if vanished < LINKS_MAX => vanished += 1,
                    None => break,
                },
            }
        }
        Err(LearnFault::Conversation)
    }

    /// What was revealed in a conversation, as far as it is remembered.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn linked(
        &self,
        tenant: &TenantId,
        conversation: &[u8],
    ) -> Result<Vec<Revelation>, StoreFault> {
        Ok(self.places(tenant, conversation).await?.recalled().revelations)
    }
}

/// Apart from every other name of a thing that is kept beside a handle.
pub(super) fn name(conversation: &[u8], nth: usize) -> Vec<u8> {
    let nth = u8::try_from(nth).unwrap_or(u8::MAX);
    [b"conversation\0", [nth].as_slice(), conversation].concat()
}

pub(super) fn write(one: &Revelation, now: Timestamp) -> Option<Zeroizing<Vec<u8>>> {
    let payload = serde_json::from_str(one.payload.expose()).ok()?;
    let handle = Zeroizing::new(one.handle.expose());
    let written = Written { since: now.millis(), handle: &handle, payload };
    // A buffer that grows would leave what it held before behind, unwiped.
    let room = one.payload.expose().len() + handle.len() + FRAME_LEN_MAX;
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    serde_json::to_writer(&mut *text, &written).ok()?;
    Some(text)
}

pub(super) fn read(text: &[u8]) -> Option<(Revelation, Timestamp)> {
    let written: Written<'_> = serde_json::from_slice(text).ok()?;
    let handle = Handle::parse(written.handle).ok()?;
    let payload = Payload::parse(written.payload.get().as_bytes(), LINK_TEXT_MAX).ok()?;
    let since = Timestamp::from_millis(written.since);
    Some((Revelation { handle, payload: Arc::new(payload) }, since))
}
