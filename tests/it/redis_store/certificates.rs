//! Certificates for servers, made on the spot: an authority of its own each time.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// An authority, and a server's certificate for 127.0.0.1 and no name, with its key, in files.
pub(crate) struct Certificates {
    folder: TempDir,
    /// The authority's certificate, as PEM.
    pub(crate) authority: Vec<u8>,
}

impl Certificates {
    pub(crate) fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        // Names of their own: to OpenSSL, one that is its own issuer's namesake has signed itself.
        authority.distinguished_name.push(DnType::CommonName, "authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = authority.self_signed(&authority_key).unwrap().pem();
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "server");
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let folder = TempDir::new().unwrap();
        let files = [("ca", &pem), ("crt", &certificate.pem()), ("key", &key.serialize_pem())];
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self { folder, authority: pem.into_bytes() }
    }

    /// What has a server, a replica, a cluster's node or a Sentinel speak TLS alone: names and values.
    pub(crate) fn options(&self) -> Vec<(&'static str, String)> {
        let path = |name: &str| self.folder.path().join(name).to_str().unwrap().to_owned();
        vec![
            ("tls-port", "PORT".to_owned()),
            ("tls-ca-cert-file", path("ca")),
            ("tls-cert-file", path("crt")),
            ("tls-key-file", path("key")),
            ("tls-auth-clients", "no".to_owned()),
            ("tls-replication", "yes".to_owned()),
        ]
    }

    /// The same as arguments.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let dashed = |(name, value)| [format!("--{name}"), value];
        self.options().into_iter().flat_map(dashed).collect()
    }
}
