//! That a record survives being stored, and that nothing else is taken for one.

use proptest::prelude::*;

use super::*;
use crate::domain::TenantId;

fn key() -> RecordKey {
    let tenant = TenantId::parse("acme").unwrap();
    RecordKey { tenant, id: HandleId::from_random([1; 16]) }
}

fn print() -> impl Strategy<Value = Fingerprint> {
    any::<[u8; 16]>().prop_map(Fingerprint::from_bytes)
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0..=MOMENT_MAX).prop_map(Timestamp::from_millis)
}

fn state() -> impl Strategy<Value = State> {
    let lease = any::<[u8; 16]>().prop_map(LeaseId::from_random);
    prop_oneof![
        Just(State::Live),
        Just(State::Exhausted),
        (time(), print()).prop_map(|(at, request)| State::Spent { at, request }),
        (lease, time(), print(), proptest::option::of(print())).prop_map(
            |(lease, until, request, binding)| State::Leased { lease, until, request, binding }
        ),
    ]
}

fn record() -> impl Strategy<Value = Record> {
    let ledger = (state(), proptest::option::of(print()), any::<u32>(), any::<u32>()).prop_map(
        |(state, binding, redeemed, releases)| Ledger { state, binding, redeemed, releases },
    );
    let parent = any::<[u8; 16]>().prop_map(HandleId::from_random);
    let options = (proptest::option::of(print()), proptest::option::of(parent));
    let sealed = proptest::collection::vec(any::<u8>(), 30..200);
    (ledger, options, sealed, 1..=u8::MAX, 0..3_u8, time(), any::<u32>()).prop_map(
        |(ledger, (subject, parent), mut sealed, key_id, uses, issued, expires)| {
            (sealed[0], sealed[1]) = (1, key_id);
            Record {
                key: key(),
                sealed: Sealed::from_bytes(&sealed).unwrap(),
                key_id: KeyId::new(key_id).unwrap(),
                uses: Uses::from_byte(uses).unwrap(),
                issued,
                expires: Expiry::from_secs(expires),
                subject,
                parent,
                ledger,
            }
        },
    )
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic_and_what_it_reads_it_would_write(
        bytes in proptest::collection::vec(0..4_u8, 0..200)
    ) {
        if let Ok(record) = decode(&key(), &bytes) {
            prop_assert_eq!(encode(&record).len(), bytes.len());
        }
    }

    #[test]
    fn a_record_that_was_cut_short_is_refused(record in record(), cut in 0..HEAD_LEN + 30) {
        let bytes = &encode(&record)[..cut];
        prop_assert!(decode(&key(), bytes).is_err());
    }

    #[test]
    fn a_record_survives_being_stored(record in record()) {
        let bytes = encode(&record);
        let back = decode(&key(), &bytes).unwrap();
        prop_assert_eq!(&back.ledger, &record.ledger);
        prop_assert_eq!(format!("{back:?}"), format!("{record:?}"));
        prop_assert_eq!(back.sealed.as_bytes(), record.sealed.as_bytes());
        prop_assert_eq!((back.subject, back.parent), (record.subject, record.parent));
        prop_assert_eq!(encode(&back), bytes);
    }
}
