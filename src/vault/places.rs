//! The places of a conversation: what was revealed in it, one in each, and that it was.
//!
//! A conversation's places are filled in order. Beside each link stands a note that the place was
//! taken, which names the handle by its id, says since when, and is nobody's. A note without its link tells that
//! something was revealed there and is not remembered any more: it was revoked, or erased with its
//! person, and the vendor has it all the same. A place is not taken twice, so nothing that a node
//! remembers of one hides what another node puts there. A note never says anything of a person.

use super::Vault;
use super::beside::{Beside, LearnFault};
use super::link::{LINKS_MAX, Link, Revelation, name, read};
use crate::domain::tenant::TenantId;
use crate::domain::time::Timestamp;
use crate::domain::{Expiry, HandleId};
use crate::store::StoreFault;

/// What is known of what was revealed in a conversation.
#[derive(Debug, Clone, Default)]
pub struct Recalled {
    /// What is remembered.
    pub revelations: Vec<Revelation>,
    /// The handles of what is not any more: they were revoked, or erased with their person.
    /// Nobody can look for what they revealed.
    pub forgotten: Vec<HandleId>,
}

/// The places of a conversation that are taken, as far as they follow one another.
#[derive(Default)]
pub(super) struct Places {
    pub(super) links: Vec<Link>,
    pub(super) forgotten: Vec<Note>,
}

/// What is noted of a place that is taken.
#[derive(Clone, Copy)]
pub(super) struct Note {
    pub(super) place: usize,
    /// What the vendor got in it.
    pub(super) id: HandleId,
    /// When it was taken.
    pub(super) since: Timestamp,
    /// When the note ends.
    pub(super) expires: Expiry,
}

impl Note {
    fn write(&self) -> Vec<u8> {
        [self.id.bytes().as_slice(), &self.since.millis().to_be_bytes()].concat()
    }

    fn read(place: usize, text: &[u8], expires: Expiry) -> Option<Self> {
        let (id, since) = text.split_first_chunk::<16>()?;
        let since = Timestamp::from_millis(u64::from_be_bytes(since.try_into().ok()?));
        Some(Self { place, id: HandleId::from_random(*id), since, expires })
    }
}

impl Places {
    /// The first that is not taken.
    pub(super) fn next(&self) -> usize {
        self.links.len() + self.forgotten.len()
    }

    /// What is noted of each.
    pub(super) fn noted(&self) -> impl Iterator<Item = Note> {
        let links = self.links.iter().map(|link| Note {
            place: link.place,
            id: link.one.handle.id(),
            since: link.since,
            expires: link.record.expires,
        });
        links.chain(self.forgotten.iter().copied())
    }

    pub(super) fn recalled(self) -> Recalled {
        Recalled {
            revelations: self.links.into_iter().map(|link| link.one).collect(),
            forgotten: self.forgotten.into_iter().map(|note| note.id).collect(),
        }
    }
}

impl Vault {
    /// As [`Vault::linked`], with where each is kept, and what is kept no more. One look-up
    /// where nothing was revealed, and two more for each thing that was.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub(super) async fn places(
        &self,
        tenant: &TenantId,
        conversation: &[u8],
    ) -> Result<Places, StoreFault> {
        let mut places = Places::default();
        for place in 0..LINKS_MAX {
            let noted = name(conversation, LINKS_MAX + place);
            let noted = self.found(Beside { tenant, name: &noted, salt: conversation }).await?;
            let Some((note, noted)) = noted else { break };
            let name = name(conversation, place);
            let found = self.found(Beside { tenant, name: &name, salt: conversation }).await?;
            let Some((record, text)) = found else {
                let note = Note::read(place, &noted, note.expires);
                let note = note.ok_or(StoreFault::Damaged("a note is not what was sealed"))?;
                places.forgotten.push(note);
                continue;
            };
            let read = read(&text);
            let (one, since) = read.ok_or(StoreFault::Damaged("a link is not what was sealed"))?;
            places.links.push(Link { place, one, record, name, text, since });
        }
        Ok(places)
    }

    /// Notes that a place of a conversation is taken, and with which handle, until `until`.
    /// After the link and before the vendor gets to know what it links.
    pub(super) async fn note_place(
        &self,
        tenant: &TenantId,
        conversation: &[u8],
        note: Note,
        until: Expiry,
    ) -> Result<(), LearnFault> {
        let name = name(conversation, LINKS_MAX + note.place);
        let at = Beside { tenant, name: &name, salt: conversation };
        self.say_kept(at, until, &note.write()).await
    }
}
