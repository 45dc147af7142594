//! Addresses to listen on, with TLS or without.
//!
//! Certificates and keys are read here once, to see that they are there and are
//! what they should be; whoever listens reads them again. Opens no socket.

use std::collections::HashMap;
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
pub(crate) struct Addresses(HashMap<SocketAddr, ()>);

const HINT: &str = "write \"127.0.0.1:8080\", or \"[::1]:8080\"";

/// The listeners of one plane.
pub(crate) fn listeners(
    listen: &Option<At<Vec<At<OrText<Listen>>>>>,
    plane: &Span,
    taken: &mut Addresses,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<Vec<Listener>> {
    let listen = notes.need(listen, plane, "listen", "give it a list of addresses")?;
    if listen.is_empty() {
        notes.fix(&listen.span(), "there must be at least one address", HINT);
    }
    let all: Vec<_> = listen.iter().map(|one| listener(one, taken, outside, notes)).collect();
    all.into_iter().collect()
}

fn listener(
    raw: &At<OrText<Listen>>,
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
    let address = written.and_then(|text| address_of(text, taken, notes));
    let tls = tls.as_ref().map(|tls| listener_tls(tls, outside, notes));
    let plain = tls.is_none();
    if let Some(h2c) = h2c.as_ref().filter(|h2c| matches!(***h2c, RawSwitch::Enabled) && !plain) {
        notes.fix(&h2c.span(), "h2c is HTTP/2 without TLS, and here is TLS", "use tls.http2");
    }
    let h2c = h2c.as_ref().map_or(Switch::Disabled, |h2c| switch(**h2c));
    match tls {
        Some(tls) => Some(Listener { address: address?, tls: Some(tls?), h2c }),
        None => Some(Listener { address: address?, tls: None, h2c }),
    }
}

fn address_of(
    text: &At<String>,
    taken: &mut Addresses,
    notes: &mut Notes<'_>,
) -> Option<SocketAddr> {
    address(text, &text.span(), taken, notes)
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
    // Port 0 is whichever is free, so two of them are not the same.
    if address.port() != 0 && taken.0.insert(address, ()).is_some() {
        notes.wrong(span, "this address is listened on twice");
    }
    Some(address)
}

fn listener_tls(
    raw: &At<ListenTls>,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<ListenerTls> {
    let ListenTls { certificate, key, http2 } = &**raw;
    let certificate = notes.need(certificate, &raw.span(), "certificate", "give it a PEM file");
    if let Some(file) = certificate
        && let Some(pem) = outside.bytes(file, notes)
        && CertificateDer::from_pem_slice(&pem).is_err()
    {
        notes.wrong(&file.span(), "there is no PEM certificate in this file");
    }
    let key = notes.need(key, &raw.span(), "key", "give it a PEM file");
    if let Some(file) = key
        && let Some(pem) = outside.bytes(file, notes)
        && PrivateKeyDer::from_pem_slice(&pem).is_err()
    {
        notes.wrong(&file.span(), "there is no PEM private key in this file");
    }
    Some(ListenerTls {
        certificate: outside.path(certificate?),
        key: outside.path(key?),
        http2: http2.as_ref().map_or(Switch::Enabled, |http2| switch(**http2)),
    })
}

fn switch(raw: RawSwitch) -> Switch {
    match raw {
        RawSwitch::Enabled => Switch::Enabled,
        RawSwitch::Disabled => Switch::Disabled,
    }
}
