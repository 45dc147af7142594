//! `[store]` of kind "redis": where the servers are, who we are to them, how long to
//! wait.
//!
//! Connects to nothing. Prints no password, and no URL: somebody may have put one
//! there.

use std::num::NonZeroU8;
use std::time::Duration;

use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use zeroize::Zeroizing;

use crate::config::at::At;
use crate::config::measure::{KIB, MIB, MINUTE, Range, duration, number, size};
use crate::config::notes::Notes;
use crate::config::outside::{Outside, Source};
use crate::config::raw::store::{Sentinel, Store as Raw, TlsClient, Topology as RawTopology};
use crate::config::raw::tenant::Secret;
use crate::config::upstream::certificates;
use crate::store::redis::{Durability, Login, RedisSettings, SettingFault, Topology, check_url};

const URL_HINT: &str = "write \"redis://10.0.0.5:6379\", or \"rediss://…\" for TLS";
const LOGIN_HINT: &str = "write username = \"…\" and password = { env = \"…\" } beside the urls";
const BARE_HINT: &str =
    "write \"rediss://…\" for TLS, or danger_plaintext = true where nobody else is on the way";

/// 250 ms: a server that accepts and never answers costs a refusal in that time.
const TIMEOUT: Range<Duration> =
    Range { default: Duration::from_millis(250), min: Duration::from_millis(10), max: MINUTE };
const CONNECTIONS: Range<u64> = Range { default: 4, min: 1, max: 64 };
const REPLICAS: Range<u64> = Range { default: 0, min: 0, max: 16 };
const NEAR_AGE: Range<Duration> =
    Range { default: Duration::from_secs(5), min: Duration::ZERO, max: Duration::from_secs(300) };
const NEAR_BYTES: Range<usize> = Range { default: 32 * MIB, min: 64 * KIB, max: 16 * 1024 * MIB };

/// The settings of a Redis store.
pub(super) fn settings(
    raw: &At<Raw>,
    entries_max: Option<u64>,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<RedisSettings> {
    let urls = urls(raw, notes);
    let topology = topology(raw, outside, notes);
    let login = login(raw.username.as_ref(), raw.password.as_ref(), outside, notes);
    let tls_ca = raw.tls_ca.as_ref().map(|file| authorities(file, outside, notes));
    let tls_client = raw.tls_client.as_ref().map(|client| own(client, outside, notes));
    let connect_timeout = duration(&raw.connect_timeout, &TIMEOUT, notes);
    let response_timeout = duration(&raw.response_timeout, &TIMEOUT, notes);
    let connections = number(&raw.connections, &CONNECTIONS, notes);
    let replicas = number(&raw.replicas_min, &REPLICAS, notes);
    let near_age_max = duration(&raw.near_age_max, &NEAR_AGE, notes);
    let near_bytes_max = size(&raw.near_bytes_max, &NEAR_BYTES, notes);
    let settings = RedisSettings {
        login: login?,
        tls_ca: transposed(tls_ca)?,
        tls_client: transposed(tls_client)?,
        connect_timeout: connect_timeout?,
        response_timeout: response_timeout?,
        connections: u8::try_from(connections?).ok()?,
        durability: durability(replicas?),
        entries_max: entries_max?,
        near_age_max: near_age_max?,
        near_bytes_max: u64::try_from(near_bytes_max?).ok()?,
        ..RedisSettings::new(topology?, urls?)
    };
    let prefix = raw.prefix.as_ref().map_or(settings.prefix.clone(), |text| text.to_string());
    together(RedisSettings { prefix, ..settings }, raw, notes)
}

/// What only shows when all of it is there.
fn together(
    settings: RedisSettings,
    raw: &At<Raw>,
    notes: &mut Notes<'_>,
) -> Option<RedisSettings> {
    let Err(fault) = settings.check() else { return guarded(settings, raw, notes) };
    let urls = raw.urls.as_ref().map(At::span);
    let certificates = raw.tls_ca.as_ref().map(At::span);
    let certificates = certificates.or(raw.tls_client.as_ref().map(At::span));
    let span = match fault {
        SettingFault::Urls
        | SettingFault::Url(_)
        | SettingFault::LoginInUrl(_)
        | SettingFault::DatabaseInCluster
        | SettingFault::MixedTls => urls,
        SettingFault::CertificatesWithoutTls | SettingFault::Certificates => certificates,
        SettingFault::Bounds("prefix") => raw.prefix.as_ref().map(At::span),
        SettingFault::Bounds(_) => None,
    };
    notes.wrong(&span.unwrap_or_else(|| raw.span()), fault.to_string());
    None
}

/// Whether the password stays between us and the server.
fn guarded(settings: RedisSettings, raw: &At<Raw>, notes: &mut Notes<'_>) -> Option<RedisSettings> {
    let accepted = raw.danger_plaintext.as_ref().is_some_and(|accepted| **accepted);
    let bare = settings.bares_password().filter(|_| !accepted);
    let Some(at) = bare else { return Some(settings) };
    let url = raw.urls.as_ref().and_then(|urls| urls.get(at)).map(At::span);
    let message = "the password would cross the network in the clear";
    notes.fix(&url.unwrap_or_else(|| raw.span()), message, BARE_HINT);
    None
}

fn urls(raw: &At<Raw>, notes: &mut Notes<'_>) -> Option<Vec<String>> {
    let listed = notes.need(&raw.urls, &raw.span(), "urls", URL_HINT)?;
    let mut sound = true;
    for (at, url) in (1..).zip(listed.iter()) {
        let (message, hint) = match check_url(at, url) {
            Ok(()) => continue,
            Err(SettingFault::LoginInUrl(_)) => {
                ("a user or password does not belong here: urls are logged", LOGIN_HINT)
            }
            Err(_) => ("must be redis://HOST:PORT or rediss://HOST:PORT", URL_HINT),
        };
        notes.fix(&url.span(), message, hint);
        sound = false;
    }
    sound.then(|| listed.iter().map(|url| url.to_string()).collect())
}

fn topology(raw: &At<Raw>, outside: &Outside<'_>, notes: &mut Notes<'_>) -> Option<Topology> {
    let told = raw.topology.as_deref().copied().unwrap_or(RawTopology::Standalone);
    if let (Some(sentinel), RawTopology::Standalone | RawTopology::Cluster) = (&raw.sentinel, told)
    {
        let hint = "write topology = \"sentinel\", or leave the table out";
        notes.fix(&sentinel.span(), "this table is of another topology", hint);
    }
    match told {
        RawTopology::Standalone => Some(Topology::Standalone),
        RawTopology::Cluster => Some(Topology::Cluster),
        RawTopology::Sentinel => {
            let hint = "write sentinel = { primary = \"mymaster\" }";
            let table = notes.need(&raw.sentinel, &raw.span(), "sentinel", hint)?;
            let Sentinel { primary, username, password } = &**table;
            let login = login(username.as_ref(), password.as_ref(), outside, notes);
            let hint = "the name after \"sentinel monitor\" in their configuration";
            let primary = notes.need(primary, &table.span(), "primary", hint)?;
            if primary.is_empty() {
                notes.fix(&primary.span(), "must not be empty", hint);
                return None;
            }
            Some(Topology::Sentinel { primary: primary.to_string(), login: login? })
        }
    }
}

fn login(
    username: Option<&At<String>>,
    password: Option<&At<Secret>>,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<Login> {
    if let Some(name) = username
        && name.is_empty()
    {
        notes.fix(&name.span(), "must not be empty", "leave it out for the default user");
    }
    let password = password.map(|raw| {
        let Secret { file, env } = &**raw;
        let text = outside.secret(&Source::of(file, env, &raw.span(), notes)?, notes)?;
        if text.is_empty() {
            notes.wrong(&raw.span(), "there is no password here");
            return None;
        }
        Some(text)
    });
    let username = username.map(|name| name.to_string());
    Some(Login { username, password: transposed::<Zeroizing<String>>(password)? })
}

fn durability(replicas: u64) -> Durability {
    let replicas = u8::try_from(replicas).ok().and_then(NonZeroU8::new);
    replicas.map_or(Durability::Primary, Durability::Replicas)
}

fn authorities(file: &At<String>, outside: &Outside<'_>, notes: &mut Notes<'_>) -> Option<Vec<u8>> {
    certificates(file, outside, notes)?;
    outside.bytes(file, notes)
}

/// The certificate that we show, and its key.
fn own(
    raw: &At<TlsClient>,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<(Vec<u8>, Vec<u8>)> {
    let TlsClient { certificate, key } = &**raw;
    let chain = notes.need(certificate, &raw.span(), "certificate", "a PEM file");
    let chain = chain.and_then(|file| outside.bytes(file, notes));
    let key = notes.need(key, &raw.span(), "key", "a PEM file with the private key");
    let key = key.and_then(|file| {
        let text = outside.secret(&Source::File(file), notes)?;
        if PrivateKeyDer::from_pem_slice(text.as_bytes()).is_err() {
            notes.wrong(&file.span(), "there is no PEM private key here");
            return None;
        }
        Some(text.as_bytes().to_vec())
    });
    Some((chain?, key?))
}

/// Nothing asked for is fine; something asked for and not there is not.
fn transposed<T>(asked: Option<Option<T>>) -> Option<Option<T>> {
    match asked {
        None => Some(None),
        Some(found) => found.map(Some),
    }
}
