//! The running program: signals, reload, hand-over, logs.

mod kept;

use std::net::SocketAddr;
use std::path::Path;

use crate::support::client::{Browser, request};
use crate::support::house::{CENTER, SECRET, preamble, route};
use crate::support::process::{Process, cloakroom, command, free_ports, listening};
use crate::support::{Answer, Vendor};

struct Serving {
    process: Process,
    data: SocketAddr,
    control: SocketAddr,
    folder: tempfile::TempDir,
}

/// The preamble on real ports; `{data}` and `{control}` in `more` are filled too.
fn configuration(data: SocketAddr, control: SocketAddr, folder: &Path, more: &str) -> String {
    let socket = folder.join("upgrade.sock");
    // A minute is longer than any test: only a second signal ends it sooner.
    let drain = if more.starts_with("# drain") { "1m" } else { "0s" };
    let process = format!(
        "[process]\nshutdown_drain = \"{drain}\"\nshutdown_grace = \"5s\"\nupgrade_socket = \"{}\"\n",
        socket.display()
    );
    let text = preamble()
        .replace("127.0.0.1:8080", &data.to_string())
        .replace("127.0.0.1:8081", &control.to_string());
    format!("{text}{process}{more}")
}

fn launch(file: &Path, more: &[&str]) -> Process {
    let mut arguments = vec!["serve", "-c", file.to_str().unwrap()];
    arguments.extend(more);
    let mut command = command(&arguments);
    command.env("KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    Process::start(command)
}

async fn serve(more: &str) -> Serving {
    serve_with("", more).await
}

/// With lines for the data plane's table.
async fn serve_with(of_data_plane: &str, more: &str) -> Serving {
    let folder = tempfile::tempdir().unwrap();
    let data = free_ports(2);
    let control = SocketAddr::new(data.ip(), data.port() + 1);
    let file = folder.path().join("cloakroom.toml");
    let text = configuration(data, control, folder.path(), more);
    let table = format!("[data_plane]\n{of_data_plane}");
    std::fs::write(&file, text.replace("[data_plane]\n", &table)).unwrap();
    let process = launch(&file, &[]);
    listening(data).await;
    listening(control).await;
    process.obeys().await;
    Serving { process, data, control, folder }
}

impl Serving {
    async fn control(&self, method: &str, path: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {SECRET}");
        let call = request(method, path, &[("Authorization", &bearer)], body.as_bytes());
        Browser::connect(self.control).await.send(&call).await
    }

    async fn poll(&self, host: &str) -> Answer {
        let call = format!(
            "GET /api/v2/chats/7 HTTP/1.1\r\nHost: {host}\r\nContactCenterId: {CENTER}\r\n\r\n"
        );
        Browser::connect(self.data).await.send(call.as_bytes()).await
    }

    fn rewrite(&self, more: &str) {
        let text = configuration(self.data, self.control, self.folder.path(), more);
        std::fs::write(self.folder.path().join("cloakroom.toml"), text).unwrap();
    }

    /// Asks until the metric of that name has that value.
    async fn until_metric(&self, line: &str) {
        for _ in 0..2000 {
            if self.control("GET", "/metrics", "").await.text().contains(line) {
                return;
            }
        }
        panic!("{line} did not come");
    }
}

#[tokio::test]
async fn a_broken_file_is_not_taken_and_a_good_one_is_without_a_restart() {
    let vendor = Vendor::start().await;
    let first = route("genesys", vendor.address);
    let mut serving = serve(&first).await;
    assert_eq!(serving.poll("chat.test").await.status, 200);
    serving.until_metric("cloakroom_config_generation 1").await;

    serving.rewrite("[[route]]\ndialect = \"nope\"\n");
    serving.process.signal("-HUP");
    // Before the file is good again: it is read when the signal is heard, not when it is sent.
    let said = serving.process.until_said("nope").await;
    assert!(said.contains("configuration not taken"), "{said}");
    assert_eq!(serving.poll("chat.test").await.status, 200);

    let only = first.replace("[[route]]\n", "[[route]]\nhost = \"new.test\"\n");
    serving.rewrite(&only);
    serving.process.signal("-HUP");
    serving.until_metric("cloakroom_config_generation 2").await;
    assert_eq!(serving.poll("new.test").await.status, 200);
    assert_eq!(serving.poll("chat.test").await.rejection().as_deref(), Some("no_route"));

    serving.process.signal("-TERM");
    assert_eq!(serving.process.end().await.status.code(), Some(0));
}

#[tokio::test]
async fn it_ends_with_0_when_it_is_told_to() {
    for signal in ["-TERM", "-INT"] {
        let vendor = Vendor::start().await;
        let serving = serve(&route("genesys", vendor.address)).await;
        serving.process.signal(signal);
        let ended = serving.process.end().await;
        assert_eq!(ended.status.code(), Some(0), "{signal}: {ended:?}");
    }
}

#[tokio::test]
async fn a_stopping_process_says_so_before_it_stops_listening() {
    let vendor = Vendor::start().await;
    let routes = route("genesys", vendor.address);
    let serving = serve(&format!("# drain\n{routes}")).await;
    serving.process.signal("-TERM");
    for _ in 0..2000 {
        if serving.control("GET", "/readyz", "").await.status == 503 {
            break;
        }
    }
    let ready = serving.control("GET", "/readyz", "").await;
    assert_eq!((ready.status, ready.text().as_str()), (503, "draining\n"));
    let polled = serving.poll("chat.test").await;
    assert_eq!(polled.status, 200);
    assert_eq!(polled.header("connection").as_deref(), Some("close"));
    serving.process.signal("-TERM");
    assert_eq!(serving.process.end().await.status.code(), Some(0));
}

#[tokio::test]
async fn the_listeners_are_handed_over_to_a_new_process() {
    let vendor = Vendor::start().await;
    let audit = "[audit]\npath = \"audit.jsonl\"\n";
    let serving = serve(&format!("{audit}{}", route("genesys", vendor.address))).await;
    let file = serving.folder.path().join("cloakroom.toml");
    let old = serving.process.id();
    let new = launch(&file, &["--upgrade"]);
    serving.process.signal("-QUIT");
    // The old one answers until it has handed over, the new one from then on.
    for _ in 0..200 {
        assert_eq!(serving.poll("chat.test").await.status, 200);
        let issued = serving.control("POST", "/v1/handles", r#"{"payload":{}}"#).await;
        assert_eq!(issued.status, 201);
    }
    let Serving { process, data, control, folder } = serving;
    assert_eq!(process.id(), old);
    assert_eq!(process.end().await.status.code(), Some(0));
    let serving = Serving { process: new, data, control, folder };
    assert_eq!(serving.poll("chat.test").await.status, 200);
    assert_eq!(serving.control("GET", "/readyz", "").await.status, 200);
    serving.process.signal("-TERM");
    let Serving { process, folder, .. } = serving;
    assert_eq!(process.end().await.status.code(), Some(0));
    // Both wrote one audit, each while it ran.
    let path = folder.path().join("audit.jsonl");
    let checked = cloakroom(&["audit", "verify", path.to_str().unwrap()], "");
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    let audit = std::fs::read_to_string(path).unwrap();
    let count = |event: &str| audit.matches(&format!("\"event\":\"{event}\"")).count();
    assert_eq!((count("issue"), count("start"), count("stop")), (200, 2, 2));
}

#[tokio::test]
async fn logs_hold_no_payload_no_handle_no_path_and_no_secret() {
    let vendor = Vendor::start().await;
    let serving = serve(&route("genesys", vendor.address)).await;
    let body = r#"{"payload":{"nickname":"Zebedee-marked"},"subject":"subject-marked"}"#;
    let issued = serving.control("POST", "/v1/handles", body).await.json();
    let handle = issued["handle"].as_str().unwrap().to_owned();
    let forged = format!("{}AAAA", &handle[..73]);
    for carried in [&handle, &forged] {
        let body = format!(r#"{{"nickname":"{carried}","text":"text-marked"}}"#);
        let headers = [("ContactCenterId", CENTER), ("Cookie", "cookie-marked")];
        let call = request("POST", "/api/v2/chats?query=marked", &headers, body.as_bytes());
        Browser::connect(serving.data).await.send(&call).await;
    }
    // What Pingora itself would complain about, with something to leak in it.
    for raw in [
        "GET /path-marked HTTP/1.1\r\nHost: host-marked\r\nHost: b\r\n\r\n",
        "GET /path-marked HTTP/9.9\r\n\r\n",
        "POST /api/v2/chats?query=marked HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\ncut",
    ] {
        let mut browser = Browser::connect(serving.data).await;
        browser.write(raw.as_bytes()).await;
        browser.finish().await;
        browser.read().await;
    }
    let metrics = serving.control("GET", "/metrics", "").await.text();
    serving.process.signal("-TERM");
    let ended = serving.process.end().await;
    let log = String::from_utf8([ended.stdout, ended.stderr].concat()).unwrap();
    assert!(log.contains("handle_unusable") && log.contains("revealed"), "{log}");
    for (place, text) in [("log", &log), ("metrics", &metrics)] {
        for word in ["marked", "klk1_", SECRET, CENTER] {
            assert!(!text.contains(word), "{word} is in the {place}: {text}");
        }
    }
}
