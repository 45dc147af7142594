//! The little DER that keys need: public ones out of their wrapper, private ones into theirs.
//!
//! It never reads a private key's parts, never guesses a key's algorithm, and knows three tags. It
//! reads configuration only, never a byte from the wire.

use rustls_pki_types::{AlgorithmIdentifier, alg_id};
use zeroize::Zeroizing;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// The key inside a `SubjectPublicKeyInfo`, if it is of exactly this algorithm (and curve).
pub(super) fn public_key<'d>(spki: &'d [u8], of: &AlgorithmIdentifier) -> Option<&'d [u8]> {
    let (algorithm, rest) = element(SEQUENCE, only(SEQUENCE, spki)?)?;
    if algorithm != of.as_ref() {
        return None;
    }
    only(BIT_STRING, rest)?.strip_prefix(&[0]) // no unused bits
}

/// The size of an `RSAPublicKey`'s modulus, in bytes.
pub(super) fn rsa_modulus_len(key: &[u8]) -> Option<usize> {
    let (modulus, _) = element(INTEGER, only(SEQUENCE, key)?)?;
    let sign = modulus.iter().take_while(|byte| **byte == 0).count();
    Some(modulus.len() - sign)
}

/// A SEC 1 `ECPrivateKey` on P-256 in the PKCS#8 wrapper that ring reads.
pub(super) fn p256_pkcs8(sec1: &[u8]) -> Zeroizing<Vec<u8>> {
    let version = wrap(INTEGER, &[&[0]]);
    let algorithm = wrap(SEQUENCE, &[alg_id::ECDSA_P256.as_ref()]);
    let key = wrap(OCTET_STRING, &[sec1]);
    wrap(SEQUENCE, &[&version, &algorithm, &key])
}

/// The contents of the only element there is.
fn only(tag: u8, der: &[u8]) -> Option<&[u8]> {
    element(tag, der).filter(|(_, rest)| rest.is_empty()).map(|(contents, _)| contents)
}

/// The contents of the first element, which must have this tag, and what stands behind it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = der.strip_prefix(&[tag])?;
    let (first, rest) = rest.split_first()?;
    match first {
        0..=0x7f => rest.split_at_checked(usize::from(*first)),
        0x81 | 0x82 => {
            let (size, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let size = size.iter().fold(0, |size, byte| size << 8 | usize::from(*byte));
            rest.split_at_checked(size)
        }
        0x80 | 0x83.. => None, // of unknown length, or past 64 KiB: no key
    }
}

/// One element around these parts. Parts of more than 64 KiB get a wrong length, which no reader takes.
fn wrap(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let size: usize = parts.iter().map(|part| part.len()).sum();
    let [.., high, low] = size.to_be_bytes();
    let mut whole = Zeroizing::new(Vec::with_capacity(size + 4));
    whole.push(tag);
    match (high, low) {
        (0, 0..=0x7f) => whole.push(low),
        (0, 0x80..) => whole.extend([0x81, low]),
        (1.., _) => whole.extend([0x82, high, low]),
    }
    parts.iter().for_each(|part| whole.extend_from_slice(part));
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_off_or_trailed_is_no_element() {
        for der in [&[][..], &[0x30], &[0x30, 1], &[0x30, 0x81], &[0x30, 0x82, 1], &[0x30, 0x80]] {
            assert_eq!(element(SEQUENCE, der), None, "{der:?}");
        }
        assert_eq!(element(SEQUENCE, &[0x31, 0]), None);
        assert_eq!(only(SEQUENCE, &[0x30, 0, 0]), None);
    }

    #[test]
    fn what_is_wrapped_is_read_again() {
        for size in [0, 1, 127, 128, 255, 256, 65_535] {
            let contents = vec![7; size];
            let whole = wrap(OCTET_STRING, &[&contents]);
            assert_eq!(only(OCTET_STRING, &whole), Some(contents.as_slice()), "{size}");
        }
    }
}
