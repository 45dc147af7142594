//! The leak canary: every exchange that reveals, a vendor that echoes what it got in
//! every way it can, and a search of everything that leaves the house but upstream.

mod calls;
mod spellings;

use std::io::Write;
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::GzEncoder;

use self::calls::{Call, PAYLOAD, VALUES, calls};
use self::spellings::{Spelling, spellings};
use crate::support::house::{Running, issue, route, start_text};
use crate::support::tokens::Signing;
use crate::support::{Answer, Browser, Reply, Vendor};

const STATUSES: [&str; 5] = ["200 OK", "201 Created", "302 Found", "400 Bad", "500 Broken"];

/// What the house wrote down.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Every spelling of every value, and how often each was looked for.
struct Marks(Vec<Spelling>);

impl Marks {
    #[track_caller]
    fn none_in(&self, bytes: &[u8], place: &str) {
        let text = String::from_utf8_lossy(bytes);
        for mark in &self.0 {
            for core in &mark.cores {
                assert!(!text.contains(core.as_str()), "{} {core} in {place}: {text}", mark.kind);
            }
        }
    }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// One house with one built-in dialect, whose vendor says what it is told.
struct Scene {
    running: Running,
    vendor: Vendor,
    said: Arc<Mutex<Reply>>,
    handle: String,
    _files: tempfile::TempDir,
}

impl Scene {
    async fn of(dialect: &str) -> Self {
        let said = Arc::new(Mutex::new(Reply::Close));
        let told = Arc::clone(&said);
        let vendor = Vendor::answering(move |_| told.lock().unwrap().clone()).await;
        let files = tempfile::tempdir().unwrap();
        let text = format!(
            "{}{}",
            Signing::Hs256.preamble(files.path(), ""),
            route(dialect, vendor.address)
        );
        let running = start_text(&text, files.path()).await;
        let handle = issue(&running, PAYLOAD).await;
        Self { running, vendor, said, handle, _files: files }
    }

    /// Nothing, where the answer was cut before its head; the next goes over a
    /// connection of its own.
    async fn ask(&self, browser: &mut Browser, call: &Call, reply: Reply) -> Option<Answer> {
        *self.said.lock().unwrap() = reply;
        browser.write(&call.bytes(&self.handle)).await;
        let got = browser.read().await;
        if got.is_none() {
            *browser = Browser::connect(self.running.data).await;
        }
        got
    }
}

fn body(kind: &str, marks: &Marks) -> String {
    let of_kind = marks.0.iter().filter(|mark| mark.kind == kind);
    let all: Vec<String> = of_kind.map(|mark| format!("\"{}\"", mark.text)).collect();
    format!("{{\"id\":\"c-1\",\"m\":[{}]}}", all.join(","))
}

#[test]
fn every_exchange_with_slots_of_every_dialect_is_called() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("conf/dialects");
    let mut known = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let dialect: toml::Table = text.parse().unwrap();
        let exchanges = dialect.get("exchange").and_then(|all| all.as_array()).cloned();
        for exchange in exchanges.unwrap_or_default() {
            if exchange.get("slot").is_some() {
                let name = |value: &toml::Value| value.as_str().unwrap().to_owned();
                known.push((name(&dialect["name"]), name(&exchange["name"])));
            }
        }
    }
    let mut called: Vec<(String, String)> =
        calls().iter().map(|call| (call.dialect.to_owned(), call.exchange.to_owned())).collect();
    known.sort();
    called.sort();
    assert_eq!(called, known);
}

#[tokio::test]
async fn nothing_personal_comes_back_from_any_exchange_in_any_spelling() {
    use tracing_subscriber::util::SubscriberInitExt;
    let lines = Lines::default();
    let written = lines.clone();
    let _guard = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || written.clone())
        .finish()
        .set_default();
    let marks = Marks(VALUES.iter().flat_map(|value| spellings(value)).collect());
    let mut kinds: Vec<&str> = marks.0.iter().map(|mark| mark.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let (mut answers, mut splits) = (0, 0);
    for call in calls() {
        let scene = Scene::of(call.dialect).await;
        let mut browser = Browser::connect(scene.running.data).await;
        let what = format!("{}/{}", call.dialect, call.exchange);
        for kind in &kinds {
            let plain = body(kind, &marks);
            // Every status for the exchanges that are also cut, two for the others.
            let statuses = if call.splits { &STATUSES[..] } else { &STATUSES[3..] };
            for status in statuses {
                for coding in ["", "Content-Encoding: gzip\r\n"] {
                    let sent = if coding.is_empty() {
                        plain.clone().into_bytes()
                    } else {
                        gzip(plain.as_bytes())
                    };
                    let mut head = format!("HTTP/1.1 {status}\r\n{coding}");
                    for (n, mark) in marks.0.iter().filter(|mark| mark.kind == *kind).enumerate() {
                        let text = &mark.text;
                        head.push_str(&format!(
                            "X-{n}: {text}\r\nSet-Cookie: c{n}={text}; Path=/\r\n"
                        ));
                    }
                    let head = format!("{head}Content-Length: {}\r\n\r\n", sent.len());
                    let reply = Reply::Raw([head.as_bytes(), &sent].concat());
                    let got = scene.ask(&mut browser, &call, reply).await;
                    let Some(got) = got else {
                        assert_eq!(*kind, "raw", "{what}: only what is no JSON is cut");
                        continue;
                    };
                    // Raw values break the JSON that a rule would have to read.
                    let refused = got.rejection().as_deref() == Some("upstream");
                    let passed = got.status.to_string() == status[..3];
                    assert!(passed || refused && *kind == "raw", "{what} {kind} {coding} {got:?}");
                    marks.none_in(got.head.as_bytes(), &format!("{what} {kind} head"));
                    marks.none_in(&got.body, &format!("{what} {kind} body"));
                    answers += 1;
                }
            }
        }
        // Not for nothing: the vendor did get it.
        let seen = scene.vendor.seen();
        let last = seen.last().unwrap();
        assert!(!format!("{}{}", last.head, last.text()).contains(&scene.handle), "{what}");
        if call.splits {
            for (nth, kind) in kinds.iter().enumerate() {
                let plain = body(kind, &marks).into_bytes();
                // One spelling at every third byte, the others at a few: that the
                // redactor finds each of them at every cut, its own tests show.
                let step = if nth < 1 { 3 } else { 53 };
                for cut in (1..plain.len()).step_by(step) {
                    let (one, two) = plain.split_at(cut);
                    let pieces = vec![one.to_vec(), two.to_vec()];
                    let reply = Reply::Chunks("HTTP/1.1 200 OK\r\n".to_owned(), pieces);
                    let Some(got) = scene.ask(&mut browser, &call, reply).await else {
                        assert_eq!(*kind, "raw", "{what}: only what is no JSON is cut");
                        continue;
                    };
                    marks.none_in(&got.body, &format!("{what} {kind} cut at {cut}"));
                    splits += 1;
                }
            }
        }
        marks.none_in(scene.running.metrics().await.as_bytes(), "metrics");
        let house = format!("{:?} {:?}", scene.running.house, scene.running.house.data_plane());
        marks.none_in(house.as_bytes(), "Debug");
    }
    let written = lines.0.lock().unwrap().clone();
    assert!(String::from_utf8_lossy(&written).contains("request"), "the log was heard");
    marks.none_in(&written, "log");
    let exchanges = calls().len();
    println!(
        "canary: {exchanges} exchanges x {} spellings x {} statuses x 2 codings = {answers} answers, \
         {splits} splits, {} marks, {} log bytes: 0 found",
        kinds.len(),
        STATUSES.len(),
        marks.0.len(),
        written.len(),
    );
}
