//! The demo, as a stranger meets it: the lines it prints are pasted into a shell,
//! its page is opened in a browser.

use std::net::SocketAddr;
use std::process::Command;

use crate::support::process::{Process, command, free_ports, listening};

struct Demo {
    process: Process,
    first: SocketAddr,
}

async fn demo() -> Demo {
    let first = free_ports(4);
    let process = Process::start(command(&["demo", "--listen", &first.to_string()]));
    for step in 0..4 {
        listening(SocketAddr::new(first.ip(), first.port() + step)).await;
    }
    process.obeys().await;
    Demo { process, first }
}

#[tokio::test]
async fn its_three_lines_can_be_pasted() {
    let demo = demo().await;
    demo.process.signal("-INT");
    let said = String::from_utf8(demo.process.end().await.stdout).unwrap();
    let lines: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("  HANDLE=") || line.starts_with("  curl "))
        .collect();
    assert_eq!(lines.len(), 3, "{said}");
    // The demo that printed them is gone; another on the same ports answers.
    let again = Process::start(command(&["demo", "--listen", &demo.first.to_string()]));
    for step in 0..4 {
        listening(SocketAddr::new(demo.first.ip(), demo.first.port() + step)).await;
    }
    let pasted = Command::new("bash").args(["-c", &lines.join("\n")]).output().unwrap();
    let answers = String::from_utf8(pasted.stdout).unwrap();
    let answers: Vec<_> = answers.lines().collect();
    assert!(answers[0].starts_with("klk1_"), "{answers:#?}");
    assert!(answers[1].contains("conversation-1"), "{answers:#?}");
    assert!(answers[2].contains(r#""value":"Ann""#), "{answers:#?}");
    assert!(!answers[2].contains("klk1_"), "{answers:#?}");
    assert!(answers[3].contains("403"), "{answers:#?}");
    assert!(answers.contains(&"Cloakroom-Rejection: handle_unusable"), "{answers:#?}");
    drop(again);
}

#[tokio::test]
async fn its_page_shows_the_swap_in_a_browser() {
    let demo = demo().await;
    let shop = SocketAddr::new(demo.first.ip(), demo.first.port() + 2);
    let folder = tempfile::tempdir().unwrap();
    let profile = format!("--user-data-dir={}", folder.path().display());
    let page = format!("http://{shop}/#play");
    let browsed = tokio::task::spawn_blocking(move || {
        Command::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-sync"])
            .args(["--disable-component-update", "--virtual-time-budget=10000", "--dump-dom"])
            .args([&profile, &page])
            .output()
    });
    let browsed = browsed.await.unwrap().expect("chromium is installed: scripts/test does it");
    let page = String::from_utf8(browsed.stdout).unwrap();
    assert!(page.contains("data-played=\"yes\""), "{page}");
    assert!(page.contains("<title>answer 403: refused"), "{page}");
    let shown = |id: &str| {
        let rest = page.split(&format!("id=\"{id}\"")).nth(1).unwrap();
        rest.split("</pre>").next().unwrap().to_owned()
    };
    let received = shown("received");
    assert!(received.contains("\"12345678\""), "{received}");
    assert!(!received.contains("klk1_"), "{received}");
    let sent = shown("sent");
    assert!(sent.contains("klk1_") && !sent.contains("Ann\""), "{sent}");
}

#[test]
fn a_port_that_is_taken_is_said_in_one_line() {
    let first = free_ports(4);
    let _taken = std::net::TcpListener::bind(first).unwrap();
    let output = command(&["demo", "--listen", &first.to_string()]).output().unwrap();
    assert_eq!(output.status.code(), Some(74));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains(&format!("cannot listen on {first}")), "{errors}");
}
