//! Answers that begin before the call is whole.

use super::{ID, SAY, holds_nothing, house};
use crate::support::stage::Stage;
use crate::support::{Browser, issue};

/// A slot in the body, so that a late body is collected.
fn dialect() -> String {
    SAY.replace("MORE", "").replace(r#"{ header = "X-Ticket" }"#, r#"{ json = "/ticket" }"#)
}

#[tokio::test]
async fn an_answer_before_the_body_is_whole_means_that_nothing_is_revealed() {
    let stage = Stage::open().await;
    let files = tempfile::tempdir().unwrap();
    let running = house(&dialect(), stage.address, "", files.path()).await;
    let handle = issue(&running, super::PAYLOAD).await;
    let mut browser = Browser::connect(running.data).await;
    let filling = "x".repeat(100_000);
    let first = format!(r#"{{"filling":"{filling}","#);
    browser
        .write(b"POST /say HTTP/1.1\r\nHost: chat.test\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    browser.write(format!("{:x}\r\n{first}\r\n", first.len()).as_bytes()).await;
    let mut vendor = stage.accept().await;
    vendor.head().await.unwrap();
    vendor.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n").await;
    let head = browser.head().await.unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let rest = format!(r#""ticket":"{handle}"}}"#);
    browser.write(format!("{:x}\r\n{rest}\r\n0\r\n\r\n", rest.len()).as_bytes()).await;
    let sent = vendor.rest().await;
    holds_nothing(&sent);
    assert!(!String::from_utf8_lossy(&sent).contains(ID));
    holds_nothing(&browser.rest().await);
}

#[tokio::test]
async fn a_word_in_between_is_no_answer_and_the_late_body_is_revealed() {
    let stage = Stage::open().await;
    let files = tempfile::tempdir().unwrap();
    let running = house(&dialect(), stage.address, "", files.path()).await;
    let handle = issue(&running, super::PAYLOAD).await;
    let mut browser = Browser::connect(running.data).await;
    let first = format!(r#"{{"filling":"{}","#, "x".repeat(100_000));
    browser
        .write(b"POST /say HTTP/1.1\r\nHost: chat.test\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    browser.write(format!("{:x}\r\n{first}\r\n", first.len()).as_bytes()).await;
    let mut vendor = stage.accept().await;
    vendor.head().await.unwrap();
    vendor.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n").await;
    let hint = browser.head().await.unwrap();
    assert!(hint.starts_with("HTTP/1.1 103"), "{hint}");
    let rest = format!(r#""ticket":"{handle}"}}"#);
    browser.write(format!("{:x}\r\n{rest}\r\n0\r\n\r\n", rest.len()).as_bytes()).await;
    let whole = first.len() + rest.len() - handle.len() + ID.len();
    // Less than a chunk's own framing is left, so what was revealed is here.
    let sent = vendor.exactly(whole + 5).await;
    assert!(String::from_utf8_lossy(&sent).contains(ID));
    let said = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{ID}", ID.len());
    vendor.write(said.as_bytes()).await;
    assert_eq!(browser.read().await.unwrap().text(), handle);
}
