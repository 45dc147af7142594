//! The note of a conversation's newest: what they are found by, which handles stand for them,
//! and until when.
//!
//! One writer at a time: whoever writes has claimed the next turn first, and of two nodes of
//! different keys at least one sees the other's claim. One that was too slow, or whose claim
//! another took since their clocks differ, finds that out and tries again. Never kept where it could be read from what
//! a node remembers, and never a word of what it names.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::tenant::TenantId;
use crate::domain::time::{Expiry, Timestamp};
use crate::domain::uses::Uses;
use crate::domain::{HandleId, Purpose, Sealed};
use crate::store::place::{Placed, When};
use crate::store::{Record, RecordKey, StoreFault};
use crate::vault::Vault;
use crate::vault::beside::{Beside, LearnFault};
use crate::vault::owner::Owner;

/// How long a claim keeps others waiting whose writer is gone.
const CLAIM_TTL: Duration = Duration::from_secs(5);

/// How old a claim may be when its writer begins to write: the rest is for the writing.
const CLAIM_AGE_MAX: Duration = Duration::from_millis(2500);

pub(super) const TAG_LEN: usize = 16;

const ENTRY_LEN: usize = TAG_LEN + 16 + 8 + 4;

/// Which conversation.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    pub(super) tenant: &'s TenantId,
    pub(super) conversation: &'s [u8],
}

impl Scope<'_> {
    pub(super) fn name(self, kind: &[u8], more: &[u8]) -> Vec<u8> {
        [b"newest ", kind, b"\0", more, self.conversation].concat()
    }
}

/// What the note says of one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Named {
    /// What its link is found by, with the conversation's name.
    pub(super) tag: [u8; TAG_LEN],
    pub(super) id: HandleId,
    pub(super) since: Timestamp,
    pub(super) until: Expiry,
}

impl Named {
    fn read(text: &[u8; ENTRY_LEN]) -> Option<Self> {
        let (tag, rest) = text.split_first_chunk::<TAG_LEN>()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let (since, rest) = rest.split_first_chunk::<8>()?;
        let (until, _) = rest.split_first_chunk::<4>()?;
        Some(Self {
            tag: *tag,
            id: HandleId::from_random(*id),
            since: Timestamp::from_millis(u64::from_be_bytes(*since)),
            until: Expiry::from_secs(u32::from_be_bytes(*until)),
        })
    }

    fn write(&self) -> Vec<u8> {
        let since = self.since.millis().to_be_bytes();
        [&self.tag[..], &self.id.bytes()[..], &since, &self.until.secs().to_be_bytes()].concat()
    }
}

/// The note of a conversation.
#[derive(Default)]
pub(super) struct Note {
    /// Another one with each writing.
    pub(super) turn: u32,
    /// Oldest first.
    pub(super) named: Vec<Named>,
    /// As it is kept.
    held: Option<Arc<Record>>,
}

impl Note {
    fn read(text: &[u8], held: Arc<Record>) -> Option<Self> {
        let (turn, mut rest) = text.split_first_chunk::<4>()?;
        let mut named = Vec::new();
        while let Some((one, more)) = rest.split_first_chunk::<ENTRY_LEN>() {
            named.push(Named::read(one)?);
            rest = more;
        }
        let turn = u32::from_be_bytes(*turn);
        rest.is_empty().then_some(Self { turn, named, held: Some(held) })
    }

    fn write(turn: u32, named: &[Named]) -> Vec<u8> {
        let entries = named.iter().flat_map(Named::write);
        turn.to_be_bytes().into_iter().chain(entries).collect()
    }
}

/// A turn of the note that is one writer's.
struct Claim {
    turn: u32,
    name: Vec<u8>,
    key: RecordKey,
    /// Sealed anew for each claim, so it tells whose one is.
    sealed: Sealed,
    since: Timestamp,
}

impl Vault {
    pub(super) async fn newest_note(&self, scope: Scope<'_>) -> Result<Note, StoreFault> {
        let name = scope.name(b"note", b"");
        let at = Beside { tenant: scope.tenant, name: &name, salt: scope.conversation };
        let Some((held, text)) = self.found(at).await? else { return Ok(Note::default()) };
        Note::read(&text, held).ok_or(StoreFault::Damaged("a note is not what was sealed"))
    }

    /// Writes the note anew, once; whether that is done and nobody else wrote meanwhile. What it
    /// names no more is forgotten. A change may be made again to what it has made before.
    pub(super) async fn amend(
        &self,
        scope: Scope<'_>,
        change: impl FnOnce(&mut Vec<Named>),
    ) -> Result<bool, LearnFault> {
        let seen = self.newest_note(scope).await?.turn;
        let turn = seen.wrapping_add(1);
        let Some(claim) = self.claim(scope, turn).await? else { return Ok(false) };
        let note = self.newest_note(scope).await;
        let written = match note {
            Ok(note) if note.turn == seen => self.write_newest(scope, note, &claim, change).await,
            // Claimed too late: that turn was over.
            Ok(_) => Ok(false),
            Err(fault) => Err(fault.into()),
        };
        if self.is_own(&claim).await.unwrap_or(false) {
            // Else it ends in its time, or is another's.
            let _ = self.store.remove(&claim.key, self.clock.now()).await;
        }
        written
    }

    async fn write_newest(
        &self,
        scope: Scope<'_>,
        note: Note,
        claim: &Claim,
        change: impl FnOnce(&mut Vec<Named>),
    ) -> Result<bool, LearnFault> {
        let mut named = note.named.clone();
        change(&mut named);
        let Some(until) = named.iter().map(|one| one.until.secs()).max() else { return Ok(false) };
        let expires = Expiry::from_secs(until);
        let name = scope.name(b"note", b"");
        let mut record = self.of_nobody(scope, &name, expires, &Note::write(claim.turn, &named))?;
        // No node may answer from what it read before.
        record.uses = Uses::Once;
        let key = record.key.clone();
        let is_there = note.held.as_ref().is_some_and(|held| held.key == key);
        let absent = When::Absent { siblings_max: u64::MAX };
        let when = if is_there { When::Present } else { absent };
        if !self.holds(scope, claim).await? {
            return Ok(false);
        }
        match self.store.place(record, when).await? {
            Placed::Kept => {}
            // It ended this moment: the next try finds none.
            Placed::Unmet => return Ok(false),
            Placed::Crowded(crowd) => return Err(crowd.into()),
        }
        if let Some(held) = note.held.filter(|held| held.key != key) {
            // Under the name that another key gives it, it would be read first by some node.
            self.store.remove(&held.key, self.clock.now()).await?;
        }
        // Whoever took the claim before this may have read what stood there before; whoever takes
        // it later reads what stands there now.
        let after = self.newest_note(scope).await?.named;
        let stays = named.last().is_some_and(|own| after.iter().any(|one| one.tag == own.tag));
        if !stays || !self.holds(scope, claim).await? {
            return Ok(false);
        }
        for one in note.named.iter().filter(|one| named.iter().all(|left| left.tag != one.tag)) {
            self.forget(scope, one).await;
        }
        Ok(true)
    }

    /// The next turn of the note, for one writer; nothing where another one has it.
    async fn claim(&self, scope: Scope<'_>, turn: u32) -> Result<Option<Claim>, LearnFault> {
        let name = scope.name(b"turn", &turn.to_be_bytes());
        let since = self.clock.now();
        let mut record = self.of_nobody(scope, &name, since.expiry(CLAIM_TTL), b"")?;
        // It is asked for again, and no node may answer from what it read before.
        record.uses = Uses::Once;
        let (key, sealed) = (record.key.clone(), record.sealed.clone());
        let claim = Claim { turn, name, key, sealed, since };
        match self.store.place(record, When::Absent { siblings_max: u64::MAX }).await? {
            Placed::Kept => {}
            Placed::Unmet => return Ok(None),
            Placed::Crowded(crowd) => return Err(crowd.into()),
        }
        let at = Beside { tenant: scope.tenant, name: &claim.name, salt: scope.conversation };
        if self.is_alone(at, &claim.key).await? {
            return Ok(Some(claim));
        }
        self.store.remove(&claim.key, self.clock.now()).await?;
        Ok(None)
    }

    /// Whether a turn may still be taken: in time, and nobody else has claimed it since.
    async fn holds(&self, scope: Scope<'_>, claim: &Claim) -> Result<bool, StoreFault> {
        let at = Beside { tenant: scope.tenant, name: &claim.name, salt: scope.conversation };
        Ok(self.is_own(claim).await? && self.is_alone(at, &claim.key).await?)
    }

    async fn is_own(&self, claim: &Claim) -> Result<bool, StoreFault> {
        let now = self.clock.now();
        if now.since(claim.since) > CLAIM_AGE_MAX {
            return Ok(false);
        }
        let held = self.store.fetch(&claim.key, now).await?;
        Ok(held.is_some_and(|held| held.sealed == claim.sealed))
    }

    fn of_nobody(
        &self,
        scope: Scope<'_>,
        name: &[u8],
        expires: Expiry,
        text: &[u8],
    ) -> Result<Record, StoreFault> {
        let Scope { tenant, conversation } = scope;
        let keyring = &self.rules.load_full().keyring;
        let print = keyring.fingerprint(Purpose::Link, tenant, name);
        let nobody = Owner::nobody(HandleId::from_random(*print.bytes()), keyring);
        self.sealed_beside(Beside { tenant, name, salt: conversation }, nobody, expires, text)
    }

    /// Takes a link away that no note names. What fails here ends in its time.
    pub(super) async fn forget(&self, scope: Scope<'_>, one: &Named) {
        let name = scope.name(b"link", &one.tag);
        let rules = self.rules.load_full();
        let at = Beside { tenant: scope.tenant, name: &name, salt: scope.conversation };
        for key in at.keys(&rules.keyring) {
            let _ = self.store.remove(&key, self.clock.now()).await;
        }
    }
}
