//! The browser's messages: handles in the listed places become payloads.

use super::{BINARY, ID, PING, Scene, TEXT, closes, frame, masked, next};

fn who(handle: &str) -> String {
    format!(r#"{{ "who" : "{handle}", "text": "{handle}" }}"#)
}

#[tokio::test]
async fn a_handle_in_its_place_is_revealed_and_a_typed_one_stays() {
    let scene = Scene::start().await;
    let mut pair = scene.open("/ws", &[], "", b"").await;
    pair.browser.write(&masked(TEXT, who(&scene.handle).as_bytes())).await;
    let expected = format!(r#"{{ "who" : "{ID}", "text": "{}" }}"#, scene.handle);
    assert_eq!(next(&mut pair.vendor).await, (TEXT, expected.into_bytes()));
    // And from here on it does not come back.
    pair.vendor.write(&frame(TEXT, ID.as_bytes())).await;
    assert_eq!(next(&mut pair.browser).await, (TEXT, scene.handle.clone().into_bytes()));
}

#[tokio::test]
async fn a_message_is_read_in_fragments_between_controls_and_cut_at_every_byte() {
    let scene = Scene::start().await;
    let message = who(&scene.handle);
    let expected = format!(r#"{{ "who" : "{ID}", "text": "{}" }}"#, scene.handle);
    let (one, rest) = message.as_bytes().split_at(20);
    let (two, three) = rest.split_at(30);
    let sent = [
        masked(0x01, one),
        masked(PING, b"p1"),
        masked(0x00, two),
        masked(PING, b"p2"),
        masked(0x80, three),
        masked(TEXT, b"X"),
        masked(TEXT, message.as_bytes()),
    ]
    .concat();
    let mut pair = scene.open("/ws", &[], "", b"").await;
    pair.browser.dribble(&sent, 1).await;
    let mut got = Vec::new();
    for _ in 0..5 {
        got.push(next(&mut pair.vendor).await);
    }
    got.sort();
    let mut all = vec![
        (TEXT, b"X".to_vec()),
        (TEXT, expected.clone().into_bytes()),
        (TEXT, expected.into_bytes()),
        (PING, b"p1".to_vec()),
        (PING, b"p2".to_vec()),
    ];
    all.sort();
    assert_eq!(got, all);
}

#[tokio::test]
async fn what_is_no_json_or_has_no_handle_goes_byte_for_byte() {
    let scene = Scene::start().await;
    let mut pair = scene.open("/ws", &[], "", b"").await;
    let quoted = format!(r#"<a who="{}"/>"#, scene.handle);
    let texts = [
        "X",
        "2probe",
        "",
        "{",
        "{\"who\":7}",
        "null",
        "[\"who\"]",
        "42[\"a\",{}]",
        quoted.as_str(),
        "é€😀",
    ];
    for text in texts {
        let sent = masked(TEXT, text.as_bytes());
        pair.browser.write(&sent).await;
        assert_eq!(pair.vendor.exactly(sent.len()).await, sent, "{text}");
    }
    let sent =
        [masked(BINARY, &[0, 255, 1]), masked(0x02, b"a"), masked(0x80, scene.handle.as_bytes())]
            .concat();
    pair.browser.write(&sent).await;
    assert_eq!(pair.vendor.exactly(sent.len()).await, sent);
}

#[tokio::test]
async fn a_handle_that_is_not_usable_ends_the_socket_and_reveals_nothing() {
    let scene = Scene::start().await;
    let forged = format!("{}AAAA", &scene.handle[..scene.handle.len() - 4]);
    let mut pair = scene.open("/ws", &[], "", b"").await;
    let sent = [masked(TEXT, who(&forged).as_bytes()), masked(TEXT, who(&scene.handle).as_bytes())];
    pair.browser.write(&sent.concat()).await;
    closes(&next(&mut pair.vendor).await, 1008);
    pair.vendor.write(&frame(super::CLOSE, &1008u16.to_be_bytes())).await;
    closes(&next(&mut pair.browser).await, 1008);
    pair.browser.write(&masked(TEXT, who(&scene.handle).as_bytes())).await;
    pair.browser.finish().await;
    assert_eq!(pair.vendor.rest().await, b"", "nothing after it is read");
}

#[tokio::test]
async fn a_handle_that_works_once_works_in_one_message() {
    let scene = Scene::start().await;
    let payload = format!(r#"{{"id":"{ID}"}}"#);
    let once = crate::support::house::issue_with(
        &scene.running,
        crate::support::SECRET,
        &payload,
        r#","uses":"once""#,
    )
    .await;
    let once = once["handle"].as_str().unwrap().to_owned();
    let mut pair = scene.open("/ws", &[], "", b"").await;
    pair.browser.write(&masked(TEXT, format!(r#"{{"who":"{once}"}}"#).as_bytes())).await;
    assert_eq!(next(&mut pair.vendor).await, (TEXT, format!(r#"{{"who":"{ID}"}}"#).into_bytes()));
    scene.running.clock.advance(std::time::Duration::from_secs(60));
    pair.browser.write(&masked(TEXT, format!(r#"{{"n":2,"who":"{once}"}}"#).as_bytes())).await;
    closes(&next(&mut pair.vendor).await, 1008);
}
