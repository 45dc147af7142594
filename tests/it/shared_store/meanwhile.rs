//! An answer that is on its way through one house, while the other one reveals.

use super::*;
use crate::support::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_house_reveals_is_taken_out_of_a_stream_through_the_other() {
    let (server, folder) = (Server::start(&[]).await, TempDir::new().unwrap());
    for store in [on_disk(folder.path()), in_redis(&server)] {
        let stage = Stage::open().await;
        let text = over(&store, &route("genesys", stage.address));
        let one = start_text(&text, Path::new(".")).await;
        let other = start_text(&text, Path::new(".")).await;
        let path = format!("{CHATS}/c-77/messages");
        let headers = [("ContactCenterId", CENTER), ("Connection", "close")];
        let mut polling = Browser::connect(other.data).await;
        polling.write(&request("GET", &path, &headers, b"")).await;
        let mut stream = stage.accept().await;
        stream.head().await.unwrap();
        stream.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[ \r\n").await;
        polling.head().await.unwrap();
        let mut asking = Browser::connect(one.data).await;
        asking.write(&chat_with(&issue(&one, PAYLOAD).await)).await;
        let mut vendor = stage.accept().await;
        vendor.head().await.unwrap();
        vendor.write(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"id\":\"c-77\"}").await;
        assert_eq!(asking.read().await.unwrap().status, 200);
        stream.write(b"18\r\n{\"to\":\"ann@example.com\"}\r\n1\r\n]\r\n0\r\n\r\n").await;
        let got = String::from_utf8_lossy(&polling.rest().await).into_owned();
        assert!(got.contains("{\"to\":\""), "{got}");
        assert!(!got.contains("ann@"), "{got}");
    }
}

/// How often a house has looked into its store.
async fn looks(house: &Running) -> u64 {
    let metrics = house.metrics().await;
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("cloakroom_store_seconds_count{op=\"fetch\"} "));
    line.map_or(0, |count| count.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_piece_is_looked_up_anew_where_another_node_may_have_written() {
    const PIECES: u64 = 50;
    let (server, folder) = (Server::start(&[]).await, TempDir::new().unwrap());
    for store in [on_disk(folder.path()), in_redis(&server)] {
        let stage = Stage::open().await;
        let text = over(&store, &route("genesys", stage.address));
        let house = start_text(&text, Path::new(".")).await;
        let path = format!("{CHATS}/c-77/messages");
        let mut polling = Browser::connect(house.data).await;
        let headers = [("ContactCenterId", CENTER), ("Connection", "close")];
        polling.write(&request("GET", &path, &headers, b"")).await;
        let mut stream = stage.accept().await;
        stream.head().await.unwrap();
        stream.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n.\r\n").await;
        polling.head().await.unwrap();
        polling.exactly(6).await;
        let before = looks(&house).await;
        // All at once: however short the time between two of them is.
        let pieces = "1\r\n.\r\n".repeat(PIECES as usize);
        stream.write(format!("{pieces}0\r\n\r\n").as_bytes()).await;
        let got = polling.rest().await;
        assert_eq!(got.iter().filter(|byte| **byte == b'.').count() as u64, PIECES);
        let after = looks(&house).await;
        assert!(after >= before + PIECES, "{before} and {after} over {store}");
    }
}
