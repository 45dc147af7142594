//! Undo an answer's content coding, piece by piece as it comes.
//!
//! Redaction asks the vendor for plain text; one that codes its answer all the same
//! is decoded here. What cannot be decoded is refused, never passed unread.

use std::io::Write;

use brotli::DecompressorWriter;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, TRANSFER_ENCODING};
use zstd::stream::raw::DParameter;
use zstd::stream::zio::Writer;

/// What one piece from the vendor may unfold into, in bytes: a thousand times what
/// Pingora hands on at once, and too little for a bomb to matter.
const UNFOLDED_MAX: usize = 16 << 20;

/// Bytes that are decoded before their result is weighed.
const STEP: usize = 4096;

/// The largest window of zstd, as a power of two: 8 MiB, what RFC 9659 allows in HTTP.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// The answer cannot be read, so it must not be passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

/// What a decoder writes into: a few bytes may unfold into gigabytes, so it is the
/// output that is bounded.
#[derive(Default)]
pub(super) struct Sink(Vec<u8>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if bytes.len() > UNFOLDED_MAX.saturating_sub(self.0.len()) {
            return Err(std::io::ErrorKind::QuotaExceeded.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One answer's coding, at work.
pub(super) enum Decoder {
    /// None.
    Plain,
    /// RFC 1952.
    Gzip(MultiGzDecoder<Sink>),
    /// `deflate`, whose two readings are told apart by its first two bytes.
    Deflate(Vec<u8>),
    /// RFC 1950, what `deflate` means.
    Zlib(ZlibDecoder<Sink>),
    /// RFC 1951, what some senders mean by it.
    Raw(DeflateDecoder<Sink>),
    /// RFC 7932.
    Brotli(Box<DecompressorWriter<Sink>>),
    /// RFC 8878.
    Zstd(Box<Writer<Sink, zstd::stream::raw::Decoder<'static>>>),
}

impl Decoder {
    /// For an answer of these headers.
    ///
    /// # Errors
    /// [`Unreadable`] for a coding that is not known here, or more than one.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Unreadable> {
        let mut codings = headers.get_all(CONTENT_ENCODING).iter();
        let coding = codings.next().map(|coding| coding.as_bytes().trim_ascii());
        if codings.next().is_some() {
            return Err(Unreadable);
        }
        match coding.map(<[u8]>::to_ascii_lowercase).as_deref() {
            None | Some(b"identity" | b"") => Ok(Self::Plain),
            Some(b"gzip" | b"x-gzip") => Ok(Self::Gzip(MultiGzDecoder::new(Sink::default()))),
            Some(b"deflate") => Ok(Self::Deflate(Vec::new())),
            Some(b"br") => {
                Ok(Self::Brotli(Box::new(DecompressorWriter::new(Sink::default(), STEP))))
            }
            Some(b"zstd") => {
                let mut decoder = zstd::stream::raw::Decoder::new().map_err(|_| Unreadable)?;
                let window = DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX);
                decoder.set_parameter(window).map_err(|_| Unreadable)?;
                Ok(Self::Zstd(Box::new(Writer::new(Sink::default(), decoder))))
            }
            Some(_) => Err(Unreadable),
        }
    }

    /// Whether the bytes come as they are.
    pub(super) fn is_plain(&self) -> bool {
        match self {
            Self::Plain => true,
            Self::Gzip(_)
            | Self::Deflate(_)
            | Self::Zlib(_)
            | Self::Raw(_)
            | Self::Brotli(_)
            | Self::Zstd(_) => false,
        }
    }

    /// What a piece unfolds into.
    ///
    /// # Errors
    /// [`Unreadable`] when it does not decode, or unfolds beyond the bound.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<Vec<u8>, Unreadable> {
        if let Self::Deflate(first) = self {
            first.extend_from_slice(piece);
            let Some((one, two)) = first.first().copied().zip(first.get(1).copied()) else {
                return Ok(Vec::new());
            };
            let first = std::mem::take(first);
            *self = if is_zlib(one, two) {
                Self::Zlib(ZlibDecoder::new(Sink::default()))
            } else {
                Self::Raw(DeflateDecoder::new(Sink::default()))
            };
            return self.push(&first);
        }
        let mut unfolded = Vec::new();
        for step in piece.chunks(STEP) {
            self.write(step).map_err(|_| Unreadable)?;
            self.take(&mut unfolded);
            if unfolded.len() > UNFOLDED_MAX {
                return Err(Unreadable);
            }
        }
        Ok(unfolded)
    }

    /// What is left at the end of the answer.
    ///
    /// # Errors
    /// [`Unreadable`] when the coding breaks off.
    pub(super) fn finish(&mut self) -> Result<Vec<u8>, Unreadable> {
        let finished = match self {
            Self::Plain => Ok(()),
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Deflate(first) if first.is_empty() => Ok(()),
            Self::Deflate(_) => return Err(Unreadable),
            Self::Zlib(decoder) => decoder.try_finish(),
            Self::Raw(decoder) => decoder.try_finish(),
            Self::Brotli(decoder) => decoder.close(),
            Self::Zstd(decoder) => decoder.finish(),
        };
        finished.map_err(|_| Unreadable)?;
        let mut unfolded = Vec::new();
        self.take(&mut unfolded);
        Ok(unfolded)
    }

    fn write(&mut self, step: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Plain | Self::Deflate(_) => Ok(()),
            Self::Gzip(decoder) => decoder.write_all(step).and_then(|()| decoder.flush()),
            Self::Zlib(decoder) => decoder.write_all(step).and_then(|()| decoder.flush()),
            Self::Raw(decoder) => decoder.write_all(step).and_then(|()| decoder.flush()),
            Self::Brotli(decoder) => decoder.write_all(step).and_then(|()| decoder.flush()),
            Self::Zstd(decoder) => decoder.write_all(step).and_then(|()| decoder.flush()),
        }
    }

    fn take(&mut self, unfolded: &mut Vec<u8>) {
        let made = match self {
            Self::Plain | Self::Deflate(_) => return,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zlib(decoder) => decoder.get_mut(),
            Self::Raw(decoder) => decoder.get_mut(),
            Self::Brotli(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.writer_mut(),
        };
        unfolded.append(&mut made.0);
    }
}

/// RFC 1950, 2.2: the method is deflate, and both bytes are a multiple of 31.
fn is_zlib(one: u8, two: u8) -> bool {
    one & 0x0f == 8 && u16::from_be_bytes([one, two]).is_multiple_of(31)
}

/// Whether a body is coded for its transfer by more than a single `chunked`.
pub(super) fn is_coded_in_transfer(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let coded = codings
        .next()
        .is_some_and(|one| !one.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"));
    coded || codings.next().is_some()
}

#[cfg(test)]
mod tests;
