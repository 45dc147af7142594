//! The program on a disk that fills up and is emptied again, and over a store that is full.

use std::fs;
use std::io::Write as _;

use super::on_disk;
use super::program::Serving;
use crate::support::mount::Mount;
use crate::support::{SECRET, Vendor, request};

const MESSAGE: &str = "no space left";

#[tokio::test]
async fn a_full_disk_is_said_once_refused_by_name_and_forgotten_when_there_is_room() {
    let (folder, vendor) = (tempfile::tempdir().unwrap(), Vendor::start().await);
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let test = "shared_store::space::a_full_disk_is_said_once_refused_by_name_and_forgotten_when_there_is_room";
    let Some(mount) = Mount::on(&disk, "4m", test) else { return };
    let serving = Serving::over(&on_disk(&mount.0), folder.path(), &vendor);
    let process = serving.start().await;
    let before = serving.issue("until-expiry").await;

    let ballast = mount.0.join("ballast");
    let mut file = fs::File::create(&ballast).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    let bearer = format!("Bearer {SECRET}");
    let body = br#"{"payload":{"nickname":"Ann"}}"#;
    let call = request("POST", "/v1/handles", &[("Authorization", &bearer)], body);
    let mut refused = 0;
    for _ in 0..2000 {
        let answer = serving.to(serving.control, &call).await;
        if answer.status == 503 {
            assert_eq!(answer.json()["title"], "The store has no space left");
            refused += 1;
        }
        if refused == 20 {
            break;
        }
    }
    assert_eq!(refused, 20);

    drop(file);
    fs::remove_file(&ballast).unwrap();
    serving.issue("once").await;
    assert_eq!(serving.redeem(&before).await.status, 200);
    let ready = serving.to(serving.control, &request("GET", "/readyz", &[], b"")).await;
    assert_eq!(ready.status, 200, "{ready:?}");
    process.signal("-TERM");
    let log = String::from_utf8(process.end().await.stderr).unwrap();
    let said = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    assert_eq!((said(MESSAGE), said("has space again")), (1, 1), "{log}");
    assert!(log.lines().any(|line| line.contains(MESSAGE) && line.contains("bytes_max")), "{log}");
}

#[tokio::test]
async fn a_full_store_is_said_once_by_log_and_metric_and_keeps_the_node_ready() {
    let (folder, vendor) = (tempfile::tempdir().unwrap(), Vendor::start().await);
    let serving = Serving::over("kind = \"memory\"\nentries_max = 2", folder.path(), &vendor);
    let process = serving.start().await;
    let (one, other) = (serving.issue("until-expiry").await, serving.issue("once").await);
    let bearer = format!("Bearer {SECRET}");
    let authorized = [("Authorization", bearer.as_str())];
    let call = request("POST", "/v1/handles", &authorized, br#"{"payload":{"nickname":"Ann"}}"#);
    let metric = async || {
        let metrics = serving.to(serving.control, &request("GET", "/metrics", &[], b"")).await;
        let text = metrics.text().to_owned();
        let line = text.lines().find(|line| line.starts_with("cloakroom_store_full "));
        line.unwrap().to_owned()
    };
    assert_eq!(metric().await, "cloakroom_store_full 0");
    for _ in 0..5 {
        let answer = serving.to(serving.control, &call).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(answer.json()["title"], "The store is full");
    }
    assert_eq!(metric().await, "cloakroom_store_full 1");
    let ready = serving.to(serving.control, &request("GET", "/readyz", &[], b"")).await;
    assert_eq!(ready.status, 200, "{ready:?}");

    let all = request("DELETE", "/v1/handles?tenant=acme", &authorized, b"");
    assert_eq!(serving.to(serving.control, &all).await.json()["revoked"], 2);
    assert_ne!(serving.redeem(&one).await.status, 200);
    assert_ne!(serving.redeem(&other).await.status, 200);
    serving.issue("once").await;
    assert_eq!(metric().await, "cloakroom_store_full 0");
    process.signal("-TERM");
    let log = String::from_utf8(process.end().await.stderr).unwrap();
    let said = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    assert_eq!((said("the store is full"), said("the store has room again")), (1, 1), "{log}");
}
