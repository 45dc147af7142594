//! How much is read per byte of a stream made to cost the most.

use super::super::*;
use super::needles;
use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;

#[test]
fn the_work_per_byte_does_not_grow_with_the_values_length() {
    let streams = [
        "a".repeat(6_000),
        "\\u0061".repeat(1_000),
        "%61".repeat(2_000),
        "&#97;".repeat(1_200),
        STANDARD.encode("a".repeat(4_500)),
        "\\".repeat(6_000),
        "%".repeat(6_000),
        "&".repeat(6_000),
    ];
    for length in [20, 200, 2000] {
        let never = format!("{}b", "a".repeat(length));
        let pair = ["aaaa".to_owned(), never.clone()];
        for values in [vec![never.as_str()], pair.iter().map(String::as_str).collect()] {
            let needles = needles(&values);
            for stream in &streams {
                for piece in [1, 1000, 6_000] {
                    let steps = work(&needles, stream.as_bytes(), piece);
                    assert!(steps <= 24, "{steps} {length} {piece} {}", &stream[..8]);
                }
            }
        }
    }
}

#[test]
fn a_value_of_nothing_but_introducers_is_bounded_work() {
    let needles = needles(&[&"\\".repeat(300)]);
    assert!(work(&needles, "\\".repeat(3000).as_bytes(), 3000) < 50_000);
}

/// Steps per byte of a stream in pieces.
fn work(needles: &Arc<Needles>, stream: &[u8], piece: usize) -> u64 {
    let mut redactor = Redactor::new(Arc::clone(needles), Sought::Everything);
    let mut out = BytesMut::new();
    for chunk in stream.chunks(piece) {
        redactor.push(chunk, &mut out);
    }
    redactor.finish(&mut out);
    redactor.walks.steps() / u64::try_from(stream.len()).unwrap()
}
