//! What happens to a handle between the moment that a message is let have it and the moment that the message goes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{DIALECT, ID, Pair, TEXT, closes, masked, next, open};
use crate::redis_store::servers::Server;
use crate::shared_store::over;
use crate::support::house::{issue_with, start_text};
use crate::support::stage::Stage;
use crate::support::{Running, SECRET};

/// What befalls the first commit on its way to the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Before it arrives every handle is revoked, as through another node.
    TooLate,
    /// It is done, and the line breaks before the answer.
    AnswerLost,
}

/// A line to the server, on which this happens.
async fn line(server: Arc<Server>, fate: Fate) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let met = Arc::new(AtomicBool::new(false));
    tokio::spawn(async move {
        loop {
            let (near, _) = listener.accept().await.unwrap();
            let far = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
            tokio::spawn(carry(near, far, Arc::clone(&server), fate, Arc::clone(&met)));
        }
    });
    port
}

async fn carry(
    mut near: TcpStream,
    mut far: TcpStream,
    server: Arc<Server>,
    fate: Fate,
    met: Arc<AtomicBool>,
) {
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut broken = false;
    loop {
        tokio::select! {
            read = near.read(&mut up) => {
                let Ok(count @ 1..) = read else { return };
                let commits = up[..count].windows(12).any(|part| part == b"$6\r\ncommit\r\n");
                if commits && !met.swap(true, Ordering::SeqCst) {
                    match fate {
                        Fate::TooLate => revoke_all(Arc::clone(&server)).await,
                        Fate::AnswerLost => broken = true,
                    }
                }
                far.write_all(&up[..count]).await.unwrap();
            }
            read = far.read(&mut down) => {
                let Ok(count @ 1..) = read else { return };
                if broken || near.write_all(&down[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn revoke_all(server: Arc<Server>) {
    let said = tokio::task::spawn_blocking(move || server.say(&["FLUSHALL"])).await.unwrap();
    assert_eq!(said, "OK");
}

/// A socket over such a line, and the handle for one use that was sent in its first message.
struct Sent {
    pair: Pair,
    handle: String,
    _running: Running,
    _stage: Stage,
    _files: tempfile::TempDir,
}

async fn sent(fate: Fate) -> Sent {
    let server = Arc::new(Server::start(&[]).await);
    let port = line(Arc::clone(&server), fate).await;
    let stage = Stage::open().await;
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("own.toml"), DIALECT.replace("MORE", "")).unwrap();
    let store = format!(
        "kind = \"redis\"\nurls = [\"redis://127.0.0.1:{port}\"]\nconnect_timeout = \"3s\"\nresponse_timeout = \"3s\""
    );
    let route = format!(
        "[[dialect]]\nfile = \"own.toml\"\n[[route]]\nname = \"own\"\ndialect = \"own\"\ntenant = \"acme\"\n\
         upstream = {{ servers = [\"{}\"] }}\n",
        stage.address
    );
    let running = start_text(&over(&store, &route), Path::new(files.path())).await;
    let payload = format!(r#"{{"id":"{ID}"}}"#);
    let issued = issue_with(&running, SECRET, &payload, r#","uses":"once""#).await;
    let handle = issued["handle"].as_str().unwrap().to_owned();
    let mut pair = open(&running, &stage, "/ws", &[], "", b"").await;
    pair.browser.write(&masked(TEXT, format!(r#"{{"who":"{handle}"}}"#).as_bytes())).await;
    Sent { pair, handle, _running: running, _stage: stage, _files: files }
}

#[tokio::test]
async fn a_handle_that_is_revoked_before_the_message_goes_is_not_revealed() {
    let mut sent = sent(Fate::TooLate).await;
    closes(&next(&mut sent.pair.vendor).await, 1008);
}

#[tokio::test]
async fn a_commit_that_was_done_and_not_answered_lets_its_message_go() {
    let mut sent = sent(Fate::AnswerLost).await;
    let expected = format!(r#"{{"who":"{ID}"}}"#);
    assert_eq!(next(&mut sent.pair.vendor).await, (TEXT, expected.into_bytes()));
    // It was used by that: another message has it no more.
    let again = format!(r#"{{"n":2,"who":"{}"}}"#, sent.handle);
    sent.pair.browser.write(&masked(TEXT, again.as_bytes())).await;
    closes(&next(&mut sent.pair.vendor).await, 1008);
}
