//! Request bodies that arrive compressed: read within the bound, sent plain where
//! something was revealed, and as they came where nothing was.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{SEND, Scene, carrying, message, send};
use crate::support::{Framing, chunked};

const GZIP: [(&str, &str); 1] = [("Content-Encoding", "gzip")];

fn gzip(plain: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A message that gzip cannot shrink below the early read.
fn dense(context: &str) -> String {
    let mut state = 1_u64;
    let mut step = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:016x}", state)
    };
    let text: String = (0..12_000).map(|_| step()).collect();
    format!(r#"{{"text":"{text}","context":{{{context}}}}}"#)
}

#[tokio::test]
async fn a_coding_that_is_not_read_here_is_refused() {
    let scene = Scene::new().await;
    let (body, _) = carrying(&scene.handle, 400);
    for coding in ["br", "deflate", "zstd", "gzip, gzip", "compress"] {
        let refused =
            scene.running.send(&send(&[("Content-Encoding", coding)], body.as_bytes())).await;
        assert_eq!((refused.status, refused.rejection().as_deref()), (400, Some("body_invalid")));
    }
    let refused = scene.running.send(&send(&GZIP, b"no gzip")).await;
    assert_eq!((refused.status, refused.rejection().as_deref()), (400, Some("body_invalid")));
    scene.vendor.saw_nothing();
}

#[tokio::test]
async fn a_body_that_unfolds_above_the_bound_is_refused() {
    let scene = Scene::new().await;
    let (body, _) = carrying(&scene.handle, 8 << 20);
    let bomb = gzip(&body);
    assert!(bomb.len() < 64 * 1024);
    let refused = scene.running.send(&send(&GZIP, &bomb)).await;
    assert_eq!((refused.status, refused.rejection().as_deref()), (413, Some("body_too_large")));
    let refused = scene.running.send(&chunked("POST", SEND, &GZIP, &[&bomb])).await;
    assert_eq!((refused.status, refused.rejection().as_deref()), (413, Some("body_too_large")));
    scene.vendor.saw_nothing();
}

#[tokio::test]
async fn a_compressed_body_with_a_handle_is_sent_plain_with_its_exact_length() {
    let scene = Scene::new().await;
    let (body, expected) = carrying(&scene.handle, 100_000);
    for request in [send(&GZIP, &gzip(&body)), chunked("POST", SEND, &GZIP, &[&gzip(&body)])] {
        assert_eq!(scene.running.send(&request).await.status, 200);
        let seen = scene.vendor.seen().pop().unwrap();
        assert_eq!(seen.text(), expected);
        assert_eq!(seen.framing, Framing::Length(expected.len()));
        assert_eq!(seen.header("content-encoding"), None);
    }
}

#[tokio::test]
async fn a_compressed_body_without_a_handle_goes_as_it_came() {
    let scene = Scene::new().await;
    let body = gzip(&message(100_000, r#""intent":"sales""#));
    for request in [send(&GZIP, &body), chunked("POST", SEND, &GZIP, &[&body])] {
        assert_eq!(scene.running.send(&request).await.status, 200);
        let seen = scene.vendor.seen().pop().unwrap();
        assert_eq!(seen.body, body);
        assert_eq!(seen.framing, Framing::Length(body.len()));
        assert_eq!(seen.header("content-encoding").as_deref(), Some("gzip"));
    }
}

#[tokio::test]
async fn a_late_compressed_body_is_sent_plain_either_way() {
    let scene = Scene::new().await;
    let slot = format!(r#""storedContextId":"{}""#, scene.handle);
    for context in [slot.as_str(), r#""intent":"sales""#] {
        let plain = dense(context);
        let body = gzip(&plain);
        assert!(body.len() > 64 * 1024, "{}", body.len());
        let pieces: Vec<_> = body.chunks(10_000).collect();
        assert_eq!(scene.running.send(&chunked("POST", SEND, &GZIP, &pieces)).await.status, 200);
        let seen = scene.vendor.seen().pop().unwrap();
        assert_eq!(seen.text(), plain.replace(&slot, super::MEMBERS));
        assert_eq!(seen.framing, Framing::Chunked);
        assert_eq!(seen.header("content-encoding"), None);
    }
}
