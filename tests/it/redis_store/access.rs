//! Who we are to the server, and who it is to us: passwords, users, certificates.

use std::fs;

use cloakroom::domain::Uses;
use cloakroom::store::redis::{
    Finding, Login, RedisSettings, RedisStore, SettingFault, StartFault,
};
use cloakroom::store::{Store, StoreFault};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::servers::Server;
use super::shared::{NOW, TERMS, ask, key, record};

const DENIED: StoreFault = StoreFault::Unreachable("redis refused our user or password");

fn login(username: Option<&str>, password: &str) -> Login {
    let password = Some(Zeroizing::new(password.to_owned()));
    Login { username: username.map(str::to_owned), password }
}

#[tokio::test]
async fn a_wrong_or_missing_password_is_refused_by_name_and_never_shown() {
    let server = Server::start(&["--requirepass", "correct-horse"]).await;
    for wrong in [Login::default(), login(None, "hunter2"), login(Some("nobody"), "correct-horse")]
    {
        let settings = RedisSettings { login: wrong, ..server.settings() };
        let store = RedisStore::new(&settings).unwrap();
        assert_eq!(store.check(&settings).await, Err(StartFault::Denied));
        let put = store.put(vec![record(1, Uses::Once)]).await;
        assert_eq!(put, Err(DENIED), "{settings:?}");
        assert_eq!(store.probe().await, Err(DENIED));
        let shown = format!("{store:?} {settings:?} {put:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("correct-horse"), "{shown}");
    }
    let settings = RedisSettings { login: login(None, "correct-horse"), ..server.settings() };
    let store = RedisStore::new(&settings).unwrap();
    assert!(store.check(&settings).await.is_ok());
    store.put(vec![record(1, Uses::Once)]).await.unwrap();
}

/// The least that a user needs, as the documentation says it.
const RULES: &[&str] = &[
    "on",
    ">s3cret",
    "resetkeys",
    "~cloakroom:*",
    "resetchannels",
    "-@all",
    "+evalsha",
    "+eval",
    "+get",
    "+getrange",
    "+setrange",
    "+set",
    "+del",
    "+zadd",
    "+zcard",
    "+zcount",
    "+zrange",
    "+zrangebyscore",
    "+zrem",
    "+zremrangebyscore",
    "+hget",
    "+hgetall",
    "+hvals",
    "+hincrby",
    "+hdel",
    "+pttl",
    "+pexpire",
    "+wait",
    "+info",
    "+ping",
];

#[tokio::test]
async fn a_user_with_the_documented_rules_can_do_everything_and_one_without_is_refused() {
    let server = Server::start(&[]).await;
    assert_eq!(server.say(&[&["ACL", "SETUSER", "cloak"], RULES].concat()), "OK");
    server.say(&["ACL", "SETUSER", "reader", "on", ">s3cret", "~*", "+get", "+info"]);
    let settings = RedisSettings { login: login(Some("cloak"), "s3cret"), ..server.settings() };
    let store = RedisStore::new(&settings).unwrap();
    store.check(&settings).await.unwrap();
    store.put(vec![record(1, Uses::Once), record(2, Uses::Once)]).await.unwrap();
    store.reserve(&key(1), &ask(1), &TERMS).await.unwrap();
    store.probe().await.unwrap();
    assert!(store.remove(&key(1), NOW).await.unwrap());
    assert_eq!(store.census().await.unwrap().entries, 1);
    let tenant = key(1).tenant;
    let nobody = [cloakroom::domain::Fingerprint::from_bytes([1; 16])];
    assert_eq!(store.remove_subject(&tenant, &nobody, NOW).await.unwrap(), 0);

    let settings = RedisSettings { login: login(Some("reader"), "s3cret"), ..server.settings() };
    let store = RedisStore::new(&settings).unwrap();
    assert_eq!(store.put(vec![record(3, Uses::Once)]).await, Err(DENIED));
    assert_eq!(store.probe().await, Err(DENIED));
    let settings = RedisSettings {
        prefix: "other".into(),
        login: login(Some("cloak"), "s3cret"),
        ..server.settings()
    };
    let store = RedisStore::new(&settings).unwrap();
    assert_eq!(store.put(vec![record(3, Uses::Once)]).await, Err(DENIED), "another prefix's keys");
}

/// An authority, and a server's certificate of it with its key, in files.
fn certificates(folder: &TempDir) -> Vec<u8> {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    for (name, text) in
        [("ca", &authority_pem), ("crt", &certificate.pem()), ("key", &key.serialize_pem())]
    {
        fs::write(folder.path().join(name), text).unwrap();
    }
    authority_pem.into_bytes()
}

#[tokio::test]
async fn a_server_whose_certificate_another_authority_signed_is_refused() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (folder, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let authority = certificates(&folder);
    let other = certificates(&elsewhere);
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (ca, crt, key_file) = (path("ca"), path("crt"), path("key"));
    let server = Server::start(&[
        "--port",
        "0",
        "--tls-port",
        "PORT",
        "--tls-ca-cert-file",
        &ca,
        "--tls-cert-file",
        &crt,
        "--tls-key-file",
        &key_file,
        "--tls-auth-clients",
        "no",
    ])
    .await;
    let url = format!("rediss://127.0.0.1:{}", server.port);
    let with = |ca: &[u8], url: &str| RedisSettings {
        urls: vec![url.to_owned()],
        tls_ca: Some(ca.to_vec()),
        ..server.settings()
    };
    let settings = with(&other, &url);
    let store = RedisStore::new(&settings).unwrap();
    assert!(matches!(store.check(&settings).await, Err(StartFault::Unreachable(_))));
    assert!(store.put(vec![record(1, Uses::Once)]).await.is_err());
    let plain = with(&authority, &server.url());
    assert_eq!(RedisStore::new(&plain).err(), Some(SettingFault::CertificatesWithoutTls));
    let garbage = RedisStore::new(&with(b"-----BEGIN CERTIFICATE-----\nAA\n", &url));
    assert_eq!(garbage.err(), Some(SettingFault::Certificates));

    let settings = with(&authority, &url);
    let store = RedisStore::new(&settings).unwrap();
    assert!(store.check(&settings).await.unwrap().contains(&Finding::NoMemoryBound));
    store.put(vec![record(1, Uses::Once)]).await.unwrap();
    assert!(store.fetch(&key(1), NOW).await.unwrap().is_some());
}
