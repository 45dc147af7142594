//! Every coding, cut at every byte.

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::*;

fn coded(coding: &str, plain: &[u8]) -> Vec<u8> {
    match coding {
        "gzip" | "x-gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
        "deflate" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
        "deflate (raw)" => {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
        "br" => {
            let mut made = Vec::new();
            let mut encoder = brotli::CompressorWriter::new(&mut made, 4096, 5, 20);
            encoder.write_all(plain).unwrap();
            drop(encoder);
            made
        }
        "zstd" => zstd::stream::encode_all(plain, 3).unwrap(),
        other => panic!("{other}"),
    }
}

fn decoder(coding: &str) -> Result<Decoder, Unreadable> {
    let name = coding.split(' ').next().unwrap();
    Decoder::of(&[(CONTENT_ENCODING, name.parse().unwrap())].into_iter().collect())
}

fn decoded(coding: &str, pieces: &[&[u8]]) -> Result<Vec<u8>, Unreadable> {
    let mut decoder = decoder(coding)?;
    let mut plain = Vec::new();
    for piece in pieces {
        plain.extend(decoder.push(piece)?);
    }
    plain.extend(decoder.finish()?);
    Ok(plain)
}

const CODINGS: [&str; 6] = ["gzip", "x-gzip", "deflate", "deflate (raw)", "br", "zstd"];

#[test]
fn an_unknown_coding_and_two_at_once_are_unreadable() {
    for coding in ["compress", "gzip, br", "x", "gzip;q=1"] {
        let headers = [(CONTENT_ENCODING, coding.parse().unwrap())].into_iter().collect();
        assert!(Decoder::of(&headers).is_err(), "{coding}");
    }
    let twice = [(CONTENT_ENCODING, "gzip".parse().unwrap()); 1].into_iter();
    let mut headers: HeaderMap = twice.collect();
    headers.append(CONTENT_ENCODING, "br".parse().unwrap());
    assert!(Decoder::of(&headers).is_err());
}

#[test]
fn what_is_not_so_coded_is_unreadable() {
    for coding in CODINGS {
        let garbage = decoded(coding, &[b"\xff\xff{\"nickname\":\"Ann\"} and more of it"]);
        assert_eq!(garbage, Err(Unreadable), "{coding}");
    }
}

#[test]
fn a_bomb_is_unreadable_before_it_costs_memory() {
    for coding in CODINGS {
        let bomb = coded(coding, &vec![b' '; 64 << 20]);
        assert_eq!(decoded(coding, &[&bomb]).map(|all| all.len()), Err(Unreadable), "{coding}");
    }
}

#[test]
fn every_coding_is_read_wherever_it_is_cut() {
    let plain = "{\"nickname\":\"Ann\u{e9}\",\"n\":12345678}".repeat(4);
    for coding in CODINGS {
        let whole = coded(coding, plain.as_bytes());
        for cut in 0..=whole.len() {
            let (first, second) = whole.split_at(cut);
            assert_eq!(decoded(coding, &[first, second]).unwrap(), plain.as_bytes(), "{coding}");
        }
        let single: Vec<&[u8]> = whole.chunks(1).collect();
        assert_eq!(decoded(coding, &single).unwrap(), plain.as_bytes(), "{coding} by bytes");
    }
}

#[test]
fn what_was_sent_is_out_before_the_end_comes() {
    // The vendor flushes after an event; the browser must see it then.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(b"data: 1\n\n").unwrap();
    encoder.flush().unwrap();
    let sent = encoder.get_ref().clone();
    assert_eq!(decoder("gzip").unwrap().push(&sent).unwrap(), b"data: 1\n\n");
}

proptest! {
    #[test]
    fn any_bytes_in_any_coding_do_not_panic(bytes: Vec<u8>, which in 0..CODINGS.len()) {
        let _ = decoded(CODINGS[which], &[&bytes]);
    }
}
