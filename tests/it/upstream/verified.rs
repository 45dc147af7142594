//! TLS towards the vendor: verified against a name, or nothing is said.

use std::path::Path;

use super::{call, one, says_upstream};
use crate::support::Vendor;
use crate::support::house::{mistakes, preamble, start_text};
use crate::support::tls::Authority;

const SNI: &str = "chat.vendor.test";
/// A server that does not shake hands must not hold the test up.
const SOON: &str = ", connect_timeout = \"500ms\", connect_total_timeout = \"1s\"";

fn tls(sni: &str) -> String {
    format!(", tls = {{ sni = \"{sni}\", ca = \"ca.pem\" }}{SOON}")
}

#[test]
fn tls_without_a_name_to_verify_is_refused_at_load() {
    let folder = tempfile::tempdir().unwrap();
    Authority::new().write(folder.path(), "ca.pem");
    let server = "127.0.0.1:443".parse().unwrap();
    for settings in ["{}", "{ ca = \"ca.pem\" }", "{ sni = \"\" }", "{ sni = \"a b\" }"] {
        let text = preamble() + &one("genesys", server, &format!(", tls = {settings}"));
        let said = mistakes(&text, folder.path());
        assert!(said.contains("sni"), "{settings}: {said}");
    }
}

#[test]
fn an_authority_that_cannot_be_read_is_refused_at_load() {
    let folder = tempfile::tempdir().unwrap();
    let server = "127.0.0.1:443".parse().unwrap();
    let text = preamble() + &one("genesys", server, &tls(SNI));
    assert!(mistakes(&text, folder.path()).contains("ca.pem"));
    std::fs::write(folder.path().join("ca.pem"), "no certificate").unwrap();
    assert!(mistakes(&text, folder.path()).contains("no PEM certificate"));
    assert!(mistakes(&text, Path::new("/nowhere")).contains("ca.pem"));
}

#[tokio::test]
async fn a_certificate_of_another_name_gets_nothing() {
    for name in ["other.vendor.test", "vendor.test", "127.0.0.1"] {
        let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
        authority.write(folder.path(), "ca.pem");
        let vendor = Vendor::over_tls(authority.acceptor(name)).await;
        let text = preamble() + &one("genesys", vendor.address, &tls(SNI));
        let running = start_text(&text, folder.path()).await;
        let call = call(&running, "genesys").await;
        says_upstream(&running.send(&call).await, "genesys", 502);
        vendor.saw_nothing();
    }
}

#[tokio::test]
async fn a_certificate_of_another_authority_gets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    Authority::new().write(folder.path(), "ca.pem");
    let vendor = Vendor::over_tls(Authority::new().acceptor(SNI)).await;
    let system = format!(", tls = {{ sni = \"{SNI}\" }}{SOON}");
    for settings in [tls(SNI), system] {
        let text = preamble() + &one("genesys", vendor.address, &settings);
        let running = start_text(&text, folder.path()).await;
        let call = call(&running, "genesys").await;
        says_upstream(&running.send(&call).await, "genesys", 502);
    }
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_gets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    Authority::new().write(folder.path(), "ca.pem");
    let vendor = Vendor::start().await;
    let text = preamble() + &one("genesys", vendor.address, &tls(SNI));
    let running = start_text(&text, folder.path()).await;
    let call = call(&running, "genesys").await;
    says_upstream(&running.send(&call).await, "genesys", 502);
    vendor.saw_nothing();
}

#[tokio::test]
async fn a_verified_vendor_gets_the_payload_and_is_called_by_its_own_name() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    authority.write(folder.path(), "ca.pem");
    let vendor = Vendor::over_tls(authority.acceptor(SNI)).await;
    let text = preamble() + &one("genesys", vendor.address, &tls(SNI));
    let running = start_text(&text, folder.path()).await;
    let call = call(&running, "genesys").await;
    for _ in 0..2 {
        assert_eq!(running.send(&call).await.status, 200);
    }
    let seen = vendor.seen();
    assert_eq!(seen[0].text(), r#"{"userData":{"email":"ann@example.com"}}"#);
    assert_eq!(seen[0].header("host").as_deref(), Some(SNI));
    assert_eq!(seen[0].header("x-forwarded-host").as_deref(), Some("chat.test"));
    assert_eq!(seen[1].connection, 0, "a verified connection is kept");
}

#[tokio::test]
async fn the_host_that_the_operator_names_is_the_one_that_is_sent() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    authority.write(folder.path(), "ca.pem");
    let vendor = Vendor::over_tls(authority.acceptor(SNI)).await;
    let settings = tls(SNI) + ", host = \"acme.vendor.test:8443\"";
    let text = preamble() + &one("genesys", vendor.address, &settings);
    let running = start_text(&text, folder.path()).await;
    let call = call(&running, "genesys").await;
    assert_eq!(running.send(&call).await.status, 200);
    assert_eq!(vendor.only().header("host").as_deref(), Some("acme.vendor.test:8443"));
}
