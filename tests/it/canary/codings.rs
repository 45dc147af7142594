//! How a vendor may code an answer. Shared with the test that cuts answers in the
//! process (`src/proxy/answer/tests.rs`).

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

/// A coding, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Plain,
    Gzip,
    /// What `deflate` means.
    Zlib,
    /// What some senders mean by it.
    RawDeflate,
    Brotli,
    Zstd,
}

impl Coding {
    pub(super) const ALL: [Self; 6] =
        [Self::Plain, Self::Gzip, Self::Zlib, Self::RawDeflate, Self::Brotli, Self::Zstd];

    /// As `Content-Encoding` says it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "identity",
            Self::Gzip => "gzip",
            Self::Zlib | Self::RawDeflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    pub(super) fn coded(self, plain: &[u8]) -> Vec<u8> {
        let fast = Compression::fast();
        match self {
            Self::Plain => plain.to_vec(),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), fast);
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
            Self::Zlib => {
                let mut encoder = ZlibEncoder::new(Vec::new(), fast);
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
            Self::RawDeflate => {
                let mut encoder = DeflateEncoder::new(Vec::new(), fast);
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
            Self::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 1, 16);
                encoder.write_all(plain).unwrap();
                encoder.into_inner()
            }
            Self::Zstd => zstd::stream::encode_all(plain, 1).unwrap(),
        }
    }
}
