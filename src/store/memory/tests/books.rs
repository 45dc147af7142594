//! Random histories against a map that is looked through from end to end: every answer, count and list.

use proptest::prelude::*;

use super::model::{ENTRIES_MAX, Model, is_live};
use super::*;

pub(super) const SIBLINGS_MAX: u64 = 3;
const TENANTS: [&str; 2] = ["a", "b"];

#[derive(Clone, Debug)]
enum Step {
    Put(Vec<Sort>),
    Place(Sort, bool),
    Remove(u8, u8),
    RemoveSubject(u8, u8),
    RemoveTenant(u8),
    Redeem(u8, u8, bool),
    Room(u8, u8),
    Sweep,
    Clock(i8),
}

/// What tells one record from another.
#[derive(Clone, Debug)]
pub(super) struct Sort {
    pub(super) tenant: u8,
    pub(super) id: u8,
    pub(super) subject: Option<u8>,
    pub(super) parent: Option<u8>,
    pub(super) ttl: u8,
    pub(super) key: u8,
}

fn sort() -> impl Strategy<Value = Sort> {
    let owner = (0..2_u8, 0..10_u8, proptest::option::of(0..3_u8), proptest::option::of(0..4_u8));
    (owner, 1..60_u8, 1..3_u8).prop_map(|((tenant, id, subject, parent), ttl, key)| Sort {
        tenant,
        id,
        subject,
        parent,
        ttl,
        key,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let (one, id, subject) = (0..2_u8, 0..10_u8, 0..3_u8);
    prop_oneof![
        4 => proptest::collection::vec(sort(), 0..4).prop_map(Step::Put),
        6 => (sort(), any::<bool>()).prop_map(|(sort, present)| Step::Place(sort, present)),
        2 => (one.clone(), id.clone()).prop_map(|(tenant, id)| Step::Remove(tenant, id)),
        1 => (one.clone(), subject).prop_map(|(tenant, of)| Step::RemoveSubject(tenant, of)),
        1 => one.clone().prop_map(Step::RemoveTenant),
        4 => (one.clone(), id.clone(), any::<bool>())
            .prop_map(|(tenant, id, commits)| Step::Redeem(tenant, id, commits)),
        1 => (one, id).prop_map(|(tenant, id)| Step::Room(tenant, id)),
        2 => Just(Step::Sweep),
        4 => (-10..30_i8).prop_map(Step::Clock),
    ]
}

pub(super) fn print(of: u8) -> Fingerprint {
    Fingerprint::from_bytes([of; 16])
}

pub(super) fn key(owner: u8, n: u8) -> RecordKey {
    RecordKey { tenant: tenant(TENANTS[usize::from(owner)]), id: id(u16::from(n)) }
}

pub(super) fn made(sort: &Sort, now: Timestamp) -> Record {
    Record {
        key: key(sort.tenant, sort.id),
        key_id: KeyId::new(sort.key).unwrap(),
        issued: now,
        expires: Expiry::from_secs(u32::try_from(now.secs()).unwrap() + u32::from(sort.ttl)),
        subject: sort.subject.map(print),
        parent: sort.parent.map(|parent| id(u16::from(parent))),
        ..record(0)
    }
}

async fn does(store: &MemoryStore, model: &mut Model, step: &Step, now: Timestamp) {
    match step {
        Step::Put(sorts) => {
            let records: Vec<_> = sorts.iter().map(|sort| made(sort, now)).collect();
            let expected = model.put(&records, now);
            assert_eq!(store.put(records).await, expected);
        }
        Step::Place(sort, present) => {
            let record = made(sort, now);
            let absent = When::Absent { siblings_max: SIBLINGS_MAX };
            let when = if *present { When::Present } else { absent };
            let expected = model.place(&record, when);
            assert_eq!(store.place(record, when).await, expected);
        }
        Step::Remove(owner, n) => {
            let key = key(*owner, *n);
            assert_eq!(store.remove(&key, now).await.unwrap(), model.remove(&key, now));
        }
        Step::RemoveSubject(owner, of) => {
            let (tenant, prints) = (key(*owner, 0).tenant, [print(*of), print(9)]);
            let own = |r: &Record| r.key.tenant == tenant && r.subject == Some(prints[0]);
            let expected = model.remove_all(now, own);
            assert_eq!(store.remove_subject(&tenant, &prints, now).await.unwrap(), expected);
        }
        Step::RemoveTenant(owner) => {
            let tenant = key(*owner, 0).tenant;
            let expected = model.remove_all(now, |record| record.key.tenant == tenant);
            assert_eq!(store.remove_tenant(&tenant, now).await.unwrap(), expected);
        }
        Step::Redeem(owner, n, commits) => {
            redeem(store, model, &key(*owner, *n), *commits, now).await
        }
        Step::Room(owner, n) => {
            let parent = key(*owner, *n);
            if model.share_is_full() {
                model.forget_ended(now);
            }
            let children = model.children(&parent);
            let live = children.iter().filter(|child| is_live(child, now)).count() as u64;
            let crowded = (live >= SIBLINGS_MAX).then_some(Crowd::Parent);
            let expected = if model.share_is_full() { Some(Crowd::Share) } else { crowded };
            assert_eq!(store.room(&parent, now, SIBLINGS_MAX).await.unwrap(), expected);
        }
        Step::Sweep => assert_eq!(store.sweep(now).await.unwrap(), model.forget_ended(now)),
        Step::Clock(_) => {}
    }
}

async fn redeem(
    store: &MemoryStore,
    model: &mut Model,
    key: &RecordKey,
    commits: bool,
    now: Timestamp,
) {
    let terms = Terms::default();
    let lease = LeaseId::from_random([now.secs().to_le_bytes()[0]; 16]);
    let ask = Ask { now, lease, request: print(200), binding: None };
    let reserved = store.reserve(key, &ask, &terms).await.unwrap();
    let Some(held) = model.0.get_mut(key).filter(|held| is_live(held, now)) else {
        assert!(matches!(reserved, Reserved::Missing), "{reserved:?}");
        return;
    };
    match (held.ledger.reserve(held.uses, &ask, &terms), reserved) {
        (Ok(expected), Reserved::Granted(granted, sealed)) => {
            assert_eq!((granted, &sealed), (expected, &held.sealed));
        }
        (Err(expected), Reserved::Refused(refused)) => assert_eq!(refused, expected),
        (expected, reserved) => panic!("{reserved:?} in place of {expected:?}"),
    }
    let (expected, settled) = if commits {
        let expected = held.ledger.commit(held.uses, &lease, now);
        (expected, store.commit(key, &lease, now).await.unwrap())
    } else {
        let expected = held.ledger.release(&lease, &terms);
        (expected, store.release(key, &lease, &terms).await.unwrap())
    };
    assert_eq!(settled, expected);
}

/// Every count and index, against a look at everything.
pub(super) async fn agree(store: &MemoryStore, model: &Model, now: Timestamp) {
    let mut census = store.census().await.unwrap();
    census.by_key.retain(|(_, count)| *count > 0);
    assert_eq!(census, model.census());
    for owner in 0..2 {
        for n in 0..10 {
            let key = key(owner, n);
            let held = store.fetch(&key, now).await.unwrap();
            let expected = model.0.get(&key).filter(|record| is_live(record, now));
            let said = |r: &Record| (r.ledger.clone(), r.expires, r.subject, r.parent, r.key_id);
            assert_eq!(held.as_deref().map(said), expected.map(said));
            let listed = store.name(&key).map_or(0, |name| store.families.open(name).count());
            assert_eq!(listed, model.children(&key).len() as u64, "the children of {n}");
        }
        for of in 0..3 {
            let tenant = key(owner, 0).tenant;
            let found = store.of_subject(&tenant, &[print(of)], now, 100).await.unwrap();
            let mut found: Vec<_> = found.iter().map(|record| record.key.clone()).collect();
            found.sort_unstable();
            let own = |record: &&Record| {
                record.key.tenant == tenant
                    && record.subject == Some(print(of))
                    && record.parent.is_none()
                    && is_live(record, now)
            };
            let expected: Vec<_> =
                model.0.values().filter(own).map(|record| record.key.clone()).collect();
            assert_eq!(found, expected, "of subject {of}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn it_answers_and_counts_as_a_map_that_is_looked_through(
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (store, mut model) = (MemoryStore::new(ENTRIES_MAX), Model::default());
            let mut now = NOW;
            for step in &steps {
                if let Step::Clock(by) = step {
                    now = Timestamp::from_secs(now.secs().saturating_add_signed(i64::from(*by)));
                }
                does(&store, &mut model, step, now).await;
                agree(&store, &model, now).await;
            }
        });
    }
}
