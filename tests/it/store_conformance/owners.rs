//! Records by their owners: a subject's are listed, a tenant's all go.

use cloakroom::domain::{Fingerprint, HandleId, TenantId, Timestamp, Uses};
use cloakroom::store::Record;

use super::{Engine, NOW, key, record, stores};

#[tokio::test]
async fn a_tenants_records_all_go_with_what_was_learnt_and_nobody_elses() {
    for Engine { store, _servers } in stores().await {
        let parent = |id: u8| Some(HandleId::from_random([id; 16]));
        let of = |tenant: &str, id: u8| Record {
            subject: id.is_multiple_of(2).then(|| Fingerprint::from_bytes([9; 16])),
            ..record(key(tenant, id), if id < 50 { Uses::Once } else { Uses::UntilExpiry })
        };
        // More than one step of any engine, with other tenants' between.
        let own: Vec<_> = (0..80).map(|id| of("a", id)).collect();
        let learnt = Record { parent: parent(1), ..of("a", 100) };
        let alone = Record { parent: parent(101), ..of("a", 101) };
        store.put((0..4).map(|id| of("ab", id)).collect()).await.unwrap();
        store.put(own).await.unwrap();
        store
            .put(vec![learnt, alone, of("b", 1), Record { parent: parent(1), ..of("b", 100) }])
            .await
            .unwrap();

        let tenant = TenantId::parse("a").unwrap();
        assert_eq!(store.remove_tenant(&tenant, NOW).await.unwrap(), 80);
        assert_eq!(store.remove_tenant(&tenant, NOW).await.unwrap(), 0);
        for id in (0..80).chain([100, 101]) {
            assert!(store.fetch(&key("a", id), NOW).await.unwrap().is_none(), "{id}");
        }
        for (other, id) in [("ab", 0), ("ab", 3), ("b", 1), ("b", 100)] {
            assert!(store.fetch(&key(other, id), NOW).await.unwrap().is_some(), "{other} {id}");
        }
        assert_eq!(store.census().await.unwrap().entries, 6);
        let nobody = TenantId::parse("nobody").unwrap();
        assert_eq!(store.remove_tenant(&nobody, NOW).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_subjects_live_handles_are_listed_and_nobody_elses() {
    for Engine { store, _servers } in stores().await {
        let of = |id: u8, subject: u8| Record {
            subject: Some(Fingerprint::from_bytes([subject; 16])),
            ..record(key("a", id), Uses::Once)
        };
        let child = Record { parent: Some(HandleId::from_random([1; 16])), ..of(4, 9) };
        let other = Record { key: key("b", 5), ..of(5, 9) };
        store.put(vec![of(1, 9), of(2, 9), of(3, 8), child, other]).await.unwrap();
        let (a, nine) = (TenantId::parse("a").unwrap(), [Fingerprint::from_bytes([9; 16])]);
        let listed = async |now, max| {
            let found = store.of_subject(&a, &nine, now, max).await.unwrap();
            let mut ids: Vec<_> = found.iter().map(|record| record.key.id).collect();
            ids.sort_unstable();
            ids
        };
        let mut wanted = vec![key("a", 1).id, key("a", 2).id];
        wanted.sort_unstable();
        assert_eq!(listed(NOW, 10).await, wanted);
        assert_eq!(listed(NOW, 1).await.len(), 1);
        assert!(listed(Timestamp::from_secs(1_000_060), 10).await.is_empty(), "expired");
        store.remove(&key("a", 1), NOW).await.unwrap();
        assert_eq!(listed(NOW, 10).await, [key("a", 2).id]);
    }
}
