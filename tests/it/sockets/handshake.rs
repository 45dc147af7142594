//! The handshake is an exchange like any other.

use super::{ID, PAYLOAD, Scene, TEXT, frame, masked, next};
use crate::support::vendor::header_of;
use crate::support::{Browser, issue, request};

#[tokio::test]
async fn a_handle_in_query_or_header_is_revealed_and_extensions_are_not_asked_for() {
    let scene = Scene::start().await;
    let path = format!("/ws?t={}&x=1", scene.handle);
    let pair = scene.open(&path, &[], "", b"").await;
    assert!(
        pair.asked.starts_with("GET /ws?t=ann.lee%40example.com&x=1 HTTP/1.1\r\n"),
        "{}",
        pair.asked
    );
    assert_eq!(header_of(&pair.asked, "Sec-WebSocket-Extensions"), None);
    let ticket = [("X-Ticket", scene.handle.as_str())];
    let pair = scene.open("/ws", &ticket, &format!("X-Echo: {ID}\r\n"), b"").await;
    assert_eq!(header_of(&pair.asked, "X-Ticket").as_deref(), Some(ID));
    assert_eq!(header_of(&pair.answered, "X-Echo").as_deref(), Some(scene.handle.as_str()));
}

#[tokio::test]
async fn a_subprotocol_that_is_a_handle_comes_back_as_the_handle() {
    let scene = Scene::start().await;
    let handle = issue(&scene.running, r#"{"proto":"token.ann-lee"}"#).await;
    let offered = format!("quiq, {handle}");
    let pair = scene
        .open(
            "/ws",
            &[("Sec-WebSocket-Protocol", &offered)],
            "Sec-WebSocket-Protocol: token.ann-lee\r\n",
            b"",
        )
        .await;
    assert_eq!(
        header_of(&pair.asked, "Sec-WebSocket-Protocol").as_deref(),
        Some("quiq, token.ann-lee")
    );
    assert_eq!(header_of(&pair.answered, "Sec-WebSocket-Protocol"), Some(handle));
}

#[tokio::test]
async fn the_subprotocol_that_was_offered_is_echoed_whatever_takes_a_values_place() {
    for redact_as in ["mark", "same-length", "handle"] {
        let scene = Scene::with(&format!("redact_as = \"{redact_as}\"")).await;
        let payload = r#"{"proto":"token.ann-lee","other":"graphql-ws"}"#;
        let handle = issue(&scene.running, payload).await;
        let offered = format!("graphql-ws,{handle} , v1");
        for (accepted, echoed) in
            [("token.ann-lee", handle.as_str()), ("graphql-ws", "graphql-ws"), ("v1", "v1")]
        {
            let accepted = format!("Sec-WebSocket-Protocol: {accepted}\r\n");
            let offered = [("Sec-WebSocket-Protocol", offered.as_str())];
            let pair = scene.open("/ws", &offered, &accepted, b"").await;
            let heard = header_of(&pair.answered, "Sec-WebSocket-Protocol");
            assert_eq!(heard.as_deref(), Some(echoed), "{redact_as}");
        }
    }
}

#[tokio::test]
async fn frames_that_come_with_the_head_are_read_as_well() {
    let scene = Scene::start().await;
    let first = frame(TEXT, format!(r#"{{"hello":"{ID}"}}"#).as_bytes());
    let ticket = [("X-Ticket", scene.handle.as_str())];
    let mut pair = scene.open("/ws", &ticket, "", &first).await;
    let expected = format!(r#"{{"hello":"{}"}}"#, scene.handle);
    assert_eq!(next(&mut pair.browser).await, (TEXT, expected.into_bytes()));
}

#[tokio::test]
async fn a_socket_of_a_conversation_hears_of_what_another_call_reveals_in_it() {
    let scene = Scene::start().await;
    let conversation = [("X-Conversation", "c-1")];
    let mut own = scene.open("/listen", &conversation, "", b"").await;
    assert_eq!(header_of(&own.asked, "Sec-WebSocket-Extensions"), None);
    let mut other = scene.open("/listen", &[("X-Conversation", "c-2")], "", b"").await;
    own.vendor.write(&frame(TEXT, b"before")).await;
    assert_eq!(next(&mut own.browser).await, (TEXT, b"before".to_vec()));
    let mut saying = Browser::connect(scene.running.data).await;
    let call = [conversation[0], ("X-Ticket", &scene.handle)];
    saying.write(&request("POST", "/say", &call, b"{}")).await;
    let mut vendor = scene.stage.accept().await;
    vendor.head().await.unwrap();
    let said = frame(TEXT, ID.as_bytes());
    own.vendor.write(&said).await;
    assert_eq!(next(&mut own.browser).await, (TEXT, scene.handle.clone().into_bytes()));
    other.vendor.write(&said).await;
    assert_eq!(next(&mut other.browser).await, (TEXT, ID.into()), "it is another's");
}

#[tokio::test]
async fn an_upgrade_that_the_vendor_refuses_is_an_answer() {
    let scene = Scene::start().await;
    let mut browser = Browser::connect(scene.running.data).await;
    let headers =
        [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("X-Ticket", &scene.handle)];
    browser.write(&request("GET", "/ws", &headers, b"")).await;
    let mut vendor = scene.stage.accept().await;
    vendor.head().await.unwrap();
    let reply = format!("HTTP/1.1 403 No\r\nContent-Length: {}\r\n\r\n{ID}", ID.len());
    vendor.write(reply.as_bytes()).await;
    let answer = browser.read().await.unwrap();
    assert_eq!((answer.status, answer.text()), (403, scene.handle.clone()));
}

#[tokio::test]
async fn a_socket_without_anything_to_swap_passes_to_the_letter() {
    let scene = Scene::start().await;
    let mut pair =
        scene.open("/listen", &[], "Sec-WebSocket-Extensions: permessage-deflate\r\n", b"").await;
    assert!(header_of(&pair.asked, "Sec-WebSocket-Extensions").is_some());
    let bytes =
        [frame(0xc1, &[1, 2, 3]), masked(TEXT, PAYLOAD.as_bytes()), b"no frame".to_vec()].concat();
    pair.vendor.write(&bytes).await;
    assert_eq!(pair.browser.exactly(bytes.len()).await, bytes);
    pair.browser.write(&bytes).await;
    assert_eq!(pair.vendor.exactly(bytes.len()).await, bytes);
}
