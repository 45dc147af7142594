//! Connections to the vendor that are kept while idle.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Barrier;

use super::serve_with;
use crate::support::Browser;
use crate::support::house::{CENTER, route};

/// More than Pingora keeps by itself for a thread.
const CALLS: usize = 200;

/// How many connections two rounds of calls at once need, where this is added to the
/// data plane's table.
async fn connections(of_data_plane: &str) -> usize {
    let vendor = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = vendor.local_addr().unwrap();
    let (talking, together) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(CALLS)));
    let counted = Arc::clone(&talking);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = vendor.accept().await {
            let (counted, together) = (Arc::clone(&counted), Arc::clone(&together));
            tokio::spawn(async move {
                let (mut piece, mut known) = ([0; 4096], false);
                // A look at its health ends without a byte.
                while stream.read(&mut piece).await.is_ok_and(|read| read > 0) {
                    if !std::mem::replace(&mut known, true) {
                        counted.fetch_add(1, Ordering::SeqCst);
                    }
                    together.wait().await;
                    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
                    stream.write_all(answer).await.unwrap();
                }
            });
        }
    });
    let serving = serve_with(of_data_plane, &route("genesys", address)).await;
    let connected = (0..CALLS).map(|_| Browser::connect(serving.data));
    let mut browsers = join_all(connected).await;
    let poll =
        format!("GET /api/v2/chats/7 HTTP/1.1\r\nHost: h\r\nContactCenterId: {CENTER}\r\n\r\n");
    for _ in 0..2 {
        let answers = browsers.iter_mut().map(|browser| browser.send(poll.as_bytes()));
        assert!(join_all(answers).await.iter().all(|answer| answer.status == 200));
    }
    talking.load(Ordering::SeqCst)
}

#[tokio::test]
async fn as_many_calls_at_once_as_before_open_no_new_connection() {
    assert_eq!(connections("threads = 1\n").await, CALLS);
}

#[tokio::test]
async fn no_more_than_the_operator_says_are_kept_open() {
    let all = connections("threads = 1\nupstream_idle_max = 50\n").await;
    assert!(all >= 2 * CALLS - 50, "{all}");
}
