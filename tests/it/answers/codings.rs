//! Coded answers, though plain text was asked for.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::{ID, Scene, chunked, holds_nothing, raw};
use crate::support::Reply;

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(plain: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn brotli(plain: &[u8]) -> Vec<u8> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 9, 20);
    encoder.write_all(plain).unwrap();
    encoder.into_inner()
}

fn zstd(plain: &[u8]) -> Vec<u8> {
    zstd::encode_all(plain, 9).unwrap()
}

/// Every coding that is read, with the body in it.
fn coded(plain: &[u8]) -> [(&'static str, Vec<u8>); 6] {
    [
        ("gzip", gzip(plain)),
        ("x-gzip", gzip(plain)),
        ("deflate", zlib(plain)),
        ("deflate", raw_deflate(plain)),
        ("br", brotli(plain)),
        ("zstd", zstd(plain)),
    ]
}

fn body() -> String {
    let letters = (0..500).map(|n| format!("{n} and {}; ", n * n)).collect::<String>();
    format!("{letters}{ID}{letters}")
}

#[tokio::test]
async fn a_coded_answer_is_decoded_and_redacted() {
    let scene = Scene::start().await;
    for (coding, bytes) in coded(body().as_bytes()) {
        let head = format!("Content-Encoding: {coding}\r\n");
        let expected = body().replace(ID, &scene.handle);
        let answer = scene.say(raw("200 OK", &head, &bytes)).await;
        assert_eq!(answer.text(), expected, "{coding}");
        assert_eq!(answer.header("Content-Encoding"), None);
        assert_eq!(answer.header("Content-Length"), None);
        let pieces: Vec<&[u8]> = bytes.chunks(7).collect();
        assert_eq!(scene.say(chunked(&head, &pieces)).await.text(), expected, "{coding} in sevens");
    }
}

#[tokio::test]
async fn a_coded_answer_is_redacted_wherever_its_chunks_end() {
    let scene = Scene::with("redact_as = \"same-length\"").await;
    let plain = format!("<{ID}> and {ID}");
    for (coding, bytes) in coded(plain.as_bytes()) {
        let head = format!("Content-Encoding: {coding}\r\n");
        for cut in 1..bytes.len() {
            let (one, two) = bytes.split_at(cut);
            let answer = scene.say(chunked(&head, &[one, two])).await;
            assert_eq!(answer.body.len(), plain.len(), "{coding} cut at {cut}");
            holds_nothing(&answer.body);
        }
    }
}

#[tokio::test]
async fn a_coding_that_is_not_known_is_refused_and_so_are_two() {
    let scene = Scene::start().await;
    let twice = gzip(&gzip(body().as_bytes()));
    for head in [
        "Content-Encoding: compress\r\n",
        "Content-Encoding: gzip, gzip\r\n",
        "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n",
        "Content-Encoding: aes128gcm\r\n",
        "Content-Encoding: \u{fc}\r\n",
    ] {
        let answer = scene.say(raw("200 OK", head, &twice)).await;
        assert_eq!(
            (answer.status, answer.rejection().as_deref()),
            (502, Some("upstream")),
            "{head}"
        );
        assert_eq!(answer.header("Content-Encoding"), None);
    }
}

#[tokio::test]
async fn a_transfer_coding_other_than_chunked_is_refused() {
    let scene = Scene::start().await;
    let bytes = gzip(body().as_bytes());
    let chunks = [format!("{:x}\r\n", bytes.len()).as_bytes(), &bytes, b"\r\n0\r\n\r\n"].concat();
    for coding in [
        "gzip, chunked",
        "gzip\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding: gzip",
        "identity, chunked",
        "chunked, chunked",
        "chunked;by=gzip",
        "gzip",
    ] {
        let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n");
        scene.will(Reply::RawThenClose([head.as_bytes(), &chunks].concat()));
        let answer = scene.running.send(&scene.call("POST", &[])).await;
        assert_eq!(answer.status, 502, "{coding}");
    }
    let plain = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n{:x}\r\n{ID}\r\n0\r\n\r\n",
        ID.len()
    );
    assert_eq!(scene.say(Reply::Raw(plain.into_bytes())).await.text(), scene.handle);
}

#[tokio::test]
async fn a_coding_that_is_broken_or_cut_off_never_ends_well() {
    let scene = Scene::start().await;
    for (coding, mut bytes) in coded(body().as_bytes()) {
        let head = format!("Content-Encoding: {coding}\r\n");
        let half = &bytes[..bytes.len() / 2];
        for pieces in [&[half][..], &[b"no such coding, certainly not"], &[body().as_bytes()]] {
            let reply = chunked(&head, pieces);
            let got = scene.bytes(reply).await;
            holds_nothing(&got);
            let text = String::from_utf8_lossy(&got);
            let refused = text.starts_with("HTTP/1.1 502");
            assert!(refused || !text.ends_with("0\r\n\r\n"), "{coding}: {text}");
        }
        bytes.extend_from_slice(body().as_bytes());
        holds_nothing(&scene.bytes(chunked(&head, &[&bytes])).await);
    }
}

#[tokio::test]
async fn an_empty_answer_ends_well_whatever_coding_it_claims() {
    let scene = Scene::start().await;
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let head = format!("Content-Encoding: {coding}\r\nLocation: /{ID}\r\n");
        let answer = scene.say(raw("302 Found", &head, b"")).await;
        assert_eq!((answer.status, answer.text()), (302, String::new()), "{coding}");
        assert_eq!(answer.header("Location"), Some(format!("/{}", scene.handle)));
    }
}

#[tokio::test]
async fn a_small_answer_never_unfolds_without_a_bound() {
    let scene = Scene::start().await;
    let bomb = gzip(&vec![b' '; 64 << 20]);
    let got = scene.bytes(raw("200 OK", "Content-Encoding: gzip\r\n", &bomb)).await;
    assert!(got.len() < 40 << 20, "{} bytes", got.len());
}
