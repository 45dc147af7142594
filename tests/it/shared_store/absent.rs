//! A Redis that is not there, does not answer or must not be trusted: refusals in
//! time on both planes, and use again when it is back.

use std::path::Path;
use std::time::Duration;

use cloakroom::server::Fitness;
use tokio::time::timeout;

use super::{PAYLOAD, in_redis, over};
use crate::redis_store::servers::{Server, until};
use crate::support::calls::{chat_with, refused};
use crate::support::house::{route, start_text};
use crate::support::{Answer, Running, SECRET, Vendor, issue};

/// Far above what an operation may take, far below for ever.
const IN_TIME: Duration = Duration::from_secs(10);

async fn house(store: &str, vendor: &Vendor) -> Running {
    start_text(&over(store, &route("genesys", vendor.address)), Path::new(".")).await
}

async fn ready(house: &Running) -> Answer {
    timeout(IN_TIME, house.control("GET", "/readyz", "", "")).await.expect("in time")
}

async fn until_ready(house: &Running) {
    until("the house is ready", || async { ready(house).await.status == 200 }).await;
}

/// Both planes say that it is no use now.
async fn unavailable(house: &Running, handle: &str) {
    let redeemed = timeout(IN_TIME, house.send(&chat_with(handle))).await.expect("in time");
    refused(&redeemed, 503, "unavailable");
    let body = format!(r#"{{"payload":{PAYLOAD}}}"#);
    let issued = house.control("POST", "/v1/handles", SECRET, &body);
    let issued = timeout(IN_TIME, issued).await.expect("in time");
    assert_eq!(issued.status, 503, "{issued:?}");
    assert_eq!(issued.header("content-type").as_deref(), Some("application/problem+json"));
    let ready = ready(house).await;
    assert_eq!(ready.status, 503);
    assert!(ready.text().contains("the store"), "{ready:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_is_refused_in_time_on_both_planes_and_used_again_after() {
    let (server, vendor) = (Server::start(&[]).await, Vendor::start().await);
    let store = in_redis(&server).replace("\"3s\"", "\"500ms\"");
    let house = house(&store, &vendor).await;
    until_ready(&house).await;
    let handle = issue(&house, PAYLOAD).await;
    server.signal("STOP");
    unavailable(&house, &handle).await;
    // Known to be gone by now.
    unavailable(&house, &handle).await;
    vendor.saw_nothing();
    // What an operator looks at just then.
    let metrics = timeout(IN_TIME, house.metrics()).await.expect("in time");
    assert!(metrics.contains("outcome=\"unavailable\""), "{metrics}");
    server.signal("CONT");
    until_ready(&house).await;
    assert_eq!(house.send(&chat_with(&handle)).await.status, 200);
    assert!(vendor.only().text().contains("ann@example.com"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_house_starts_without_its_redis_and_uses_it_when_it_comes() {
    let (mut server, vendor) = (Server::start(&[]).await, Vendor::start().await);
    let known = house(&in_redis(&server), &vendor).await;
    until_ready(&known).await;
    let handle = issue(&known, PAYLOAD).await;
    server.kill();
    let house = house(&in_redis(&server), &vendor).await;
    assert_eq!(house.house.examine_store().await, Fitness::Unknown);
    unavailable(&house, &handle).await;
    server.restart().await;
    until_ready(&house).await;
    let examined = || async { house.house.examine_store().await == Fitness::Fit };
    until("the store says what it is", examined).await;
    let handle = issue(&house, PAYLOAD).await;
    assert_eq!(house.send(&chat_with(&handle)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_may_drop_live_handles_is_used_unless_strict() {
    let vendor = Vendor::start().await;
    let server = Server::start(&["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"]).await;
    let lenient = house(&in_redis(&server), &vendor).await;
    assert_eq!(lenient.house.examine_store().await, Fitness::Fit);
    let handle = issue(&lenient, PAYLOAD).await;
    let strict = format!("{}\nstrict = \"refuse\"", in_redis(&server));
    let strict = house(&strict, &vendor).await;
    assert_eq!(strict.house.examine_store().await, Fitness::Unfit);
    let why = strict.house.unfit().unwrap();
    assert!(why.contains("allkeys-lru") && why.contains("strict"), "{why}");
    unavailable(&strict, &handle).await;
    let ready = ready(&strict).await;
    assert!(ready.text().contains("unfit"), "{ready:?}");
    vendor.saw_nothing();
    assert_eq!(lenient.send(&chat_with(&handle)).await.status, 200);
}

/// Its server dies before anything was asked of it, and comes back dropping live keys when it is full.
async fn late_and_lossy(strict: &str) -> (Server, Vendor, Running) {
    let vendor = Vendor::start().await;
    let mut server = Server::start(&["--maxmemory", "64mb"]).await;
    let store = format!("{}\n{strict}", in_redis(&server));
    server.kill();
    let house = house(&store, &vendor).await;
    assert_eq!(house.house.examine_store().await, Fitness::Unknown);
    server.restart_with(&["--maxmemory-policy", "allkeys-lru"]).await;
    (server, vendor, house)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_comes_late_and_is_unfit_gets_no_handle_before_somebody_looks() {
    let (server, vendor, house) = late_and_lossy("strict = \"refuse\"").await;
    // Nobody looks but those who call. A connection that was broken pauses before its next try.
    let body = format!(r#"{{"payload":{PAYLOAD}}}"#);
    until("it is found unfit", || async {
        let calls = (0..16).map(|_| house.control("POST", "/v1/handles", SECRET, &body));
        for issued in futures_util::future::join_all(calls).await {
            assert_eq!(issued.status, 503, "{issued:?}");
        }
        house.house.unfit().is_some()
    })
    .await;
    assert!(house.house.unfit().unwrap().contains("allkeys-lru"));
    assert_eq!(server.say(&["DBSIZE"]), "0", "nothing was written");
    vendor.saw_nothing();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_comes_late_is_examined_at_its_first_use() {
    let (_server, _vendor, house) = late_and_lossy("").await;
    let body = format!(r#"{{"payload":{PAYLOAD}}}"#);
    until("it is used", || async {
        house.control("POST", "/v1/handles", SECRET, &body).await.status == 201
    })
    .await;
    assert_eq!(house.house.unfit(), None);
    // One that is too old for us, or of another topology, is refused by the first call too.
    let vendor = Vendor::start().await;
    let server = Server::start(&["--cluster-enabled", "yes"]).await;
    let wrong =
        start_text(&over(&in_redis(&server), &route("genesys", vendor.address)), Path::new("."))
            .await;
    let issued = wrong.control("POST", "/v1/handles", SECRET, &body).await;
    assert_eq!(issued.status, 503, "{issued:?}");
    assert!(wrong.house.unfit().unwrap().contains("topology"));
}
