//! A text that comes in slices, two events with the value cut between two characters:
//! what is searched is what a widget would show.
//!
//! Not in base64: that is found within a slice alone (`docs/vendors/README.md`).

use super::*;
use crate::support::request;

const DIALECT: &str = r#"
name = "streaming"
[[exchange]]
name = "ask"
call = "POST /ask"
redact_as = "mark"
text_stream = ["/text"]
[[exchange.slot]]
at = { json = "/user" }
reveal = { member = "nickname" }
"#;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";

/// A text of a chat's page, as it came: the slices put together again.
fn shown(body: &str) -> String {
    let events = body.lines().filter_map(|line| line.strip_prefix("data: "));
    let texts = events.map(|json| {
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        json["text"].as_str().unwrap().to_owned()
    });
    texts.collect()
}

fn event(text: &str) -> Vec<u8> {
    format!("data: {}\n\n", serde_json::json!({ "text": text })).into_bytes()
}

#[test]
fn nothing_personal_comes_back_in_slices_over_the_wire() {
    let (marks, lines) = (Marks::all(), Lines::default());
    let (mut streams, mut searched) = (0_u64, 0_u64);
    lines.hearing(async {
        let said = Arc::new(Mutex::new(Reply::Close));
        let told = Arc::clone(&said);
        let vendor = Vendor::answering(move |_| told.lock().unwrap().clone()).await;
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("own.toml"), DIALECT).unwrap();
        let text = format!(
            "{}[[dialect]]\nfile = \"own.toml\"\n{}",
            configuration(files.path(), Kept::OnDisk),
            route("streaming", vendor.address)
        );
        let running = start_text(&text, files.path()).await;
        let handle = issue(&running, PAYLOAD).await;
        let call = request("POST", "/ask", &[], format!("{{\"user\":\"{handle}\"}}").as_bytes());
        let mut browser = Browser::connect(running.data).await;
        for kind in marks.kinds().into_iter().filter(|kind| !kind.starts_with("base64")) {
            for text in marks.texts(kind) {
                let plain = match kind {
                    "raw" => text.to_owned(),
                    _ => serde_json::from_str(&format!("\"{text}\"")).unwrap(),
                };
                // Between any two it is cut in the process; here in every other place.
                for (at, _) in plain.char_indices().skip(1).step_by(2) {
                    let (one, two) = plain.split_at(at);
                    let slices = vec![event(one), event(two)];
                    *said.lock().unwrap() = Reply::Chunks(HEAD.to_owned(), slices);
                    browser.write(&call).await;
                    let got = browser.read().await.unwrap();
                    searched += marks.none_in(&got.body, kind);
                    assert_eq!(shown(&got.text()), "[redacted]", "{kind} {one:?} {two:?}");
                    streams += 1;
                }
            }
        }
        searched += marks.none_in(running.metrics().await.as_bytes(), "metrics");
    });
    searched += marks.none_in(&lines.all(), "log");
    println!(
        "canary: {streams} texts in two slices over the wire, {searched} bytes searched: 0 found"
    );
    assert!(streams > 800 && searched > 300_000, "{streams} {searched}");
}
