//! `[data_plane]`, `[process]` and `[log]`: how the process runs, listens, ends
//! and speaks.
//!
//! Nothing that a call is judged by, but the peers whose word is taken.

use std::net::IpAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::DataPlaneConfig;
use super::at::At;
use super::listen::{Addresses, Speaks, listeners};
use super::measure::{HOUR, Range, SECOND, duration, number};
use super::notes::Notes;
use super::outside::Outside;
use super::raw::planes::{DataPlane, Log, LogFormat as RawFormat, Process};
use crate::telemetry::logs::LogFormat;

/// Idle connections to upstreams: of all threads together, and for each where that is more, as
/// Pingora keeps by itself. So many calls at once open no new ones when they are made again, and
/// what was idle for its upstream's `idle_timeout` goes whatever this is.
const UPSTREAM_IDLE: u64 = 4096;
const UPSTREAM_IDLE_OF_THREAD: u64 = 128;

/// The data plane's process settings, and the peers that it believes.
pub(crate) fn data_plane(
    raw: &At<DataPlane>,
    addresses: &mut Addresses,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<(DataPlaneConfig, Vec<IpNet>)> {
    let DataPlane { listen, threads, upstream_idle_max, trusted_proxies } = &**raw;
    let listeners = listeners(listen, (&raw.span(), Speaks::Http1And2), addresses, outside, notes);
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let range = Range::new(u64::try_from(cores).unwrap_or(1), 1, 1024);
    let threads = number(threads, &range, notes);
    let idle = UPSTREAM_IDLE.max(UPSTREAM_IDLE_OF_THREAD * threads.unwrap_or(1));
    let idle = number(upstream_idle_max, &Range::new(idle, 1, 131_072), notes);
    let trusted: Vec<_> = trusted_proxies.iter().map(|text| network(text, notes)).collect();
    let threads = usize::try_from(threads?).ok()?;
    let upstream_idle_max = usize::try_from(idle?).ok()?;
    let plane = DataPlaneConfig { listeners: listeners?, threads, upstream_idle_max };
    Some((plane, trusted.into_iter().collect::<Option<_>>()?))
}

/// How the process ends, or hands over to another.
pub(crate) struct Ending {
    pub(crate) drain: Duration,
    pub(crate) grace: Duration,
    pub(crate) upgrade_socket: PathBuf,
}

/// The longest path of a Unix socket that Linux takes.
const SOCKET_LEN_MAX: usize = 107;

/// `[process]`.
pub(crate) fn ending(
    raw: Option<&At<Process>>,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<Ending> {
    let absent = Process::default();
    let Process { shutdown_drain, shutdown_grace, upgrade_socket } = raw.map_or(&absent, |raw| raw);
    let range = |default| Range::new(default, Duration::ZERO, HOUR);
    let drain = duration(shutdown_drain, &range(Duration::ZERO), notes);
    let grace = duration(shutdown_grace, &range(10 * SECOND), notes);
    // Beside the file and not in /tmp, where anybody could be waiting for listeners.
    let socket = outside.path(upgrade_socket.as_ref().map_or("upgrade.sock", |path| path));
    if let Some(path) = upgrade_socket
        && (path.is_empty() || socket.as_os_str().len() > SOCKET_LEN_MAX)
    {
        let message = format!("must be a path of 1 to {SOCKET_LEN_MAX} bytes");
        notes.wrong(&path.span(), message);
    }
    Some(Ending { drain: drain?, grace: grace?, upgrade_socket: socket })
}

/// How log lines are written.
pub(crate) fn log_format(raw: Option<&At<Log>>) -> LogFormat {
    let absent = Log::default();
    let Log { format } = raw.map_or(&absent, |raw| raw);
    match format.as_ref().map(|format| **format) {
        Some(RawFormat::Json) => LogFormat::Json,
        Some(RawFormat::Text) => LogFormat::Text,
        None => LogFormat::of_stderr(),
    }
}

/// A network, or one address.
fn network(text: &At<String>, notes: &mut Notes<'_>) -> Option<IpNet> {
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    if network.is_err() {
        let hint = "write \"10.0.0.0/8\" or \"10.0.0.5\"";
        notes.fix(&text.span(), "must be a network or an address", hint);
    }
    network.ok()
}
