//! Undo a request body's content coding, within the body's bound.
//!
//! `gzip` and `identity`, one layer: what browsers and chat SDKs send. Anything
//! else on an exchange is refused, since a body that cannot be read cannot be
//! vouched for. The bound holds for the decoded size, so a small body cannot
//! unfold into a large one.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::passage::Coding;
use crate::reject::{BodyFlaw, Cause};

/// The body as plain bytes.
///
/// # Errors
/// [`Cause::BodyInvalid`] for a coding that is not read here or does not decode,
/// [`Cause::BodyTooLarge`] when it unfolds beyond `max`.
pub(super) fn decode(
    body: &Bytes,
    headers: &HeaderMap,
    max: usize,
) -> Result<(Bytes, Coding), Cause> {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    let Some(coding) = codings.next() else { return Ok((body.clone(), Coding::AsSent)) };
    if codings.next().is_some() {
        return Err(Cause::BodyInvalid(BodyFlaw::Coding));
    }
    match coding.as_bytes().trim_ascii().to_ascii_lowercase().as_slice() {
        b"identity" => Ok((body.clone(), Coding::AsSent)),
        b"gzip" | b"x-gzip" => Ok((gunzip(body, max)?, Coding::Decoded)),
        _ => Err(Cause::BodyInvalid(BodyFlaw::Coding)),
    }
}

fn gunzip(body: &[u8], max: usize) -> Result<Bytes, Cause> {
    let one_more = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(body).take(one_more).read_to_end(&mut plain);
    read.map_err(|_| Cause::BodyInvalid(BodyFlaw::Coding))?;
    if plain.len() > max {
        return Err(Cause::BodyTooLarge);
    }
    Ok(plain.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(plain: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap().into()
    }

    fn coded(coding: &'static str) -> HeaderMap {
        [(CONTENT_ENCODING, coding.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn a_bomb_is_stopped_at_the_bound() {
        let bomb = gzip(&vec![b' '; 4 << 20]);
        assert!(bomb.len() < 8192);
        assert_eq!(decode(&bomb, &coded("gzip"), 4096), Err(Cause::BodyTooLarge));
    }

    #[test]
    fn what_does_not_decode_is_refused_at_every_cut() {
        let whole = gzip(b"{\"text\":\"hello\"}");
        for end in 0..whole.len() {
            let cut = decode(&whole.slice(..end), &coded("gzip"), 4096);
            assert_eq!(cut, Err(Cause::BodyInvalid(BodyFlaw::Coding)), "{end}");
        }
    }

    #[test]
    fn codings_that_are_not_read_here_are_refused() {
        for coding in ["br", "deflate", "gzip, gzip", "zstd", ""] {
            let refused = decode(&Bytes::from_static(b"x"), &coded(coding), 10);
            assert_eq!(refused, Err(Cause::BodyInvalid(BodyFlaw::Coding)), "{coding}");
        }
    }

    #[test]
    fn gzip_unfolds_and_plain_stays() {
        let (plain, coding) = decode(&gzip(b"{}"), &coded("GZIP"), 10).unwrap();
        assert_eq!((&plain[..], coding), (&b"{}"[..], Coding::Decoded));
        let (plain, coding) = decode(&Bytes::from_static(b"{}"), &HeaderMap::new(), 10).unwrap();
        assert_eq!((&plain[..], coding), (&b"{}"[..], Coding::AsSent));
    }
}
