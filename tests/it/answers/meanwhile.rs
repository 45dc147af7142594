//! What another call of the conversation reveals while an answer is on its way is taken
//! out of the rest of that answer.

use super::{ID, PAYLOAD, holds_nothing, house};
use crate::support::house::issue_with;
use crate::support::stage::Stage;
use crate::support::{Browser, Running, SECRET, issue, request};

const DIALECT: &str = r#"
name = "own"
[[exchange]]
name = "listen"
call = "GET /listen"
link = { header = "X-Conversation" }
text_stream = ["/delta"]
MORE
[[exchange]]
name = "say"
call = "POST /say"
link = { header = "X-Conversation" }
[[exchange.slot]]
at = { header = "X-Ticket" }
reveal = { member = "id" }
"#;

/// A conversation in which nothing is revealed yet.
struct Talk {
    stage: Stage,
    running: Running,
    handle: String,
    _files: tempfile::TempDir,
}

/// An answer whose head has come, and its vendor.
struct Listening {
    browser: Browser,
    vendor: Browser,
    head: String,
}

impl Talk {
    async fn with(more: &str) -> Self {
        let stage = Stage::open().await;
        let files = tempfile::tempdir().unwrap();
        let dialect = DIALECT.replace("MORE", more);
        let running = house(&dialect, stage.address, "", files.path()).await;
        let handle = issue(&running, PAYLOAD).await;
        Self { stage, running, handle, _files: files }
    }

    async fn listen(&self, head: &str) -> Listening {
        let mut browser = Browser::connect(self.running.data).await;
        let headers = [("X-Conversation", "c-1"), ("Accept-Encoding", "gzip, br")];
        browser.write(&request("GET", "/listen", &headers, b"")).await;
        let mut vendor = self.stage.accept().await;
        let asked = vendor.head().await.unwrap().to_lowercase();
        assert!(asked.contains("accept-encoding: identity\r\n"), "{asked}");
        vendor.write(format!("HTTP/1.1 200 OK\r\n{head}\r\n").as_bytes()).await;
        let head = browser.head().await.unwrap();
        Listening { browser, vendor, head }
    }

    /// The vendor hears of the person in another call of the conversation.
    async fn reveal(&self) {
        self.reveal_in("c-1", &self.handle).await;
    }

    async fn reveal_in(&self, conversation: &str, handle: &str) {
        let mut saying = Browser::connect(self.running.data).await;
        let headers = [("X-Conversation", conversation), ("X-Ticket", handle)];
        saying.write(&request("POST", "/say", &headers, b"{}")).await;
        let mut vendor = self.stage.accept().await;
        vendor.head().await.unwrap();
        vendor.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
        assert_eq!(saying.read().await.unwrap().status, 200);
    }
}

impl Listening {
    async fn says(&mut self, text: &str) {
        self.vendor.write(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes()).await;
    }

    /// The browser gets exactly this, before the vendor says more.
    async fn hears(&mut self, text: &str) {
        let chunk = format!("{:X}\r\n{text}\r\n", text.len());
        let got = self.browser.exactly(chunk.len()).await;
        assert_eq!(String::from_utf8_lossy(&got), chunk);
    }
}

fn slice(text: &str) -> String {
    format!("data: {}\n\n", serde_json::json!({ "delta": text }))
}

const LINES: &str = "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n";
const EVENTS: &str = "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n";

#[tokio::test]
async fn a_stream_that_began_with_nothing_to_look_for_learns_what_to_look_for() {
    let talk = Talk::with("").await;
    for head in [LINES, EVENTS] {
        let mut stream = talk.listen(head).await;
        stream.says("data: {\"n\":1}\n\n").await;
        stream.hears("data: {\"n\":1}\n\n").await;
        talk.reveal().await;
        stream.says(&format!("data: {{\"to\":\"{ID}\"}}\n\n")).await;
        stream.hears(&format!("data: {{\"to\":\"{}\"}}\n\n", talk.handle)).await;
    }
}

#[tokio::test]
async fn a_value_is_found_whose_beginning_came_with_the_piece_before() {
    let talk = Talk::with("").await;
    let mut stream = talk.listen(LINES).await;
    talk.reveal().await;
    // One more is revealed while the beginning of the first is held back.
    let other = issue(&talk.running, r#"{"id":"ann.lee@example.org"}"#).await;
    stream.says("to ann.lee@example.").await;
    stream.hears("to ").await;
    talk.reveal_in("c-1", &other).await;
    stream.says("org.").await;
    stream.hears(&format!("{other}.")).await;
}

#[tokio::test]
async fn a_text_in_slices_goes_on_with_what_was_held_back() {
    let talk = Talk::with("").await;
    talk.reveal().await;
    let other = issue(&talk.running, r#"{"id":"ann.lee@example.org"}"#).await;
    let mut stream = talk.listen(EVENTS).await;
    stream.says(&slice("to ann.lee")).await;
    stream.hears(&slice("to ")).await;
    talk.reveal_in("c-1", &other).await;
    stream.says(&slice("@example.o")).await;
    stream.hears(&slice("")).await;
    stream.says(&slice("rg.")).await;
    stream.hears(&slice(&format!("{other}."))).await;
}

#[tokio::test]
async fn what_another_conversation_reveals_changes_nothing() {
    let talk = Talk::with("").await;
    let mut stream = talk.listen(LINES).await;
    talk.reveal_in("c-2", &talk.handle).await;
    stream.says(ID).await;
    stream.hears(ID).await;
}

#[tokio::test]
async fn what_was_revealed_is_looked_for_to_the_end_though_its_handle_is_revoked() {
    let talk = Talk::with("").await;
    let issued = issue_with(&talk.running, SECRET, PAYLOAD, "").await;
    let handle = issued["handle"].as_str().unwrap();
    talk.reveal_in("c-1", handle).await;
    let mut stream = talk.listen(LINES).await;
    let path = format!("/v1/handles/{}", issued["id"].as_str().unwrap());
    assert_eq!(talk.running.control("DELETE", &path, SECRET, "").await.status, 204);
    stream.says(&format!("{ID}.")).await;
    stream.hears(&format!("{handle}.")).await;
}

#[tokio::test]
async fn what_is_revealed_and_revoked_before_a_streams_next_piece_cuts_the_stream() {
    let talk = Talk::with("").await;
    let mut stream = talk.listen(LINES).await;
    stream.says("a").await;
    stream.hears("a").await;
    let issued = issue_with(&talk.running, SECRET, PAYLOAD, "").await;
    talk.reveal_in("c-1", issued["handle"].as_str().unwrap()).await;
    let path = format!("/v1/handles/{}", issued["id"].as_str().unwrap());
    assert_eq!(talk.running.control("DELETE", &path, SECRET, "").await.status, 204);
    stream.says(&format!("{ID}.")).await;
    assert_eq!(stream.browser.rest().await, b"", "nobody knows what to look for");
}

#[tokio::test]
async fn an_answer_of_declared_length_keeps_it_and_says_no_value() {
    for more in ["", "redact_as = \"same-length\""] {
        let talk = Talk::with(more).await;
        let said = format!("{{\"to\":\"{ID}\"}}");
        let head = format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\nETag: \"1\"\r\n",
            said.len()
        );
        let mut poll = talk.listen(&head).await;
        assert!(poll.head.to_lowercase().contains(&format!("content-length: {}\r\n", said.len())));
        talk.reveal().await;
        poll.vendor.write(said.as_bytes()).await;
        let got = poll.browser.exactly(said.len()).await;
        holds_nothing(&got);
    }
}
