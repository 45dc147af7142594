//! The vendors' own sockets, through the dialects that come with the house.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{TEXT, frame, masked, next, open};
use crate::support::calls::SEND;
use crate::support::house::route;
use crate::support::stage::Stage;
use crate::support::{Browser, issue, request, start};

#[tokio::test]
async fn quiqs_socket_is_known_by_its_token_and_keeps_its_heartbeat() {
    let stage = Stage::open().await;
    let running = start(&route("quiq", stage.address)).await;
    let handle = issue(&running, r#"{"name":"Jörg Ümit"}"#).await;
    let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"sub":"t-1"}"#));
    let offered = [("Sec-WebSocket-Protocol", token.as_str())];
    let chosen = format!("Sec-WebSocket-Protocol: {token}\r\n");
    let mut pair = open(&running, &stage, "/websocket/x", &offered, &chosen, b"").await;
    assert!(pair.answered.contains(&token), "{}", pair.answered);
    for _ in 0..3 {
        let beat = masked(TEXT, b"X");
        pair.browser.write(&beat).await;
        assert_eq!(pair.vendor.exactly(beat.len()).await, beat);
        pair.vendor.write(&frame(TEXT, b"X")).await;
        assert_eq!(next(&mut pair.browser).await, (TEXT, b"X".to_vec()));
    }
    // The page hands its context in after the socket is open.
    let body = format!(r#"{{"text":"Hi","context":{{"storedContextId":"{handle}"}}}}"#);
    let mut sending = Browser::connect(running.data).await;
    let access = [("X-Quiq-Access-Token", token.as_str())];
    sending.write(&request("POST", SEND, &access, body.as_bytes())).await;
    let mut vendor = stage.accept().await;
    vendor.head().await.unwrap();
    let said = r#"{"messageType":"ChatMessage","author":"Jörg Ümit"}"#;
    pair.vendor.write(&frame(TEXT, said.as_bytes())).await;
    let (_, got) = next(&mut pair.browser).await;
    assert_eq!(String::from_utf8(got).unwrap(), said.replace("Jörg Ümit", &handle));
}

#[tokio::test]
async fn allis_graphql_frames_reveal_in_variables_and_connection_params() {
    let stage = Stage::open().await;
    let running = start(&route("alli", stage.address)).await;
    let payload = r#"{"conversation_token":"tok-4711","own_user_id":"u-4242","user_email":"ann.lee@example.com"}"#;
    let handle = issue(&running, payload).await;
    let offered = [("Sec-WebSocket-Protocol", "graphql-ws")];
    let chosen = "Sec-WebSocket-Protocol: graphql-ws\r\n";
    let mut pair = open(&running, &stage, "/d/ws/user/", &offered, chosen, b"").await;
    for (sent, expected) in [
        (
            r#"{"type":"connection_init","payload":{"own-user-id":"HANDLE","user-email":"HANDLE"}}"#,
            r#"{"type":"connection_init","payload":{"own-user-id":"u-4242","user-email":"ann.lee@example.com"}}"#,
        ),
        (
            r#"{"id":"1","type":"start","payload":{"variables":{"t":"HANDLE","v_message":"HANDLE"},"query":"q"}}"#,
            r#"{"id":"1","type":"start","payload":{"variables":{"t":"tok-4711","v_message":"HANDLE"},"query":"q"}}"#,
        ),
        (
            r#"{"id":"2","type":"start","payload":{"variables":{"where":{"conversationWhere":{"id":"HANDLE"}}}}}"#,
            r#"{"id":"2","type":"start","payload":{"variables":{"where":{"conversationWhere":{"id":"tok-4711"}}}}}"#,
        ),
        (r#"{"type":"stop","id":"1"}"#, r#"{"type":"stop","id":"1"}"#),
    ] {
        pair.browser.write(&masked(TEXT, sent.replace("HANDLE", &handle).as_bytes())).await;
        let (_, got) = next(&mut pair.vendor).await;
        assert_eq!(String::from_utf8(got).unwrap(), expected.replace("HANDLE", &handle));
    }
    let said =
        r#"{"type":"data","payload":{"data":{"email":"ann.lee@example.com","t":"tok-4711"}}}"#;
    pair.vendor.write(&frame(TEXT, said.as_bytes())).await;
    let (_, got) = next(&mut pair.browser).await;
    let expected = said.replace("ann.lee@example.com", "[redacted]").replace("tok-4711", &handle);
    assert_eq!(String::from_utf8(got).unwrap(), expected);
}
