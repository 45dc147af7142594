//! A primary that Sentinels watch: it dies, and the store follows them to the next.

use std::time::Duration;

use cloakroom::domain::Uses;
use cloakroom::store::redis::{Durability, Login, RedisSettings, RedisStore, Topology};
use cloakroom::store::{Reserved, Store};

use super::servers::{Server, patient, until};
use super::shared::{NOW, TERMS, ask, key, record};

struct Watched {
    primary: Server,
    _replica: Server,
    sentinels: Vec<Server>,
}

async fn watched() -> Watched {
    let primary = Server::start(&["--repl-diskless-sync-delay", "0"]).await;
    let replica = Server::start(&["--replicaof", "127.0.0.1", &primary.port.to_string()]).await;
    until("it follows", || async { replica.say(&["ROLE"]).contains("connected") }).await;
    let config = format!(
        "sentinel monitor main 127.0.0.1 {} 2\nsentinel down-after-milliseconds main 500\n\
         sentinel failover-timeout main 3000\n",
        primary.port
    );
    let mut sentinels = Vec::new();
    for _ in 0..3 {
        sentinels.push(Server::start(&["--sentinel", &config]).await);
    }
    for sentinel in &sentinels {
        until("the sentinels know each other and the replica", || async {
            let said = sentinel.say(&["INFO", "sentinel"]);
            said.contains("slaves=1,sentinels=3") && said.contains("status=ok")
        })
        .await;
    }
    Watched { primary, _replica: replica, sentinels }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_primary_dies_or_hangs_the_store_follows_the_sentinels_and_loses_nothing() {
    for hangs in [false, true] {
        let mut watched = watched().await;
        let settings = RedisSettings {
            durability: Durability::Replicas(1.try_into().unwrap()),
            near_age_max: Duration::ZERO,
            ..patient(RedisSettings::new(
                Topology::Sentinel { primary: "main".to_owned(), login: Login::default() },
                watched.sentinels.iter().map(Server::url).collect(),
            ))
        };
        let store = RedisStore::new(&settings).unwrap();
        store.check(&settings).await.unwrap();
        store.put((0..50).map(|number| record(number, Uses::Once)).collect()).await.unwrap();
        for number in 0..25 {
            let reserved = store.reserve(&key(number), &ask(number), &TERMS).await.unwrap();
            assert!(matches!(reserved, Reserved::Granted(..)));
        }
        if hangs {
            watched.primary.signal("STOP");
        } else {
            watched.primary.kill();
        }
        // The new primary has no replica: it acknowledges nothing, but it can be read.
        until("the store follows", || async { store.fetch(&key(0), NOW).await.is_ok() }).await;
        let settings = RedisSettings { durability: Durability::Primary, ..settings };
        let store = RedisStore::new(&settings).unwrap();
        for number in 0..50 {
            let reserved = store.reserve(&key(number), &ask(1000 + number), &TERMS).await.unwrap();
            let free = matches!(reserved, Reserved::Granted(..));
            assert_eq!(free, number >= 25, "{number}: {reserved:?}");
        }
    }
}
