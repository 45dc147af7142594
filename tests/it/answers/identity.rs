//! What a widget knows itself by comes back as the handle, and nothing else does: who has
//! the handle has the payload.

use super::{ID, NAME, SAY, Scene, house, raw};
use crate::support::house::mistakes;
use crate::support::{Vendor, issue, request};

const IDENTITY: &str = "redact_as = \"mark\"\nidentity = [\"id\"]";

/// A JSON string as it stands in a body.
fn said(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[tokio::test]
async fn identity_is_the_handle_and_every_other_value_a_mark() {
    let scene = Scene::with(IDENTITY).await;
    let body = format!("{{\"by\":\"{ID}\",\"name\":{},\"n\":98765432109}}", said(NAME));
    let head = format!("X-By: {ID}\r\nX-Street: Hauptstra\u{df}e 5\r\n");
    let answer = scene.say(raw("200 OK", &head, body.as_bytes())).await;
    let handle = &scene.handle;
    let expected = format!("{{\"by\":\"{handle}\",\"name\":\"[redacted]\",\"n\":\"[redacted]\"}}");
    assert_eq!(answer.text(), expected);
    assert_eq!(answer.header("X-By").as_deref(), Some(handle.as_str()));
    assert_eq!(answer.header("X-Street").as_deref(), Some("[redacted]"));
}

#[tokio::test]
async fn a_value_that_is_identity_too_is_the_handle_however_short() {
    let dialect = SAY.replace("MORE", "redact_as = \"mark\"\nidentity = [\"nick\", \"absent\"]");
    let vendor = Vendor::answering(|_| {
        crate::support::Reply::json(200, r#"{"from":"Al","mail":"a@example.com","to":"Bo"}"#)
    })
    .await;
    let files = tempfile::tempdir().unwrap();
    let running = house(&dialect, vendor.address, "", files.path()).await;
    let payload = r#"{"first":"Al","id":"x-77","mail":"a@example.com","other":"Bo","nick":["Al","A@example.com"]}"#;
    let handle = issue(&running, payload).await;
    let answer = running.send(&request("GET", "/say", &[("X-Ticket", &handle)], b"")).await;
    let expected = format!(r#"{{"from":"{handle}","mail":"{handle}","to":"[redacted]"}}"#);
    assert_eq!(answer.text(), expected);
}

#[tokio::test]
async fn asterisks_keep_the_length_but_for_identity() {
    let body = format!("{{\"by\":\"{ID}\",\"street\":\"Hauptstra\u{df}e 5\"}}");
    let scene = Scene::with("redact_as = \"same-length\"\nidentity = [\"id\"]").await;
    let answer = scene.say(raw("200 OK", "", body.as_bytes())).await;
    let expected = format!("{{\"by\":\"{}\",\"street\":\"**************\"}}", scene.handle);
    assert_eq!((answer.header("Content-Length"), answer.text()), (None, expected));
    let scene = Scene::with("redact_as = \"same-length\"").await;
    let answer = scene.say(raw("200 OK", "", body.as_bytes())).await;
    assert_eq!(answer.header("Content-Length"), Some(body.len().to_string()));
}

#[tokio::test]
async fn what_an_exchange_says_counts_before_what_its_dialect_says() {
    let of_all = "name = \"own\"\nredact_as = \"mark\"\nidentity = [\"id\"]";
    let body = format!("{ID} Hauptstra\u{df}e 5");
    for (more, by, street) in [
        ("", "HANDLE", "[redacted]"),
        ("identity = []", "[redacted]", "[redacted]"),
        ("redact_as = \"handle\"\nidentity = []", "HANDLE", "HANDLE"),
        ("identity = [\"street\"]", "[redacted]", "HANDLE"),
    ] {
        let dialect = SAY.replace("name = \"own\"", of_all).replace("MORE", more);
        let scene = Scene::of(&dialect, "").await;
        let answer = scene.say(raw("200 OK", "", body.as_bytes())).await;
        let expected = format!("{by} {street}").replace("HANDLE", &scene.handle);
        assert_eq!(answer.text(), expected, "{more}");
    }
}

#[test]
fn a_member_without_a_name_and_too_many_are_mistakes() {
    let many = (0..17).map(|n| format!("\"m{n}\"")).collect::<Vec<_>>().join(",");
    for names in ["\"\"", &many] {
        let files = tempfile::tempdir().unwrap();
        let dialect = SAY.replace("MORE", &format!("identity = [{names}]"));
        std::fs::write(files.path().join("own.toml"), dialect).unwrap();
        let text =
            format!("{}[[dialect]]\nfile = \"own.toml\"\n", crate::support::house::preamble());
        let told = mistakes(&text, files.path());
        assert!(told.contains("is no member of identity"), "{told}");
    }
}
