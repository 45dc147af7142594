//! How a record stands in a row: a few columns to find it by, and one strict byte string for the rest.
//!
//! Never guesses: a byte too many, another version or another digest is damage, not a record. The digest
//! tells accident from content (a flipped bit must not turn a spent handle into a live one); against
//! someone who may write the file it is no seal.
//!
//! ```text
//! version 1 · uses 1 · issued 8 · ledger 10 to 76 · sealed · digest 8
//! ledger: state 1 (+ 41 to 57 leased, + 24 spent) · binding 1 or 17 · redeemed 4 · releases 4
//! ```

use sha2::{Digest, Sha256};

use super::super::{Record, RecordKey};
use crate::domain::lease::{LeaseId, Ledger, State};
use crate::domain::seal::Sealed;
use crate::domain::time::{Expiry, Timestamp};
use crate::domain::uses::Uses;
use crate::domain::{Fingerprint, HandleId, KeyId};

const VERSION: u8 = 1;
const DIGEST_LEN: usize = 8;
/// A changed label makes every row damaged.
const LABEL: &[u8] = b"cloakroom disk record v1";

/// The columns of a record besides its key, as they were read or will be written.
pub(super) struct Columns {
    pub(super) key_id: u8,
    pub(super) expires: u32,
    pub(super) subject: Option<[u8; 16]>,
    pub(super) parent: Option<[u8; 16]>,
    pub(super) body: Vec<u8>,
}

impl Columns {
    /// A record as columns.
    pub(super) fn of(record: &Record) -> Columns {
        let sealed = record.sealed.as_bytes();
        let mut body = Vec::with_capacity(96 + sealed.len());
        body.extend_from_slice(&[VERSION, record.uses.to_byte()]);
        body.extend_from_slice(&record.issued.millis().to_be_bytes());
        write_ledger(&mut body, &record.ledger);
        body.extend_from_slice(sealed);
        let mut columns = Columns {
            key_id: record.key_id.byte(),
            expires: record.expires.secs(),
            subject: record.subject.map(|print| *print.bytes()),
            parent: record.parent.map(|id| *id.bytes()),
            body,
        };
        let digest = columns.digest(&record.key, &columns.body);
        columns.body.extend_from_slice(&digest);
        columns
    }

    /// The record that these columns are, if they are one.
    pub(super) fn record(&self, key: &RecordKey) -> Option<Record> {
        let (content, digest) = self.body.split_last_chunk::<DIGEST_LEN>()?;
        if self.digest(key, content) != *digest {
            return None;
        }
        let mut rest = Rest(content);
        if rest.byte()? != VERSION {
            return None;
        }
        Some(Record {
            uses: Uses::from_byte(rest.byte()?)?,
            issued: rest.timestamp()?,
            ledger: rest.ledger()?,
            sealed: Sealed::from_bytes(rest.0).ok()?,
            key: key.clone(),
            key_id: KeyId::new(self.key_id)?,
            expires: Expiry::from_secs(self.expires),
            subject: self.subject.map(Fingerprint::from_bytes),
            parent: self.parent.map(HandleId::from_bytes).transpose().ok()?,
        })
    }

    /// Over everything that makes the record, so that no column changes unseen either.
    fn digest(&self, key: &RecordKey, content: &[u8]) -> [u8; DIGEST_LEN] {
        let tenant = key.tenant.as_str().as_bytes();
        let mut hash = Sha256::new();
        hash.update(LABEL);
        hash.update((tenant.len() as u64).to_be_bytes());
        hash.update(tenant);
        hash.update(key.id.bytes());
        hash.update([self.key_id]);
        hash.update(self.expires.to_be_bytes());
        for part in [&self.subject, &self.parent] {
            hash.update([u8::from(part.is_some())]);
            hash.update(part.unwrap_or_default());
        }
        hash.update(content);
        let full: [u8; 32] = hash.finalize().into();
        let mut short = [0; DIGEST_LEN];
        short.iter_mut().zip(full).for_each(|(to, from)| *to = from);
        short
    }
}

fn write_ledger(body: &mut Vec<u8>, ledger: &Ledger) {
    let Ledger { state, binding, redeemed, releases } = ledger;
    match state {
        State::Live => body.push(0),
        State::Leased { lease, until, request, binding } => {
            body.push(1);
            body.extend_from_slice(lease.bytes());
            body.extend_from_slice(&until.millis().to_be_bytes());
            body.extend_from_slice(request.bytes());
            write_print(body, binding.as_ref());
        }
        State::Spent { at, request } => {
            body.push(2);
            body.extend_from_slice(&at.millis().to_be_bytes());
            body.extend_from_slice(request.bytes());
        }
        State::Exhausted => body.push(3),
    }
    write_print(body, binding.as_ref());
    body.extend_from_slice(&redeemed.to_be_bytes());
    body.extend_from_slice(&releases.to_be_bytes());
}

fn write_print(body: &mut Vec<u8>, print: Option<&Fingerprint>) {
    match print {
        None => body.push(0),
        Some(print) => {
            body.push(1);
            body.extend_from_slice(print.bytes());
        }
    }
}

/// What has not been read yet.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take().map(|[byte]| byte)
    }

    fn timestamp(&mut self) -> Option<Timestamp> {
        self.take().map(u64::from_be_bytes).map(Timestamp::from_millis)
    }

    fn count(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    fn print(&mut self) -> Option<Fingerprint> {
        self.take().map(Fingerprint::from_bytes)
    }

    fn print_if_any(&mut self) -> Option<Option<Fingerprint>> {
        match self.byte()? {
            0 => Some(None),
            1 => self.print().map(Some),
            2.. => None,
        }
    }

    fn ledger(&mut self) -> Option<Ledger> {
        Some(Ledger {
            state: self.state()?,
            binding: self.print_if_any()?,
            redeemed: self.count()?,
            releases: self.count()?,
        })
    }

    fn state(&mut self) -> Option<State> {
        Some(match self.byte()? {
            0 => State::Live,
            1 => State::Leased {
                lease: LeaseId::from_random(self.take()?),
                until: self.timestamp()?,
                request: self.print()?,
                binding: self.print_if_any()?,
            },
            2 => State::Spent { at: self.timestamp()?, request: self.print()? },
            3 => State::Exhausted,
            4.. => return None,
        })
    }
}

#[cfg(test)]
mod tests;
