//! Rules of the row format: nothing but what was written is read back.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::domain::tenant::TenantId;

fn record() -> impl Strategy<Value = Record> {
    let state = prop_oneof![
        Just(State::Live),
        (any::<[u8; 16]>(), any::<u64>(), any::<[u8; 16]>(), option::of(any::<[u8; 16]>()))
            .prop_map(|(lease, until, request, binding)| State::Leased {
                lease: LeaseId::from_random(lease),
                until: Timestamp::from_millis(until),
                request: Fingerprint::from_bytes(request),
                binding: binding.map(Fingerprint::from_bytes),
            }),
        (any::<u64>(), any::<[u8; 16]>()).prop_map(|(at, request)| State::Spent {
            at: Timestamp::from_millis(at),
            request: Fingerprint::from_bytes(request),
        }),
        Just(State::Exhausted),
    ];
    let ledger = (state, option::of(any::<[u8; 16]>()), any::<u32>(), any::<u32>()).prop_map(
        |(state, binding, redeemed, releases)| Ledger {
            state,
            binding: binding.map(Fingerprint::from_bytes),
            redeemed,
            releases,
        },
    );
    let names = ("[a-z0-9._-]{1,64}", any::<[u8; 16]>(), 1..=255_u8, 0..3_u8);
    let times = (any::<u64>(), any::<u32>());
    let links = (option::of(any::<[u8; 16]>()), option::of(any::<[u8; 16]>()));
    (names, times, links, ledger, vec(any::<u8>(), 28..600)).prop_map(
        |((tenant, id, key_id, uses), (issued, expires), (subject, parent), ledger, rest)| Record {
            key: RecordKey {
                tenant: TenantId::parse(&tenant).unwrap(),
                id: HandleId::from_random(id),
            },
            sealed: Sealed::from_bytes(&[&[1, key_id], &rest[..]].concat()).unwrap(),
            key_id: KeyId::new(key_id).unwrap(),
            uses: Uses::from_byte(uses).unwrap(),
            issued: Timestamp::from_millis(issued),
            expires: Expiry::from_secs(expires),
            subject: subject.map(Fingerprint::from_bytes),
            parent: parent.map(HandleId::from_random),
            ledger,
        },
    )
}

/// A body with a digest that holds, whatever stands in it.
fn signed(mut columns: Columns, key: &RecordKey, content: Vec<u8>) -> Columns {
    let digest = columns.digest(key, &content);
    columns.body = [&content[..], &digest].concat();
    columns
}

proptest! {
    #[test]
    fn no_flipped_bit_no_cut_and_no_added_byte_is_read(record in record(), at: prop::sample::Index, bit in 0..8_u8) {
        let mut columns = Columns::of(&record);
        let at = at.index(columns.body.len());
        columns.body[at] ^= 1 << bit;
        prop_assert!(columns.record(&record.key).is_none());
        columns.body[at] ^= 1 << bit;
        columns.body.push(0);
        prop_assert!(columns.record(&record.key).is_none());
        columns.body.truncate(at);
        prop_assert!(columns.record(&record.key).is_none());
    }

    #[test]
    fn no_column_of_another_record_fits(record in record(), other in record()) {
        let mut columns = Columns::of(&record);
        prop_assert!(columns.record(&other.key).is_none());
        columns.expires ^= 1;
        prop_assert!(columns.record(&record.key).is_none());
        columns.expires ^= 1;
        columns.subject = if columns.subject.is_none() { Some([0; 16]) } else { None };
        prop_assert!(columns.record(&record.key).is_none());
    }

    #[test]
    fn what_was_written_is_read_back_and_written_the_same(record in record()) {
        let columns = Columns::of(&record);
        let back = columns.record(&record.key).unwrap();
        prop_assert_eq!(format!("{record:?}"), format!("{back:?}"));
        prop_assert_eq!(&back.ledger, &record.ledger);
        prop_assert_eq!(&back.sealed, &record.sealed);
        prop_assert_eq!(Columns::of(&back).body, columns.body);
    }

    /// Beyond the digest: bytes of our own making that say something impossible.
    #[test]
    fn bytes_with_a_sound_digest_are_refused_or_written_the_same(record in record(), at in 0..100_usize, byte: u8) {
        let columns = Columns::of(&record);
        let mut content = columns.body[..columns.body.len() - DIGEST_LEN].to_vec();
        let at = at.min(content.len() - 1);
        content[at] = byte;
        let columns = signed(columns, &record.key, content);
        if let Some(back) = columns.record(&record.key) {
            prop_assert_eq!(Columns::of(&back).body, columns.body);
        }
    }
}

#[test]
fn another_version_is_refused() {
    let key =
        RecordKey { tenant: TenantId::parse("a").unwrap(), id: HandleId::from_random([1; 16]) };
    for content in [vec![], vec![1], vec![2; 80], vec![0; 80], vec![1; 15]] {
        let empty =
            Columns { key_id: 1, expires: 1, subject: None, parent: None, body: Vec::new() };
        assert!(signed(empty, &key, content).record(&key).is_none());
    }
}
