//! Addresses to listen on, with TLS or without.
//!
//! Certificates and keys are read here once, to see that they are there and are
//! what they should be; whoever listens reads them again. Opens no socket.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::at::{At, Span};
use super::notes::Notes;
use super::outside::Outside;
use super::raw::or_text::OrText;
use super::raw::planes::{Listen, ListenTls, Switch as RawSwitch};

/// One address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Where.
    pub address: SocketAddr,
    /// TLS, or plain text.
    pub tls: Option<ListenerTls>,
    /// HTTP/2 without TLS, known by its preface.
    pub h2c: Switch,
}

/// TLS on a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerTls {
    /// PEM file with the certificate and its chain.
    pub certificate: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
    /// HTTP/2 by ALPN.
    pub http2: Switch,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// On.
    Enabled,
    /// Off.
    Disabled,
}

/// Addresses of a plane, each once among all planes.
#[derive(Default)]
pub(crate) struct Addresses(HashSet<SocketAddr>);

/// Whose listener it is, and so what it can speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// The data plane.
    Http1And2,
    /// The control plane.
    Http1,
}

const HINT: &str = "write \"127.0.0.1:8080\", or \"[::1]:8080\"";

/// The listeners of one plane.
pub(crate) fn listeners(
    listen: &Option<At<Vec<At<OrText<Listen>>>>>,
    (plane, speaks): (&Span, Speaks),
    taken: &mut Addresses,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<Vec<Listener>> {
    let listen = notes.need(listen, plane, "listen", "give it a list of addresses")?;
    if listen.is_empty() {
        notes.fix(&listen.span(), "there must be at least one address", HINT);
    }
    let all: Vec<_> =
        listen.iter().map(|one| listener(one, speaks, taken, outside, notes)).collect();
    all.into_iter().collect()
}

fn listener(
    raw: &At<OrText<Listen>>,
    speaks: Speaks,
    taken: &mut Addresses,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<Listener> {
    let Listen { address, tls, h2c } = match &**raw {
        OrText::Text(text) => {
            let address = address(text, &raw.span(), taken, notes)?;
            return Some(Listener { address, tls: None, h2c: Switch::Disabled });
        }
        OrText::Table(table) => table,
    };
    let written = notes.need(address, &raw.span(), "address", HINT);
    let address = written.and_then(|text| self::address(text, &text.span(), taken, notes));
    let tls = tls.as_ref().map(|tls| listener_tls(tls, speaks, outside, notes));
    let plain = tls.is_none();
    if let Some(h2c) = h2c.as_ref().filter(|h2c| matches!(***h2c, RawSwitch::Enabled) && !plain) {
        notes.fix(&h2c.span(), "h2c is HTTP/2 without TLS, and here is TLS", "use tls.http2");
    }
    if let Some(h2c) = h2c {
        only_http1(h2c, speaks, notes);
    }
    let h2c = h2c.as_ref().map_or(Switch::Disabled, |h2c| switch(**h2c));
    match tls {
        Some(tls) => Some(Listener { address: address?, tls: Some(tls?), h2c }),
        None => Some(Listener { address: address?, tls: None, h2c }),
    }
}

fn address(
    text: &str,
    span: &Span,
    taken: &mut Addresses,
    notes: &mut Notes<'_>,
) -> Option<SocketAddr> {
    let Ok(address) = text.parse::<SocketAddr>() else {
        notes.fix(span, "must be an IP address and a port", HINT);
        return None;
    };
    // Pingora would give two listeners on port 0 one socket: both planes on one.
    if address.port() == 0 {
        notes.fix(span, "the port must be from 1 to 65535", HINT);
        return None;
    }
    if !taken.0.insert(address) {
        notes.wrong(span, "this address is listened on twice");
    }
    Some(address)
}

fn listener_tls(
    raw: &At<ListenTls>,
    speaks: Speaks,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<ListenerTls> {
    let ListenTls { certificate, key, http2 } = &**raw;
    let certificate = notes.need(certificate, &raw.span(), "certificate", "give it a PEM file");
    let chain = certificate.and_then(|file| chain(file, outside, notes));
    let key = notes.need(key, &raw.span(), "key", "give it a PEM file");
    let secret = key.and_then(|file| {
        let pem = outside.bytes(file, notes)?;
        let read = PrivateKeyDer::from_pem_slice(&pem).ok();
        if read.is_none() {
            notes.wrong(&file.span(), "there is no PEM private key in this file");
        }
        read
    });
    if let (Some(chain), Some(secret)) = (chain, secret)
        && !belong_together(chain, secret)
    {
        notes.wrong(&raw.span(), "the certificate and the key do not belong together");
    }
    if let Some(http2) = http2 {
        only_http1(http2, speaks, notes);
    }
    let http2 = match (http2, speaks) {
        (Some(http2), _) => switch(**http2),
        (None, Speaks::Http1And2) => Switch::Enabled,
        (None, Speaks::Http1) => Switch::Disabled,
    };
    Some(ListenerTls { certificate: outside.path(certificate?), key: outside.path(key?), http2 })
}

fn chain(
    file: &At<String>,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<Vec<CertificateDer<'static>>> {
    let pem = outside.bytes(file, notes)?;
    let chain = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    if chain.is_none() {
        notes.wrong(&file.span(), "there is no PEM certificate in this file");
    }
    chain
}

/// What the listener would otherwise find out when it starts.
fn belong_together(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> bool {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider);
    let Ok(builder) = builder.with_safe_default_protocol_versions() else { return false };
    builder.with_no_client_auth().with_single_cert(chain, key).is_ok()
}

fn only_http1(raw: &At<RawSwitch>, speaks: Speaks, notes: &mut Notes<'_>) {
    if speaks == Speaks::Http1 && matches!(**raw, RawSwitch::Enabled) {
        notes.fix(&raw.span(), "the control plane speaks HTTP/1.1 only", "leave it out");
    }
}

fn switch(raw: RawSwitch) -> Switch {
    match raw {
        RawSwitch::Enabled => Switch::Enabled,
        RawSwitch::Disabled => Switch::Disabled,
    }
}
