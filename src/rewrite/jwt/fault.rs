//! Why a token or a key was refused: a kind, and nothing of what was read.
//!
//! It never holds or prints a byte of a token or a key, so a fault may go to a log. It never picks an
//! answer: all kinds of refused token look alike from outside.

use std::fmt;

/// Why a token was refused, or not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwtFault {
    /// Longer than [`TOKEN_MAX`](super::TOKEN_MAX), as read or as it would be written.
    TooLong,
    /// Not exactly three parts between two dots.
    NotThreeParts,
    /// A part is not base64url, or is padded, or has bits behind its last byte.
    NotBase64Url,
    /// The header is not a JSON object.
    HeaderNotObject,
    /// The claims are not a JSON object.
    ClaimsNotObject,
    /// A name comes twice in the header or in the claims; receivers disagree on which counts.
    DuplicateName,
    /// The header's `alg` is not exactly the configured algorithm, or is missing.
    WrongAlgorithm,
    /// The header says `crit`: extensions that must be understood, and none is.
    CriticalExtension,
    /// The signature is not that of this header and these claims under this key.
    WrongSignature,
    /// `exp`, `nbf` or `iat` is not a finite number.
    NotADate,
    /// `exp` is missing and [required](super::ExpiryClaim::Required).
    ExpiryMissing,
    /// `exp` has passed.
    Expired,
    /// `nbf` is still to come.
    NotYetValid,
    /// `iat` is still to come.
    IssuedInFuture,
    /// `aud` is not, and does not list, the expected audience.
    WrongAudience,
    /// `iss` is not the expected issuer.
    WrongIssuer,
    /// The key could not sign: the kernel gave no entropy, or memory is corrupt.
    SigningFailed,
}

impl fmt::Display for JwtFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "token too long",
            Self::NotThreeParts => "not three parts",
            Self::NotBase64Url => "not strict base64url",
            Self::HeaderNotObject => "header is not a JSON object",
            Self::ClaimsNotObject => "claims are not a JSON object",
            Self::DuplicateName => "a name comes twice",
            Self::WrongAlgorithm => "not the configured algorithm",
            Self::CriticalExtension => "critical extension",
            Self::WrongSignature => "wrong signature",
            Self::NotADate => "a date is not a number",
            Self::ExpiryMissing => "no expiry",
            Self::Expired => "expired",
            Self::NotYetValid => "not yet valid",
            Self::IssuedInFuture => "issued in the future",
            Self::WrongAudience => "wrong audience",
            Self::WrongIssuer => "wrong issuer",
            Self::SigningFailed => "signing failed",
        })
    }
}

impl std::error::Error for JwtFault {}

/// Why a tenant's keys were refused: a mistake of the operator, met when the configuration is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFault {
    /// The HS256 secret has fewer than [`SECRET_MIN`](super::SECRET_MIN) bytes.
    SecretTooShort,
    /// The HS256 secret is a PEM file: a key of another algorithm, often a public one.
    SecretIsPem,
    /// There is no `PUBLIC KEY` in the PEM of the verify key.
    NoPublicKey,
    /// The verify key is of another algorithm or curve.
    WrongPublicKey,
    /// The RSA verify key is not of 2048 to 8192 bits.
    PublicKeySize,
    /// There is no private key in the PEM of the sign key.
    NoPrivateKey,
    /// The sign key is of another algorithm, curve or size, or inconsistent.
    WrongPrivateKey,
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SecretTooShort => "the secret is too short",
            Self::SecretIsPem => "the secret is a PEM file, not a shared secret",
            Self::NoPublicKey => "there is no PEM public key here",
            Self::WrongPublicKey => "the public key is not one of this algorithm",
            Self::PublicKeySize => "the public key must have 2048 to 8192 bits",
            Self::NoPrivateKey => "there is no PEM private key here",
            Self::WrongPrivateKey => "the private key is not a sound one of this algorithm",
        })
    }
}

impl std::error::Error for KeyFault {}
