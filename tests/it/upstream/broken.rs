//! A vendor that refuses, hangs, breaks off or talks nonsense.

use super::{DIALECTS, call, one, says_upstream};
use crate::support::stage::Leaving;
use crate::support::{Browser, Reply, Vendor, request, start};

#[tokio::test]
async fn a_vendor_that_refuses_is_a_bad_gateway() {
    for dialect in DIALECTS {
        let leaving = Leaving::open();
        let running = start(&one(dialect, leaving.address(), "")).await;
        leaving.leave();
        let call = call(&running, dialect).await;
        says_upstream(&running.send(&call).await, dialect, 502);
    }
}

#[tokio::test]
async fn a_vendor_that_was_down_when_the_house_looked_is_still_asked() {
    let leaving = Leaving::open();
    let address = leaving.address();
    leaving.leave();
    let running = start(&one("genesys", address, "")).await;
    let call = call(&running, "genesys").await;
    says_upstream(&running.send(&call).await, "genesys", 502);
}

#[tokio::test]
async fn a_vendor_that_hangs_is_a_gateway_timeout_after_the_configured_time() {
    for dialect in DIALECTS {
        let vendor = Vendor::answering(|_| Reply::Hang).await;
        let running = start(&one(dialect, vendor.address, ", read_timeout = \"200ms\"")).await;
        let call = call(&running, dialect).await;
        says_upstream(&running.send(&call).await, dialect, 504);
        assert!(vendor.only().text().contains("ann@example.com"));
    }
}

#[tokio::test]
async fn a_vendor_that_closes_before_its_answer_is_a_bad_gateway() {
    let cut: [&[u8]; 3] = [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Len"];
    for dialect in DIALECTS {
        for bytes in cut {
            let vendor = Vendor::answering(move |_| Reply::RawThenClose(bytes.to_vec())).await;
            let running = start(&one(dialect, vendor.address, "")).await;
            let call = call(&running, dialect).await;
            says_upstream(&running.send(&call).await, dialect, 502);
            vendor.only();
        }
    }
}

#[tokio::test]
async fn a_vendor_that_answers_no_http_is_a_bad_gateway() {
    let garbage: [&[u8]; 3] =
        [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/9.9 200 OK\r\n\r\n", b"\x00\x01\x02\r\n\r\n"];
    for dialect in DIALECTS {
        for bytes in garbage {
            let vendor = Vendor::answering(move |_| Reply::RawThenClose(bytes.to_vec())).await;
            let running = start(&one(dialect, vendor.address, "")).await;
            let call = call(&running, dialect).await;
            says_upstream(&running.send(&call).await, dialect, 502);
        }
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_cut_and_never_passed_for_whole() {
    let cut: [&[u8]; 2] = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ];
    for bytes in cut {
        let vendor = Vendor::answering(move |_| Reply::RawThenClose(bytes.to_vec())).await;
        let running = start(&one("genesys", vendor.address, "")).await;
        let call = call(&running, "genesys").await;
        let mut browser = Browser::connect(running.data).await;
        browser.write(&call).await;
        let head = browser.head().await.unwrap();
        // Either nothing had gone out yet and it is a refusal, or it is visibly cut.
        let rest = String::from_utf8(browser.rest().await).unwrap();
        if head.starts_with("HTTP/1.1 200") {
            assert!(rest.len() < 100 && !rest.contains("0\r\n\r\n"), "{rest:?}");
        } else {
            assert!(head.starts_with("HTTP/1.1 502"), "{head}");
        }
    }
}

#[tokio::test]
async fn a_vendors_own_error_passes_untouched() {
    let vendor = Vendor::answering(|_| Reply::json(503, r#"{"vendor":"busy"}"#)).await;
    let running = start(&one("quiq", vendor.address, "")).await;
    let call = call(&running, "quiq").await;
    let answer = running.send(&call).await;
    assert_eq!((answer.status, answer.rejection()), (503, None));
    assert_eq!(answer.text(), r#"{"vendor":"busy"}"#);
}

#[tokio::test]
async fn the_connection_after_a_broken_call_is_a_new_one() {
    let vendor = Vendor::answering(|seen| match seen.line().contains("/bad") {
        true => Reply::RawThenClose(b"nonsense\r\n\r\n".to_vec()),
        false => Reply::json(200, "{}"),
    })
    .await;
    let center = [("ContactCenterId", crate::support::house::CENTER)];
    let running = start(&one("genesys", vendor.address, "")).await;
    let bad = request("POST", "/api/v2/chats/bad", &center, b"{}");
    let good = request("POST", "/api/v2/chats/good", &center, b"{}");
    assert_eq!(running.send(&good).await.status, 200);
    assert_eq!(running.send(&bad).await.status, 502);
    assert_eq!(running.send(&good).await.status, 200);
    let connections: Vec<_> = vendor.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
}
