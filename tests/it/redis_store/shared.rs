//! Records and asks as these tests use them.

use std::time::Duration;

use cloakroom::domain::lease::{Ask, LeaseId, Ledger, Terms};
use cloakroom::domain::seal::Sealed;
use cloakroom::domain::{Expiry, Fingerprint, HandleId, KeyId, TenantId, Timestamp, Uses};
use cloakroom::store::{Record, RecordKey};

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_000_000);
pub(crate) const TERMS: Terms = Terms {
    lease_max: Duration::from_secs(60),
    replay_window: Duration::from_secs(10),
    releases_max: 5,
};

/// The key of the record with this number.
pub(crate) fn key(number: u64) -> RecordKey {
    let mut bytes = [7; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    // The high bits of the ninth byte become the UUID's variant.
    RecordKey { tenant: TenantId::parse("acme").unwrap(), id: HandleId::from_random(bytes) }
}

/// A record that lives for an hour.
pub(crate) fn record(number: u64, uses: Uses) -> Record {
    let mut bytes = vec![7; 200];
    bytes[0] = 1;
    Record {
        key: key(number),
        sealed: Sealed::from_bytes(&bytes).unwrap(),
        key_id: KeyId::new(7).unwrap(),
        uses,
        issued: NOW,
        expires: Expiry::from_secs(1_003_600),
        subject: None,
        parent: None,
        ledger: Ledger::new(),
    }
}

pub(crate) fn lease(number: u64) -> LeaseId {
    LeaseId::from_random(u128::from(number).to_be_bytes())
}

pub(crate) fn ask(number: u64) -> Ask {
    let request = Fingerprint::from_bytes(u128::from(number).to_be_bytes());
    Ask { now: NOW, lease: lease(number), request, binding: None }
}
