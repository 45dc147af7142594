//! Character sets: an answer in one that writes a value another way does not pass.

use super::{ID, NAME, Scene, holds_nothing, raw};

#[tokio::test]
async fn an_answer_in_another_character_set_is_refused() {
    let scene = Scene::start().await;
    let latin: Vec<u8> =
        NAME.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    let utf16: Vec<u8> = ID.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (charset, body) in [("ISO-8859-1", &latin), ("windows-1252", &latin), ("utf-16", &utf16)] {
        let head = format!("Content-Type: text/html; charset={charset}\r\n");
        let answer = scene.say(raw("200 OK", &head, body)).await;
        assert_eq!(answer.status, 502, "{charset}");
        assert_eq!(answer.header("Cloakroom-Rejection").as_deref(), Some("upstream"));
        assert!(!answer.body.windows(4).any(|four| latin.starts_with(four)), "{charset}");
    }
    let answer = scene
        .say(raw("200 OK", "Content-Type: text/html; charset=\"UTF-8\"\r\n", NAME.as_bytes()))
        .await;
    assert_eq!(answer.status, 200);
    holds_nothing(&answer.body);
}

#[tokio::test]
async fn an_answer_that_begins_as_utf_16_is_cut_off_whatever_it_is_called() {
    let scene = Scene::start().await;
    let marked = format!("\u{feff}{ID}");
    let little: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for body in [little, big] {
        let got =
            scene.bytes(raw("200 OK", "Content-Type: text/html; charset=utf-8\r\n", &body)).await;
        assert!(!got.windows(4).any(|four| body[2..].starts_with(four)));
        assert!(!got.ends_with(b"0\r\n\r\n"));
    }
}
