//! Ports for programs that must be told theirs and cannot take 0.
//!
//! Below the range that the system gives ports from, so that nobody's connection takes one between our looking and
//! the program's binding; and claimed by a locked file until this process ends, so that no other test does.

use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, PoisonError};

const FIRST: u16 = 12_000;
const COUNT: u16 = 10_000;

/// What this process has claimed. Never given back: a port that was used may have connections that linger.
static CLAIMS: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// The first of `count` neighbouring ports that nobody has; with `above` not 0, nobody has those so far above either.
pub(crate) fn claim(count: u16, above: u16) -> u16 {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let seed = u16::try_from(std::process::id().wrapping_mul(61) % u32::from(COUNT)).unwrap();
    for _ in 0..COUNT {
        let step = TRIED.fetch_add(count, Ordering::Relaxed);
        let first = FIRST + seed.wrapping_add(step) % (COUNT - count);
        let ports = first..first + count;
        let claims: Option<Vec<File>> = ports.clone().map(claimed).collect();
        let Some(claims) = claims else { continue };
        if ports.clone().all(is_free)
            && (above == 0 || ports.clone().all(|port| is_free(port + above)))
        {
            CLAIMS.lock().unwrap_or_else(PoisonError::into_inner).extend(claims);
            return first;
        }
    }
    panic!("no {count} neighbouring ports are free");
}

/// The claim on a port, unless somebody has it.
fn claimed(port: u16) -> Option<File> {
    let folder = std::env::temp_dir().join("cloakroom-test-ports");
    std::fs::create_dir_all(&folder).unwrap();
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).open(folder.join(port.to_string()));
    let file = file.unwrap();
    file.try_lock().is_ok().then_some(file)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

#[test]
fn no_port_is_given_twice_nor_one_that_the_system_gives_to_whoever_asks() {
    let mut given: Vec<u16> = Vec::new();
    for _ in 0..50 {
        let first = claim(4, 0);
        given.extend(first..first + 4);
    }
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
    let lowest: u16 = range.split_whitespace().next().unwrap().parse().unwrap();
    for port in &given {
        assert!(claimed(*port).is_none(), "another process could claim {port}");
        assert!(*port < lowest, "{port} is of the system's range {range}");
    }
    given.sort_unstable();
    given.dedup();
    assert_eq!(given.len(), 200);
}

#[test]
fn a_port_that_somebody_listens_on_is_not_given() {
    let taken = claim(1, 0);
    let _listener = TcpListener::bind(("127.0.0.1", taken)).unwrap();
    CLAIMS.lock().unwrap().clear();
    for _ in 0..100 {
        assert_ne!(claim(1, 0), taken);
    }
    assert!(!is_free(taken));
}
