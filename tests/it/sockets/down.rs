//! The vendor's messages: what was revealed does not come back.

use crate::support::issue;

use super::slices::reveal;
use super::{BINARY, CLOSE, ID, PING, PONG, Scene, TEXT, closes, frame, masked, next};

#[tokio::test]
async fn a_value_becomes_the_handle_wherever_frames_and_reads_end() {
    let scene = Scene::start().await;
    let mut pair = scene.opened().await;
    let text = format!(r#"{{"a":"{ID}","b":"J\u00f6rg Ümit"}}"#);
    let expected = format!(r#"{{"a":"{0}","b":"{0}"}}"#, scene.handle);
    for cut in 0..=text.len() {
        let (one, two) = text.as_bytes().split_at(cut);
        let sent = [frame(0x01, one), frame(PING, b"p"), frame(0x80, two)].concat();
        pair.vendor.dribble(&sent, 1 + cut).await;
        let mut got = [next(&mut pair.browser).await, next(&mut pair.browser).await];
        got.sort();
        assert_eq!(got, [(TEXT, expected.clone().into_bytes()), (PING, b"p".to_vec())], "{cut}");
    }
}

#[tokio::test]
async fn what_holds_no_value_comes_byte_for_byte() {
    let scene = Scene::start().await;
    let mut pair = scene.opened().await;
    let long = "x".repeat(70_000);
    let all = [
        frame(TEXT, b"X"),
        frame(TEXT, b"3probe"),
        frame(TEXT, b"<xml/>"),
        frame(0x01, "Größ".as_bytes()),
        frame(0x80, "e €".as_bytes()),
        frame(PONG, b""),
        frame(BINARY, &[0, 159, 146, 150]),
        frame(TEXT, long.as_bytes()),
    ];
    for sent in [all.concat(), all.concat()] {
        pair.vendor.write(&sent).await;
        assert_eq!(pair.browser.exactly(sent.len()).await, sent);
    }
}

#[tokio::test]
async fn a_binary_message_with_a_value_ends_the_socket_before_it() {
    let scene = Scene::start().await;
    for pieces in [
        vec![frame(BINARY, ID.as_bytes())],
        vec![frame(0x02, b"ann.lee"), frame(0x80, b"@example.com")],
    ] {
        let mut pair = scene.opened().await;
        pair.vendor.write(&pieces.concat()).await;
        closes(&next(&mut pair.browser).await, 1008);
    }
}

#[tokio::test]
async fn a_binary_message_that_ends_with_a_value_ends_the_socket_before_its_last_frame() {
    let scene = Scene::start().await;
    let payload =
        r#"{"id":"x-4711-y","account":98765432109,"first":"Annabel","full":"Annabel Lee"}"#;
    let handle = issue(&scene.running, payload).await;
    for (passed, last) in [
        (vec![], frame(BINARY, b"no. 98765432109")),
        (vec![], frame(BINARY, b"by Annabel")),
        (vec![], frame(BINARY, b"by Annabel L")),
        (vec![], frame(0x02, b"no. 98765432109")),
        (vec![], [frame(0x02, b"no. 98765"), frame(0x80, b"432109")].concat()),
        (vec![], [frame(0x02, b"by Anna"), frame(0x80, b"bel")].concat()),
        // What stood in the message before says nothing of this one's beginning.
        (vec![frame(BINARY, b"1")], frame(BINARY, b"98765432109")),
        (vec![frame(BINARY, b"1")], [frame(0x02, b"98765"), frame(0x80, b"432109")].concat()),
    ] {
        let mut pair = scene.open("/ws", &[("X-Ticket", &handle)], "", b"").await;
        pair.vendor.write(&[passed.concat(), last].concat()).await;
        for sent in passed {
            assert_eq!(pair.browser.exactly(sent.len()).await, sent);
        }
        closes(&next(&mut pair.browser).await, 1008);
    }
}

#[tokio::test]
async fn a_value_over_two_binary_messages_ends_the_socket_whatever_is_revealed_between_them() {
    let scene = Scene::start().await;
    let mut pair = scene.open("/listen", &[("X-Conversation", "c-1")], "", b"").await;
    reveal(&scene, &scene.handle).await;
    let first = frame(BINARY, b"by ann.lee");
    pair.vendor.write(&first).await;
    assert_eq!(pair.browser.exactly(first.len()).await, first, "only a beginning");
    let other = issue(&scene.running, r#"{"id":"bob.roe@example.org"}"#).await;
    reveal(&scene, &other).await;
    pair.vendor.write(&frame(BINARY, b"@example.com")).await;
    closes(&next(&mut pair.browser).await, 1008);
}

#[tokio::test]
async fn a_binary_message_in_fragments_comes_when_it_is_whole_and_byte_for_byte() {
    let scene = Scene::start().await;
    let mut pair = scene.opened().await;
    pair.vendor.write(&[frame(0x02, b"a"), frame(PING, b"p"), frame(0x00, b"")].concat()).await;
    assert_eq!(next(&mut pair.browser).await, (PING, b"p".to_vec()), "nothing came before it");
    pair.vendor.write(&[frame(0x80, b"b"), frame(BINARY, b"c")].concat()).await;
    let whole = [frame(0x02, b"a"), frame(0x00, b""), frame(0x80, b"b"), frame(BINARY, b"c")];
    assert_eq!(pair.browser.exactly(whole.concat().len()).await, whole.concat());
}

#[tokio::test]
async fn binary_messages_are_refused_where_the_operator_says_so() {
    let scene = Scene::with("binary = \"refuse\"").await;
    let mut pair = scene.open("/ws", &[], "", b"").await;
    pair.browser.write(&masked(BINARY, b"x")).await;
    closes(&next(&mut pair.vendor).await, 1003);
    let mut pair = scene.open("/ws", &[], "", b"").await;
    pair.vendor.write(&frame(BINARY, b"x")).await;
    closes(&next(&mut pair.browser).await, 1003);
}

#[tokio::test]
async fn binary_messages_are_refused_on_a_socket_of_nobody_too() {
    let dialect =
        "name = \"own\"\n[[exchange]]\nname = \"s\"\ncall = \"GET /s\"\nbinary = \"refuse\"\n";
    let stage = crate::support::stage::Stage::open().await;
    let files = tempfile::tempdir().unwrap();
    let running = crate::answers::house(dialect, stage.address, "", files.path()).await;
    let mut pair = super::open(&running, &stage, "/s", &[], "", b"").await;
    pair.vendor.write(&frame(BINARY, b"x")).await;
    closes(&next(&mut pair.browser).await, 1003);
}

#[tokio::test]
async fn a_control_frame_says_no_value() {
    let scene = Scene::start().await;
    let mut pair = scene.opened().await;
    pair.vendor.write(&[frame(PING, ID.as_bytes()), frame(PING, b"fine")].concat()).await;
    assert_eq!(next(&mut pair.browser).await, (PING, b"fine".to_vec()), "the telling one is gone");
    let close = [&1000u16.to_be_bytes()[..], b"bye ", ID.as_bytes()].concat();
    pair.vendor.write(&frame(CLOSE, &close)).await;
    closes(&next(&mut pair.browser).await, 1008);
}

#[tokio::test]
async fn close_codes_pass_both_ways() {
    let scene = Scene::start().await;
    for code in [1000u16, 1001, 3000, 4999] {
        let mut pair = scene.opened().await;
        let close = [&code.to_be_bytes()[..], b"why"].concat();
        pair.browser.write(&masked(CLOSE, &close)).await;
        assert_eq!(next(&mut pair.vendor).await, (CLOSE, close.clone()));
        pair.vendor.write(&frame(CLOSE, &close)).await;
        assert_eq!(next(&mut pair.browser).await, (CLOSE, close));
    }
}

#[tokio::test]
async fn what_is_redacted_in_frames_is_counted() {
    let scene = Scene::start().await;
    let mut pair = scene.opened().await;
    pair.vendor.write(&frame(TEXT, format!("{ID} {ID}").as_bytes())).await;
    next(&mut pair.browser).await;
    let metrics = scene.running.metrics().await;
    assert!(metrics.contains("cloakroom_redactions_total{route=\"own\"} 2"), "{metrics}");
}
