//! Who we are to the server, and who it is to us: passwords, users, certificates.

use cloakroom::domain::Uses;
use cloakroom::store::redis::{
    Finding, Login, RedisSettings, RedisStore, SettingFault, StartFault,
};
use cloakroom::store::{Store, StoreFault};
use zeroize::Zeroizing;

use super::certificates::Certificates;
use super::secured::{apply, documented};
use super::servers::{Server, speaks_tls};
use super::shared::{NOW, TERMS, ask, key, record};

const DENIED: StoreFault = StoreFault::Unreachable("redis refused our user or password");
pub(super) const LACKS: StoreFault =
    StoreFault::Unreachable("the redis user lacks a command or key that the store needs");

pub(super) fn login(username: Option<&str>, password: &str) -> Login {
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

#[tokio::test]
async fn a_user_with_the_documented_rules_can_do_everything_and_one_without_is_refused() {
    let server = Server::start(&[]).await;
    apply(&documented("cloak")[0], &server);
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
    assert_eq!(store.put(vec![record(3, Uses::Once)]).await, Err(LACKS));
    assert_eq!(store.probe().await, Err(LACKS));
    let settings = RedisSettings {
        prefix: "other".into(),
        login: login(Some("cloak"), "s3cret"),
        ..server.settings()
    };
    let store = RedisStore::new(&settings).unwrap();
    assert_eq!(store.put(vec![record(3, Uses::Once)]).await, Err(LACKS), "another prefix's keys");
}

#[tokio::test]
async fn a_server_whose_certificate_another_authority_signed_is_refused() {
    if !speaks_tls() {
        return;
    }
    let (own, elsewhere) = (Certificates::new(), Certificates::new());
    let (authority, other) = (own.authority.clone(), elsewhere.authority);
    let server = Server::start_tls(&own, &[]).await;
    let url = server.url();
    let with = |ca: &[u8], url: &str| RedisSettings {
        urls: vec![url.to_owned()],
        tls_ca: Some(ca.to_vec()),
        ..server.settings()
    };
    let settings = with(&other, &url);
    let store = RedisStore::new(&settings).unwrap();
    assert!(matches!(store.check(&settings).await, Err(StartFault::Certificate(_))));
    assert!(store.put(vec![record(1, Uses::Once)]).await.is_err());
    let plain = with(&authority, &url.replace("rediss", "redis"));
    assert_eq!(RedisStore::new(&plain).err(), Some(SettingFault::CertificatesWithoutTls));
    let garbage = RedisStore::new(&with(b"-----BEGIN CERTIFICATE-----\nAA\n", &url));
    assert_eq!(garbage.err(), Some(SettingFault::Certificates));

    let settings = with(&authority, &url);
    let store = RedisStore::new(&settings).unwrap();
    assert!(store.check(&settings).await.unwrap().contains(&Finding::NoMemoryBound));
    store.put(vec![record(1, Uses::Once)]).await.unwrap();
    assert!(store.fetch(&key(1), NOW).await.unwrap().is_some());
}
