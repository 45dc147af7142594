//! Frames that RFC 6455 does not allow, from either side.

use super::{CLOSE, ID, Scene, TEXT, closes, frame, masked, next};

/// What nobody may send, by what it is closed with: as one of a server's frames.
fn wrong() -> Vec<(&'static str, Vec<u8>, u16)> {
    vec![
        ("reserved bit", frame(0xc1, b"{}"), 1002),
        ("reserved opcode", frame(0x83, b"{}"), 1002),
        ("a control frame in fragments", frame(0x09, b""), 1002),
        ("a control frame that is too long", frame(0x89, &[b'x'; 126]), 1002),
        ("a fragment of nothing", frame(0x80, b"x"), 1002),
        ("a message within a message", [frame(0x01, b"a"), frame(TEXT, b"b")].concat(), 1002),
        ("no UTF-8", frame(TEXT, b"\xff\xfe"), 1007),
        ("half a character", frame(TEXT, b"\xc3"), 1007),
        ("half a close code", frame(CLOSE, b"\x03"), 1002),
        ("a close code of nobody", frame(CLOSE, &1005u16.to_be_bytes()), 1002),
        ("above 1 MiB", frame(TEXT, &vec![b'x'; (1 << 20) + 1]), 1009),
    ]
}

#[tokio::test]
async fn a_vendors_broken_frame_ends_the_socket_with_its_code() {
    let scene = Scene::start().await;
    let mut all = wrong();
    all.push(("masked", masked(TEXT, ID.as_bytes()), 1002));
    for (what, bytes, code) in all {
        let mut pair = scene.opened().await;
        let after = frame(TEXT, ID.as_bytes());
        pair.vendor.write(&[bytes, after].concat()).await;
        let got = next(&mut pair.browser).await;
        assert_eq!(got, (CLOSE, code.to_be_bytes().to_vec()), "{what}");
        pair.vendor.finish().await;
        assert_eq!(pair.browser.rest().await, b"", "{what}: nothing after it");
    }
}

#[tokio::test]
async fn a_browsers_broken_frame_ends_the_socket_with_its_code() {
    let scene = Scene::start().await;
    let mut all = vec![("unmasked", frame(TEXT, b"{}"), 1002)];
    for (what, bytes, code) in wrong() {
        if what == "a message within a message" || what == "above 1 MiB" {
            continue;
        }
        let head = if bytes[1] == 126 { 4 } else { 2 };
        all.push((what, masked(bytes[0], &bytes[head..]), code));
    }
    for (what, bytes, code) in all {
        let mut pair = scene.opened().await;
        pair.browser.write(&bytes).await;
        let got = next(&mut pair.vendor).await;
        assert_eq!(got, (CLOSE, code.to_be_bytes().to_vec()), "{what}");
    }
    let mut pair = scene.opened().await;
    let big = masked(TEXT, &vec![b'x'; (1 << 20) + 1]);
    pair.browser.write(&big[..100]).await;
    closes(&next(&mut pair.vendor).await, 1009);
}

#[tokio::test]
async fn a_value_over_many_fragments_of_a_long_message_is_found() {
    let scene = Scene::start().await;
    let mut pair = scene.opened().await;
    let text = format!("{}{ID}{}", "x".repeat(50_000), "y".repeat(50_000));
    let mut sent = Vec::new();
    for (n, piece) in text.as_bytes().chunks(7).enumerate() {
        sent.extend(frame(if n == 0 { 0x01 } else { 0x00 }, piece));
    }
    sent.extend(frame(0x80, b""));
    pair.vendor.write(&sent).await;
    let (_, got) = next(&mut pair.browser).await;
    assert_eq!(String::from_utf8(got).unwrap(), text.replace(ID, &scene.handle));
}

#[tokio::test]
async fn half_a_frame_at_the_end_of_the_vendors_side_says_nothing() {
    let scene = Scene::start().await;
    let bytes = frame(TEXT, format!("<{ID}>").as_bytes());
    for end in 1..bytes.len() {
        let mut pair = scene.opened().await;
        pair.vendor.write(&bytes[..end]).await;
        pair.vendor.finish().await;
        assert_eq!(pair.browser.rest().await, b"", "{end}");
    }
}
