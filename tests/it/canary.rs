//! The leak canary: every exchange that reveals or knows its conversation, a vendor that
//! echoes what it got in every way it can, and a search of everything that leaves the
//! house but upstream.
//!
//! | test | over | product |
//! | --- | --- | --- |
//! | here | sockets, disk store, audit | every exchange, spelling, five statuses, every coding, one byte to a chunk |
//! | `cuts` | sockets | four exchanges, every spelling, two chunks cut at every byte; two of them in every coding |
//! | `frames` | WebSockets | every socket, every spelling, two fragments cut at every byte, both ways; binary ones down |
//! | `slices` | sockets | every spelling but base64, a text in two events, cut at every other character |
//! | `src/proxy/answer/tests/slices.rs` | the same code in the process | as above, cut between any two characters, also in three and in single ones, in lines, messages and codings |
//! | `src/proxy/answer/tests.rs` | the same code in the process | every exchange, spelling, coding, cut at every byte |

mod calls;
mod codings;
mod cuts;
mod frames;
mod slices;
mod spellings;

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use self::calls::{Call, call_of, calls};
use self::codings::Coding;
use self::spellings::{Marks, PAYLOAD};
use crate::support::house::{Running, issue, route, start_text};
use crate::support::tokens::Signing;
use crate::support::{Answer, Browser, Reply, Vendor};

/// Codings but none.
const CODED: &[Coding] = Coding::ALL.split_at(1).1;

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

impl Lines {
    /// What `work` gives, run on threads whose log lines come here. More than one of them:
    /// a store on disk answers while an answer's body waits.
    fn hearing<F: Future>(&self, work: F) -> F::Output {
        let written = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_writer(move || written.clone())
            .finish();
        let dispatch = tracing::Dispatch::new(subscriber);
        let each = dispatch.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(3)
            .enable_all()
            .on_thread_start(move || {
                std::mem::forget(tracing::dispatcher::set_default(&each));
            })
            .build()
            .unwrap();
        let _guard = tracing::dispatcher::set_default(&dispatch);
        runtime.block_on(work)
    }

    fn all(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

/// Where the house of a scene keeps what it is given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    InMemory,
    /// On disk, with an audit beside it.
    OnDisk,
}

/// A house's configuration up to its routes.
fn configuration(folder: &Path, kept: Kept) -> String {
    let text = Signing::Hs256.preamble(folder, "");
    match kept {
        Kept::InMemory => text,
        Kept::OnDisk => text.replace(
            "[store]\nkind = \"memory\"",
            "[audit]\npath = \"audit.jsonl\"\n[store]\nkind = \"disk\"\npath = \"store.db\"",
        ),
    }
}

/// An answer; or what came of it before it was cut off, if anything.
type Got = Option<Result<Answer, Answer>>;

/// One house with one built-in dialect, whose vendor says what it is told.
struct Scene {
    running: Running,
    vendor: Vendor,
    said: Arc<Mutex<Reply>>,
    handle: String,
    files: tempfile::TempDir,
}

impl Scene {
    /// Ready for `call`: the conversation that it is of has begun.
    async fn of(call: &Call, kept: Kept, more: &str) -> Self {
        let said = Arc::new(Mutex::new(Reply::Close));
        let told = Arc::clone(&said);
        let vendor = Vendor::answering(move |_| told.lock().unwrap().clone()).await;
        let files = tempfile::tempdir().unwrap();
        let text = configuration(files.path(), kept);
        let text = format!("{text}{}{more}", route(call.dialect, vendor.address));
        let running = start_text(&text, files.path()).await;
        let handle = issue(&running, PAYLOAD).await;
        let scene = Self { running, vendor, said, handle, files };
        if let Some(opening) = call.begun_by {
            let mut browser = Browser::connect(scene.running.data).await;
            let opening = call_of(call.dialect, opening);
            let begun =
                scene.ask(&mut browser, &opening, Reply::json(200, r#"{"id":"c-1"}"#)).await;
            assert_eq!(begun.unwrap().unwrap().status, 200);
        }
        scene
    }

    /// After an answer that was cut off the next goes over a connection of its own.
    async fn ask(&self, browser: &mut Browser, call: &Call, reply: Reply) -> Got {
        *self.said.lock().unwrap() = reply;
        browser.write(&call.bytes(&self.handle)).await;
        let got = browser.read_as_far_as_it_comes().await;
        if !matches!(got, Some(Ok(_))) {
            *browser = Browser::connect(self.running.data).await;
        }
        got
    }

    /// Searches what the house keeps, counts and says of itself; how many bytes.
    async fn search(&self, marks: &Marks) -> u64 {
        let mut searched = marks.none_in(self.running.metrics().await.as_bytes(), "metrics");
        let house = format!("{:?} {:?}", self.running.house, self.running.house.data_plane());
        searched += marks.none_in(house.as_bytes(), "Debug");
        for file in std::fs::read_dir(self.files.path()).unwrap() {
            let path = file.unwrap().path();
            searched += marks.none_in(&std::fs::read(&path).unwrap(), path.to_str().unwrap());
        }
        searched
    }
}

#[test]
fn every_exchange_that_reveals_or_knows_its_conversation_is_called() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conf/dialects");
    let (mut known, mut sockets) = (Vec::new(), Vec::new());
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let dialect: toml::Table = text.parse().unwrap();
        let exchanges = dialect.get("exchange").and_then(|all| all.as_array()).cloned();
        for exchange in exchanges.unwrap_or_default() {
            let name = |value: &toml::Value| value.as_str().unwrap().to_owned();
            let named = (name(&dialect["name"]), name(&exchange["name"]));
            match ["slot", "link", "frame"].map(|key| exchange.get(key).is_some()) {
                [false, false, false] => {}
                _ if named.1.ends_with("socket") => sockets.push(named),
                _ => known.push(named),
            }
        }
    }
    let mut called: Vec<(String, String)> =
        calls().iter().map(|call| (call.dialect.to_owned(), call.exchange.to_owned())).collect();
    known.sort();
    called.sort();
    assert_eq!(called, known);
    let mut opened = frames::SOCKETS.map(|(dialect, name)| (dialect.to_owned(), name.to_owned()));
    sockets.sort();
    opened.sort();
    assert_eq!(opened[..], sockets);
}

#[test]
fn a_house_that_does_not_redact_is_caught() {
    let marks = Marks::all();
    Lines::default().hearing(async {
        let call = call_of("genesys", "poll");
        let scene = Scene::of(&call, Kept::InMemory, "danger_redact = \"off\"\n").await;
        let mut browser = Browser::connect(scene.running.data).await;
        for kind in marks.kinds() {
            let reply = Reply::json(200, &marks.body(kind));
            let got = scene.ask(&mut browser, &call, reply).await.unwrap().unwrap();
            assert!(marks.found_in(&got.body).is_some(), "{kind} would not have been found");
        }
    });
}

/// An answer that says everything, in its head and in its body.
fn telling(marks: &Marks, kind: &str, status: &str, coding: &str, body: &[u8]) -> Reply {
    let mut head = format!("HTTP/1.1 {status}\r\n{coding}");
    for (n, text) in marks.texts(kind).enumerate() {
        head.push_str(&format!("X-{n}: {text}\r\nSet-Cookie: c{n}={text}; Path=/\r\n"));
    }
    let head = format!("{head}Content-Length: {}\r\n\r\n", body.len());
    Reply::Raw([head.as_bytes(), body].concat())
}

#[derive(Default)]
struct Count {
    answers: u64,
    pieces: u64,
    refused: u64,
    searched: u64,
}

impl Count {
    /// One call with each of these answers; only what is no JSON may be refused or cut.
    async fn ask_all(&mut self, marks: &Marks, call: &Call, scene: &Scene) {
        let mut browser = Browser::connect(scene.running.data).await;
        for kind in marks.kinds() {
            let what = format!("{}/{} {kind}", call.dialect, call.exchange);
            let plain = marks.body(kind).into_bytes();
            let mut replies = Vec::new();
            for status in STATUSES {
                replies.push((status, telling(marks, kind, status, "", &plain)));
            }
            for coding in CODED {
                let line = format!("Content-Encoding: {}\r\n", coding.name());
                let coded = telling(marks, kind, "200 OK", &line, &coding.coded(&plain));
                replies.push(("200 OK", coded));
            }
            let pieces = plain.iter().map(|byte| vec![*byte]).collect();
            replies.push(("200 OK", Reply::Chunks("HTTP/1.1 200 OK\r\n".to_owned(), pieces)));
            for (status, reply) in replies {
                if let Reply::Chunks(_, pieces) = &reply {
                    self.pieces += pieces.len() as u64;
                }
                let got = match scene.ask(&mut browser, call, reply).await {
                    Some(Ok(got)) => got,
                    cut => {
                        assert_eq!(kind, "raw", "{what}: only what is no JSON is cut");
                        self.refused += 1;
                        let some = cut.and_then(Result::err).map_or(Vec::new(), |some| some.body);
                        self.searched += marks.none_in(&some, &what);
                        continue;
                    }
                };
                let refused = got.rejection().as_deref() == Some("upstream");
                let passed = got.status.to_string() == status[..3];
                assert!(passed || refused && kind == "raw", "{what} {status} {got:?}");
                self.searched += marks.none_in(got.head.as_bytes(), &format!("{what} head"));
                self.searched += marks.none_in(&got.body, &format!("{what} body"));
                self.answers += 1;
            }
        }
    }
}

#[test]
fn nothing_personal_comes_back_from_any_exchange_in_any_spelling() {
    let (marks, lines) = (Marks::all(), Lines::default());
    let mut count = Count::default();
    lines.hearing(async {
        for call in calls() {
            let scene = Scene::of(&call, Kept::OnDisk, "").await;
            count.ask_all(&marks, &call, &scene).await;
            // Not for nothing: the vendor did get it.
            let seen = scene.vendor.seen();
            let all = format!("{}{}", seen[0].head, seen[0].text());
            assert!(!all.contains(&scene.handle), "{}", call.exchange);
            assert!(marks.found_in(all.as_bytes()).is_some() || call.dialect == "halo", "{all}");
            count.searched += scene.search(&marks).await;
        }
    });
    let written = lines.all();
    assert!(String::from_utf8_lossy(&written).contains("request"), "the log was heard");
    count.searched += marks.none_in(&written, "log");
    let Count { answers, pieces, refused, searched } = count;
    println!(
        "canary: {} exchanges x {} spellings x {} answers = {answers} searched, {refused} cut off; {pieces} one-byte \
         chunks, {searched} bytes searched: 0 found",
        calls().len(),
        marks.kinds().len(),
        STATUSES.len() + CODED.len() + 1,
    );
    assert!(answers > 3000 && pieces > 80_000 && searched > 5_000_000);
}
