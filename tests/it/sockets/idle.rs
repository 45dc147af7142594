//! A socket on which nobody says anything lives longer than a call that does not come.

use super::{DIALECT, TEXT, frame, masked, next, open};
use crate::answers::house;
use crate::support::stage::Stage;
use crate::support::{Browser, issue};

#[tokio::test]
async fn a_silent_socket_outlives_the_time_that_a_call_is_waited_for() {
    let stage = Stage::open().await;
    let files = tempfile::tempdir().unwrap();
    let limits = "[limits]\nclient_timeout = \"200ms\"\nwebsocket_idle_timeout = \"1h\"\n";
    let running = house(&DIALECT.replace("MORE", ""), stage.address, limits, files.path()).await;
    let handle = issue(&running, super::PAYLOAD).await;
    let mut pair = open(&running, &stage, "/ws", &[("X-Ticket", &handle)], "", b"").await;
    // One that sends half a call is not waited for any longer; by then the socket has
    // been as silent for as long.
    let mut slow = Browser::connect(running.data).await;
    slow.write(b"POST /say HTTP/1.1\r\nHost: chat.test\r\nContent-Length: 9\r\n\r\n{").await;
    slow.rest().await;
    pair.vendor.write(&frame(TEXT, b"still here")).await;
    assert_eq!(next(&mut pair.browser).await, (TEXT, b"still here".to_vec()));
    pair.browser.write(&masked(TEXT, b"so am I")).await;
    assert_eq!(next(&mut pair.vendor).await, (TEXT, b"so am I".to_vec()));
}
