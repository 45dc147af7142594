//! One algorithm and its keys: what verifies a tenant's tokens, and what signs them again.
//!
//! The keys decide the algorithm, never a token. No key is used for another algorithm than its own:
//! an RSA key has no bytes that could serve as an HMAC secret here. It never prints a key.
//!
//! ring does the cryptography. The private half answers requests that strangers time, so it has to
//! be constant-time, which the `rsa` crate is not (RUSTSEC-2023-0071).

use super::der;
use super::fault::{JwtFault, KeyFault};
use ring::hmac as mac;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, RsaKeyPair, UnparsedPublicKey};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer, alg_id};
use std::fmt;

/// The shortest HS256 secret, in bytes. RFC 7518 asks for 32; a vendor's own secret is not ours to
/// choose, and one below 8 is a slip of the pen.
pub const SECRET_MIN: usize = 8;

/// How tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// RSA PKCS#1 v1.5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// As a header's `alg` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

/// The keys of one tenant, read once. `Debug` prints the algorithm.
pub struct JwtKeys(Keys);

enum Keys {
    Hs256(mac::Key),
    Rs256 { verify: Vec<u8>, sign: Box<RsaKeyPair> },
    Es256 { verify: Vec<u8>, sign: Box<EcdsaKeyPair> },
}

impl JwtKeys {
    /// One shared secret verifies and signs.
    ///
    /// # Errors
    /// Where the secret is too short, or is a PEM file.
    pub fn hs256(secret: &[u8]) -> Result<Self, KeyFault> {
        if secret.trim_ascii_start().starts_with(b"-----BEGIN ") {
            return Err(KeyFault::SecretIsPem);
        }
        if secret.len() < SECRET_MIN {
            return Err(KeyFault::SecretTooShort);
        }
        Ok(Self(Keys::Hs256(mac::Key::new(mac::HMAC_SHA256, secret))))
    }

    /// An RSA public key (PEM, `PUBLIC KEY`) verifies; an RSA private key of 2048 to 4096 bits (PEM,
    /// PKCS#8 or PKCS#1) signs. They need not belong together.
    ///
    /// # Errors
    /// [`KeyFault`] tells which of the two, and why.
    pub fn rs256(verify_pem: &str, sign_pem: &str) -> Result<Self, KeyFault> {
        let verify = der::public_key(public(verify_pem)?.as_ref(), &alg_id::RSA_ENCRYPTION)
            .ok_or(KeyFault::WrongPublicKey)?
            .to_vec();
        let size = der::rsa_modulus_len(&verify).ok_or(KeyFault::WrongPublicKey)?;
        if !(256..=1024).contains(&size) {
            return Err(KeyFault::PublicKeySize);
        }
        let sign = match private(sign_pem)? {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            PrivateKeyDer::Sec1(_) | _ => return Err(KeyFault::WrongPrivateKey),
        };
        let sign = Box::new(sign.map_err(|_| KeyFault::WrongPrivateKey)?);
        Ok(Self(Keys::Rs256 { verify, sign }))
    }

    /// A P-256 public key (PEM, `PUBLIC KEY`) verifies; a P-256 private key (PEM, PKCS#8 or SEC 1)
    /// signs. They need not belong together.
    ///
    /// # Errors
    /// [`KeyFault`] tells which of the two, and why.
    pub fn es256(verify_pem: &str, sign_pem: &str) -> Result<Self, KeyFault> {
        let verify = der::public_key(public(verify_pem)?.as_ref(), &alg_id::ECDSA_P256)
            .ok_or(KeyFault::WrongPublicKey)?
            .to_vec();
        let sign = match private(sign_pem)? {
            PrivateKeyDer::Pkcs8(key) => ec_pair(key.secret_pkcs8_der()),
            PrivateKeyDer::Sec1(key) => ec_pair(&der::p256_pkcs8(key.secret_sec1_der())),
            PrivateKeyDer::Pkcs1(_) | _ => None,
        };
        let sign = Box::new(sign.ok_or(KeyFault::WrongPrivateKey)?);
        Ok(Self(Keys::Es256 { verify, sign }))
    }

    /// The one algorithm of these keys.
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Keys::Hs256(_) => Algorithm::Hs256,
            Keys::Rs256 { .. } => Algorithm::Rs256,
            Keys::Es256 { .. } => Algorithm::Es256,
        }
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), JwtFault> {
        let verified = match &self.0 {
            Keys::Hs256(key) => mac::verify(key, message, signature), // constant time
            Keys::Rs256 { verify, .. } => {
                UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, verify)
                    .verify(message, signature)
            }
            Keys::Es256 { verify, .. } => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, verify)
                    .verify(message, signature)
            }
        };
        verified.map_err(|_| JwtFault::WrongSignature)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JwtFault> {
        let chance = SystemRandom::new();
        match &self.0 {
            Keys::Hs256(key) => Ok(mac::sign(key, message).as_ref().to_vec()),
            Keys::Rs256 { sign, .. } => {
                let mut signature = vec![0; sign.public().modulus_len()];
                sign.sign(&signature::RSA_PKCS1_SHA256, &chance, message, &mut signature)
                    .map(|()| signature)
            }
            Keys::Es256 { sign, .. } => {
                sign.sign(&chance, message).map(|signature| signature.as_ref().to_vec())
            }
        }
        .map_err(|_| JwtFault::SigningFailed)
    }
}

impl fmt::Debug for JwtKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwtKeys({})", self.algorithm().name())
    }
}

fn public(pem: &str) -> Result<SubjectPublicKeyInfoDer<'static>, KeyFault> {
    SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).map_err(|_| KeyFault::NoPublicKey)
}

fn private(pem: &str) -> Result<PrivateKeyDer<'static>, KeyFault> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| KeyFault::NoPrivateKey)
}

fn ec_pair(pkcs8: &[u8]) -> Option<EcdsaKeyPair> {
    let algorithm = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &SystemRandom::new()).ok()
}
