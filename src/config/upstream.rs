//! `route.upstream`: the vendor's servers and how they are reached.
//!
//! Plain text leaves this machine only where the operator wrote `danger_off`, and
//! TLS without a name to verify is no TLS. Nothing is resolved or connected here.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use rustls::RootCertStore;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};

use super::at::{At, Span};
use super::measure::{MINUTE, Range, SECOND, duration};
use super::notes::Notes;
use super::outside::Outside;
use super::raw::or_text::OrText;
use super::raw::route::{Upstream as Raw, UpstreamTls};
use crate::proxy::upstream::{Timeouts, Transport, UpstreamSettings, ca};

/// More servers than any vendor names; each is checked every few seconds.
const SERVERS_MAX: usize = 64;

/// Never set by configuration: framing, hops, and what says who is calling.
const OWN_HEADERS: [&str; 12] = [
    "host",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "expect",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

const DANGER_OFF: &str = "danger_off";
const SERVER_HINT: &str = "write \"chat.vendor.example:443\" or \"10.0.0.5:443\"";

/// The upstream of a route; `pool` keeps its connections apart from others'.
pub(crate) fn upstream(
    raw: &At<Raw>,
    pool: String,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<UpstreamSettings> {
    let Raw {
        servers: listed,
        tls,
        host,
        set_headers,
        connect_timeout,
        connect_total_timeout,
        read_timeout,
        write_timeout,
        idle_timeout,
        health_interval,
    } = &**raw;

    let listed = notes.need(listed, &raw.span(), "servers", SERVER_HINT);
    let (servers, reach) = listed.and_then(|listed| servers(listed, notes)).unzip();
    let transport = transport(tls.as_ref(), &raw.span(), reach, outside, notes);
    let host = host.as_ref().map(|text| host_header(text, notes));
    let written =
        [connect_timeout, connect_total_timeout, read_timeout, write_timeout, idle_timeout];
    let timeouts = timeouts(written, &raw.span(), notes);
    let interval = Range::new(10 * SECOND, SECOND, 10 * MINUTE);
    let health_interval = duration(health_interval, &interval, notes);

    let set_headers: Option<Vec<_>> =
        set_headers.iter().map(|(name, value)| header(name, value, notes)).collect();

    let transport = transport?;
    let host = match (host, &transport) {
        (Some(host), _) => Some(host?),
        (None, Transport::Tls { sni, .. }) => HeaderValue::from_str(sni).ok(),
        (None, Transport::Plain) => None,
    };
    let (servers, timeouts, health_interval) = (servers?, timeouts?, health_interval?);
    let set_headers = set_headers?;
    Some(UpstreamSettings {
        servers,
        transport,
        host,
        set_headers,
        timeouts,
        health_interval,
        pool,
    })
}

/// A header that is set on every call. Those that frame a message or name its sender
/// are this proxy's own.
fn header(
    name: &At<String>,
    value: &At<String>,
    notes: &mut Notes<'_>,
) -> Option<(HeaderName, HeaderValue)> {
    let read = HeaderName::try_from(name.as_str()).ok();
    let own = |name: &HeaderName| {
        OWN_HEADERS.contains(&name.as_str()) || name.as_str().starts_with("cloakroom-")
    };
    let Some(read) = read.filter(|name| !own(name)) else {
        notes.wrong(&name.span(), "is no header that may be set here");
        return None;
    };
    let Ok(value) = HeaderValue::from_str(value) else {
        notes.wrong(&value.span(), "is not the value of a header");
        return None;
    };
    Some((read, value))
}

/// Connect, connect in total, read, write and idle, as they stand in the file.
fn timeouts(
    [connect, connect_total, read, write, idle]: [&Option<At<String>>; 5],
    upstream: &Span,
    notes: &mut Notes<'_>,
) -> Option<Timeouts> {
    let preset = Timeouts::default();
    let mut timed = |text, default| {
        duration(text, &Range::new(default, Duration::from_millis(1), 10 * MINUTE), notes)
    };
    let first = timed(connect, preset.connect);
    let total = timed(connect_total, preset.connect_total);
    let read = timed(read, preset.read);
    let write = timed(write, preset.write);
    let idle = timed(idle, preset.idle);
    if first.zip(total).is_some_and(|(first, total)| total < first) {
        let written = connect_total.as_ref().or(connect.as_ref());
        let span = written.map_or_else(|| upstream.clone(), At::span);
        notes.wrong(&span, "connect_total_timeout must not be below connect_timeout");
    }
    let (connect, connect_total) = (first?, total?);
    Some(Timeouts { connect, connect_total, read: read?, write: write?, idle: idle? })
}

/// Whether every server is on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Loopback,
    Beyond,
}

fn servers(raw: &At<Vec<At<String>>>, notes: &mut Notes<'_>) -> Option<(Vec<String>, Reach)> {
    if raw.is_empty() || raw.len() > SERVERS_MAX {
        notes.fix(&raw.span(), format!("there must be 1 to {SERVERS_MAX} servers"), SERVER_HINT);
        return None;
    }
    let (mut seen, mut reach) = (BTreeSet::new(), Reach::Loopback);
    for text in raw.iter() {
        match server(text) {
            None => notes.fix(&text.span(), "must be a host and a port", SERVER_HINT),
            Some(_) if !seen.insert(text.as_str()) => {
                notes.wrong(&text.span(), "this server is listed twice");
            }
            Some(Reach::Beyond) => reach = Reach::Beyond,
            Some(Reach::Loopback) => {}
        }
    }
    let servers: Vec<_> = raw.iter().map(|text| text.to_string()).collect();
    (seen.len() == servers.len()).then_some((servers, reach))
}

fn server(text: &str) -> Option<Reach> {
    let reach = |loopback| if loopback { Reach::Loopback } else { Reach::Beyond };
    if let Ok(address) = text.parse::<SocketAddr>() {
        return (address.port() != 0).then_some(reach(address.ip().is_loopback()));
    }
    let (host, port) = text.rsplit_once(':')?;
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let fits = !host.is_empty() && host.bytes().all(named) && !port.starts_with(['0', '+']);
    port.parse::<u16>().ok().filter(|_| fits)?;
    Some(reach(host.eq_ignore_ascii_case("localhost")))
}

fn transport(
    raw: Option<&At<OrText<UpstreamTls>>>,
    upstream: &Span,
    reach: Option<Reach>,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<Transport> {
    let hint = "write tls = { sni = \"…\" }, or tls = \"danger_off\" to send it in the clear";
    let Some(raw) = raw else {
        if reach == Some(Reach::Beyond) {
            notes.missing(upstream, "tls", hint);
            return None;
        }
        return Some(Transport::Plain);
    };
    match &**raw {
        OrText::Text(text) if text == DANGER_OFF => Some(Transport::Plain),
        OrText::Text(_) => {
            notes.fix(&raw.span(), "must be a table, or \"danger_off\"", hint);
            None
        }
        OrText::Table(tls) => verified(tls, &raw.span(), outside, notes),
    }
}

fn verified(
    raw: &UpstreamTls,
    span: &Span,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<Transport> {
    let UpstreamTls { sni, ca: authorities } = raw;
    let hint = "the name in the server's certificate; without one nothing would be verified";
    let sni = notes.need(sni, span, "sni", hint);
    let sni = sni.and_then(|sni| {
        if ServerName::try_from(sni.as_str()).is_ok() {
            return Some(sni.to_string());
        }
        notes.fix(&sni.span(), "must be a host name", hint);
        None
    });
    let ca = match authorities {
        Some(file) => {
            let ca = ca(certificates(file, outside, notes)?);
            if ca.is_none() {
                notes.wrong(&file.span(), "a certificate in this file cannot be read");
            }
            Some(ca?)
        }
        None => None,
    };
    Some(Transport::Tls { sni: sni?, ca })
}

/// The certificates of a PEM file, each one that can be trusted.
pub(crate) fn certificates(
    file: &At<String>,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<Vec<Vec<u8>>> {
    let pem = outside.bytes(file, notes)?;
    let mut store = RootCertStore::empty();
    let mut all = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        match certificate {
            Ok(der) if store.add(der.clone()).is_ok() => all.push(der.to_vec()),
            Ok(_) | Err(_) => {
                notes.wrong(&file.span(), "a certificate in this file cannot be read");
                return None;
            }
        }
    }
    if all.is_empty() {
        notes.wrong(&file.span(), "there is no PEM certificate in this file");
        return None;
    }
    Some(all)
}

fn host_header(text: &At<String>, notes: &mut Notes<'_>) -> Option<HeaderValue> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    let value = HeaderValue::from_str(text).ok();
    match value.filter(|_| !text.is_empty() && text.bytes().all(fits)) {
        Some(value) => Some(value),
        None => {
            notes.fix(
                &text.span(),
                "must be a host, with a port or without",
                "no https://, no path",
            );
            None
        }
    }
}
