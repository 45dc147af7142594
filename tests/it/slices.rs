//! A sentence that the vendor sends in slices, an event each: no event waits, and no
//! value is read.

use crate::support::client::{Browser, request};
use crate::support::house::{preamble, start_text};
use crate::support::stage::Stage;
use crate::support::{Running, issue};

const DIALECT: &str = r#"
name = "streaming"
[[exchange]]
name = "ask"
call = "POST /ask"
redact_as = "mark"
text_stream = ["/choices/*/delta/content"]
[[exchange.slot]]
at = { json = "/user" }
reveal = { member = "name" }
"#;

const PAYLOAD: &str = r#"{"name":"Zoë Müller","phone":"4917012345"}"#;

/// A question that reveals, and the vendor's side of it, its head already written.
async fn asked(stage: &Stage, kind: &str) -> (Running, Browser, Browser) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("own.toml"), DIALECT).unwrap();
    let text = format!(
        "{}[[dialect]]\nfile = \"own.toml\"\n[[route]]\ndialect = \"streaming\"\n\
         tenant = \"acme\"\nupstream = {{ servers = [\"{}\"] }}\n",
        preamble(),
        stage.address
    );
    let running = start_text(&text, folder.path()).await;
    let handle = issue(&running, PAYLOAD).await;
    let mut browser = Browser::connect(running.data).await;
    let body = format!(r#"{{"user":"{handle}"}}"#);
    browser.write(&request("POST", "/ask", &[], body.as_bytes())).await;
    let mut vendor = stage.accept().await;
    let head = vendor.head().await.unwrap();
    assert!(head.to_lowercase().contains("accept-encoding: identity\r\n"), "{head}");
    let answer =
        format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n");
    vendor.write(answer.as_bytes()).await;
    assert!(browser.head().await.unwrap().starts_with("HTTP/1.1 200"));
    (running, browser, vendor)
}

fn event(content: &str) -> String {
    let json = serde_json::json!({ "choices": [{ "delta": { "content": content } }] });
    format!("data: {json}\n\n")
}

async fn says(vendor: &mut Browser, text: &str) {
    vendor.write(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes()).await;
}

/// The browser gets exactly this, before the vendor says more.
async fn hears(browser: &mut Browser, text: &str) {
    let chunk = format!("{:X}\r\n{text}\r\n", text.len());
    let got = browser.exactly(chunk.len()).await;
    assert_eq!(String::from_utf8_lossy(&got), chunk);
}

#[tokio::test]
async fn a_value_cut_over_five_events_is_not_read_and_no_event_waits_for_the_next() {
    let stage = Stage::open().await;
    let (running, mut browser, mut vendor) = asked(&stage, "text/event-stream").await;
    for (said, heard) in
        [("Hello Z", "Hello "), ("oë", ""), (" M", ""), ("ülle", ""), ("r, bye", "[redacted], bye")]
    {
        says(&mut vendor, &event(said)).await;
        hears(&mut browser, &event(heard)).await;
    }
    says(&mut vendor, "data: [DONE]\n\n").await;
    hears(&mut browser, "data: [DONE]\n\n").await;
    vendor.write(b"0\r\n\r\n").await;
    assert_eq!(browser.exactly(5).await, b"0\r\n\r\n");
    let metrics = running.metrics().await;
    assert!(metrics.contains("cloakroom_redactions_total{route=\"any\"} 1"), "{metrics}");
}

#[tokio::test]
async fn a_heartbeat_passes_between_two_halves_and_the_end_gives_out_what_was_no_value() {
    let stage = Stage::open().await;
    let (_running, mut browser, mut vendor) = asked(&stage, "text/event-stream").await;
    says(&mut vendor, &event("call 4917")).await;
    hears(&mut browser, &event("call ")).await;
    says(&mut vendor, ": still here\n\n").await;
    hears(&mut browser, ": still here\n\n").await;
    says(&mut vendor, "data: [DONE]\n\n").await;
    hears(&mut browser, &format!("{}data: [DONE]\n\n", event("4917"))).await;
}

#[tokio::test]
async fn a_last_event_without_its_blank_line_is_read_like_any_other() {
    let stage = Stage::open().await;
    for (end, close) in [("\n", "\n"), ("", ""), ("\n\n", "\n\n")] {
        let (_running, mut browser, mut vendor) = asked(&stage, "text/event-stream").await;
        says(&mut vendor, &event("Zo")).await;
        hears(&mut browser, &event("")).await;
        let last = event("ë Müller.");
        says(&mut vendor, &format!("{}{end}", last.trim_end())).await;
        vendor.write(b"0\r\n\r\n").await;
        let heard = format!("{}{close}", event("[redacted].").trim_end());
        hears(&mut browser, &heard).await;
        assert_eq!(browser.exactly(5).await, b"0\r\n\r\n");
    }
}

#[tokio::test]
async fn an_event_that_the_vendor_sends_in_pieces_is_whole_or_not_there() {
    let stage = Stage::open().await;
    let (_running, mut browser, mut vendor) = asked(&stage, "text/event-stream").await;
    let whole = event("My name is Zoë Müller.");
    let (first, second) = whole.split_at(30);
    says(&mut vendor, first).await;
    says(&mut vendor, second).await;
    hears(&mut browser, &event("My name is [redacted].")).await;
}

#[tokio::test]
async fn another_member_of_an_event_is_redacted_too() {
    let stage = Stage::open().await;
    let (_running, mut browser, mut vendor) = asked(&stage, "text/event-stream").await;
    says(&mut vendor, "id: 1\ndata: {\"tel\":\"4917012345\"}\n\n").await;
    hears(&mut browser, "id: 1\ndata: {\"tel\":\"[redacted]\"}\n\n").await;
}

#[tokio::test]
async fn json_lines_called_an_event_stream_are_redacted_as_any_body() {
    let stage = Stage::open().await;
    let (_running, mut browser, mut vendor) = asked(&stage, "text/event-stream").await;
    says(&mut vendor, "{\"tel\":\"49170").await;
    says(&mut vendor, "12345\"}\n").await;
    hears(&mut browser, "{\"tel\":\"[redacted]\"}\n").await;
}

const LABELS: [&str; 4] =
    ["text/event-stream", "text/plain", "application/json", "application/x-ndjson"];

#[tokio::test]
async fn events_are_joined_whatever_they_are_called() {
    let stage = Stage::open().await;
    for label in LABELS {
        let (_running, mut browser, mut vendor) = asked(&stage, label).await;
        let whole = event("Hello Z");
        for piece in ["\u{feff}", "da", "ta"] {
            says(&mut vendor, piece).await;
        }
        says(&mut vendor, &whole[4..]).await;
        hears(&mut browser, &format!("\u{feff}{}", event("Hello "))).await;
        for (said, heard) in [("oë M", ""), ("üller.", "[redacted].")] {
            says(&mut vendor, &event(said)).await;
            hears(&mut browser, &event(heard)).await;
        }
    }
}

#[tokio::test]
async fn json_lines_are_joined_whatever_they_are_called_and_stay_to_the_byte() {
    let stage = Stage::open().await;
    for label in LABELS {
        let (_running, mut browser, mut vendor) = asked(&stage, label).await;
        let line = |content| event(content).replace("data: ", "").replace("\n\n", "\r\n");
        for (said, heard) in [
            (line("Hello Z"), line("Hello ")),
            ("{ \"n\" : 1.0 }\n\r\n".into(), "{ \"n\" : 1.0 }\n\r\n".into()),
            (line("oë M"), line("")),
            (line("üller and 4917"), line("[redacted] and ")),
        ] {
            says(&mut vendor, &said).await;
            hears(&mut browser, &heard).await;
        }
        vendor.write(b"0\r\n\r\n").await;
        hears(&mut browser, &line("4917")).await;
    }
}

#[tokio::test]
async fn a_document_over_many_lines_is_redacted_as_any_body() {
    let stage = Stage::open().await;
    let (_running, mut browser, mut vendor) = asked(&stage, "application/json").await;
    says(&mut vendor, "{\n  \"error\": {\n    \"of\": \"Zoë M").await;
    hears(&mut browser, "{\n  \"error\": {\n    \"of\": \"").await;
    says(&mut vendor, "üller\"\n  }\n}").await;
    hears(&mut browser, "[redacted]\"\n  }\n}").await;
}

#[tokio::test]
async fn null_between_two_halves_of_a_value_ends_nothing() {
    let stage = Stage::open().await;
    let (_running, mut browser, mut vendor) = asked(&stage, "text/event-stream").await;
    let null = "data: {\"choices\":[{\"delta\":{\"content\":null}}]}\n\n";
    says(&mut vendor, &event("Zoë M")).await;
    hears(&mut browser, &event("")).await;
    says(&mut vendor, null).await;
    hears(&mut browser, null).await;
    says(&mut vendor, &event("üller.")).await;
    hears(&mut browser, &event("[redacted].")).await;
}

#[tokio::test]
async fn half_a_letter_in_a_slice_waits_for_its_other_half() {
    let stage = Stage::open().await;
    let (_running, mut browser, mut vendor) = asked(&stage, "text/event-stream").await;
    let raw = |text: &str| event("@").replace('@', text);
    for (said, heard) in [
        (raw("so \\ud83d"), raw("so ")),
        (raw("\\ude00, Zoë M\\ud83d"), raw("\u{1f600}, ")),
        (raw("Zoë M"), raw("Zoë M\u{fffd}")),
        (raw("üller"), raw("[redacted]")),
    ] {
        says(&mut vendor, &said).await;
        hears(&mut browser, &heard).await;
    }
}

#[tokio::test]
async fn json_that_cannot_be_read_among_slices_cuts_the_answer() {
    let stage = Stage::open().await;
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for (label, before, after) in
        [("text/event-stream", "data: ", "\n\n"), ("application/x-ndjson", "", "\n")]
    {
        for first in ["", "{}"] {
            let (_running, mut browser, mut vendor) = asked(&stage, label).await;
            let broken = event("Zoë M").replace("}]}", &format!(",\"x\":{deep}}}]}}"));
            let broken = broken.replace("data: ", "").replace("\n\n", "");
            says(&mut vendor, &format!("{before}{first}{after}{before}{broken}{after}")).await;
            let got = String::from_utf8_lossy(&browser.rest().await).into_owned();
            assert!(!got.contains("0\r\n\r\n") && !got.contains("Zo"), "{label} {got}");
        }
    }
}

#[tokio::test]
async fn a_rest_that_is_given_out_repeats_no_other_text() {
    let stage = Stage::open().await;
    let (_running, mut browser, mut vendor) = asked(&stage, "text/event-stream").await;
    let two = |one: &str, two: &str| {
        let part = |text| serde_json::json!({ "delta": { "content": text } });
        format!("data: {}\n\n", serde_json::json!({ "choices": [part(one), part(two)] }))
    };
    says(&mut vendor, &two("see Zoë M", "Here is all.")).await;
    hears(&mut browser, &two("see ", "Here is all.")).await;
    says(&mut vendor, "data: [DONE]\n\n").await;
    hears(&mut browser, &format!("{}data: [DONE]\n\n", two("Zoë M", ""))).await;
}

#[tokio::test]
async fn an_event_beyond_the_bound_cuts_the_answer() {
    let stage = Stage::open().await;
    let (_running, mut browser, mut vendor) = asked(&stage, "text/event-stream").await;
    let long = format!("data: {}", "x".repeat(300 * 1024));
    says(&mut vendor, &long).await;
    assert!(!String::from_utf8_lossy(&browser.rest().await).contains("0\r\n\r\n"));
}
