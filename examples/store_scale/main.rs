//! What a store costs at 1 k, 100 k and 1 M entries of 500 B: bytes an entry, the time of put, reserve and fetch,
//! and what a sweep does to a redeem.
//!
//! `cargo run --release --example store_scale -- disk FOLDER` or `-- memory _`, and sizes after that if others are wanted. Each size starts with an empty store.
//! Never measures the vault: nothing is sealed, the bytes are noise of the length that sealing gives.

mod memory;

use std::error::Error;
use std::io::{Write as _, stdout};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cloakroom::domain::lease::{Ask, LeaseId, Ledger, Terms};
use cloakroom::domain::seal::Sealed;
use cloakroom::domain::{Expiry, Fingerprint, HandleId, KeyId, TenantId, Timestamp, Uses};
use cloakroom::store::disk::{DiskOptions, DiskStore};
use cloakroom::store::{Record, RecordKey, SWEEP_MAX, Store};

/// As the program allocates: what an entry takes depends on it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const NOW: Timestamp = Timestamp::from_secs(1_000_000);
/// Every second entry ends here, half a minute after it was put; the others outlive the program.
const SOON: u32 = 1_000_030;
/// Between the steps of a sweep, as long as there is something to sweep.
const STEP: Duration = Duration::from_millis(50);
/// 500 B and what sealing adds.
const SEALED_LEN: usize = 530;
const ROOM: u64 = 100_000;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let (engine, folder) = (arguments.next(), arguments.next().map(PathBuf::from));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let sizes: Vec<u64> = arguments.map(|size| size.parse()).collect::<Result<_, _>>()?;
    for entries in if sizes.is_empty() { vec![1_000, 100_000, 1_000_000] } else { sizes } {
        match (engine.as_deref(), &folder) {
            (Some("memory"), _) => runtime.block_on(memory::in_memory(entries))?,
            (Some("disk"), Some(folder)) => runtime.block_on(on_disk(entries, folder))?,
            (Some(_) | None, _) => {
                return Err("usage: store_scale (memory _ | disk FOLDER) [ENTRIES…]".into());
            }
        }
    }
    Ok(())
}

/// 64 callers at once; reserves are of entries all over the store.
async fn crowded(store: &Arc<dyn Store>, entries: u64) -> Outcome<()> {
    let rate = many(store, 64, 20_000, Move::Put(1 << 42)).await?;
    say(&format!("  64 writers: {:.0} puts/s; {}", rate.0, rate.1))?;
    let rate = many(store, 64, 20_000, Move::Reserve(entries)).await?;
    say(&format!("  64 redeemers: {:.0} reserves/s; {}", rate.0, rate.1))
}

async fn on_disk(entries: u64, folder: &Path) -> Outcome<()> {
    let path = folder.join(format!("scale-{entries}"));
    let options = DiskOptions { entries_max: entries + ROOM, bytes_max: 16 << 30 };
    let begun = Instant::now();
    let store = DiskStore::open(&path, options)?;
    fill(&store, entries).await?;
    drop(store);
    let took = begun.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(&path)?.blocks() * 512;
    say(&format!(
        "disk, {entries} entries: {} B an entry; filled in {took:.1} s, 256 a batch",
        bytes / entries
    ))?;
    let begun = Instant::now();
    let store = Arc::new(DiskStore::open(&path, options)?);
    say(&format!("  open {:.1} ms", begun.elapsed().as_secs_f64() * 1e3))?;
    let shared: Arc<dyn Store> = Arc::clone(&store) as Arc<dyn Store>;
    moves(&shared, entries).await?;
    let before = store.pace();
    crowded(&shared, entries).await?;
    let after = store.pace();
    let group = (after.writes - before.writes) as f64 / (after.groups - before.groups) as f64;
    say(&format!("  {group:.1} of these to an fsync"))?;
    sweep(&store, &shared, entries).await?;
    drop(shared);
    drop(store);
    for end in ["", "-wal", "-shm"] {
        let mut name = path.clone().into_os_string();
        name.push(end);
        // The log is gone once the store is closed.
        let _ = std::fs::remove_file(name);
    }
    Ok(())
}

/// One caller at a time: the time of each move.
async fn moves(store: &Arc<dyn Store>, entries: u64) -> Outcome<()> {
    for (name, count, what) in [
        ("put", 3_000, Move::Put(1 << 41)),
        ("reserve", 3_000, Move::Reserve(entries)),
        ("fetch", 20_000, Move::Fetch(entries)),
    ] {
        let (_, times) = many(store, 1, count, what).await?;
        say(&format!("  {name}: {times}"))?;
    }
    Ok(())
}

/// A redeem's time while nothing else happens, and while expired entries are swept beside it.
async fn sweep(store: &Arc<DiskStore>, shared: &Arc<dyn Store>, entries: u64) -> Outcome<()> {
    let quiet = many(shared, 8, 8_000, Move::Reserve(entries)).await?;
    say(&format!("  8 redeemers, quiet: {:.0}/s; {}", quiet.0, quiet.1))?;
    let (swept, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let sweeper = {
        let (store, swept, stop) = (Arc::clone(store), Arc::clone(&swept), Arc::clone(&stop));
        tokio::spawn(async move {
            let now = Timestamp::from_secs(SOON.into());
            let mut pace = tokio::time::interval(STEP);
            while !stop.load(Ordering::Relaxed) {
                pace.tick().await;
                let gone = store.sweep(now).await?;
                swept.fetch_add(gone.into(), Ordering::Relaxed);
                if gone < SWEEP_MAX {
                    break;
                }
            }
            Ok::<_, cloakroom::store::StoreFault>(())
        })
    };
    let begun = Instant::now();
    let mut rounds = Times::default();
    while !sweeper.is_finished() && rounds.0.len() < 16_000 {
        rounds.0.extend(many(shared, 8, 400, Move::Reserve(entries)).await?.1.0);
    }
    stop.store(true, Ordering::Relaxed);
    sweeper.await??;
    let rate = swept.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    say(&format!("  8 redeemers, {rate:.0} swept/s beside them: {rounds}"))
}

/// What is timed, with the first number of new entries or the count of old ones.
#[derive(Clone, Copy)]
enum Move {
    Put(u64),
    Reserve(u64),
    Fetch(u64),
}

/// `count` moves by `callers` who each wait for their own: moves a second, and how long each took.
async fn many(
    store: &Arc<dyn Store>,
    callers: u64,
    count: u64,
    what: Move,
) -> Outcome<(f64, Times)> {
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for caller in 0..callers {
        let store = Arc::clone(store);
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::new();
            for n in (caller..count).step_by(usize::try_from(callers).unwrap_or(1)) {
                let begun = Instant::now();
                once(&*store, what, n).await?;
                times.push(begun.elapsed());
            }
            Ok::<_, Box<dyn Error + Send + Sync>>(times)
        }));
    }
    let mut times = Times::default();
    for task in tasks {
        times.0.extend(task.await??);
    }
    Ok((count as f64 / begun.elapsed().as_secs_f64(), times))
}

async fn once(store: &dyn Store, what: Move, n: u64) -> Outcome<()> {
    // Odd ones outlive the sweep. A step that shares no factor with the sizes visits all of them.
    let old = |entries: u64| key((n * 7_919 * 2 + 1) % entries);
    match what {
        Move::Put(first) => store.put(vec![record(first + n * 2 + 1)]).await?,
        Move::Reserve(entries) => {
            let ask = Ask {
                now: NOW,
                lease: LeaseId::from_random([1; 16]),
                request: Fingerprint::from_bytes([1; 16]),
                binding: None,
            };
            store.reserve(&old(entries)?, &ask, &Terms::default()).await?;
        }
        Move::Fetch(entries) => {
            store.fetch(&old(entries)?, NOW).await?.ok_or("an entry is missing")?;
        }
    }
    Ok(())
}

async fn fill(store: &dyn Store, entries: u64) -> Outcome<()> {
    let mut n = 0;
    while n < entries {
        let next = (n + 256).min(entries);
        store.put((n..next).map(record).collect()).await?;
        n = next;
    }
    Ok(())
}

fn key(n: u64) -> Outcome<RecordKey> {
    Ok(RecordKey { tenant: TenantId::parse("acme-retail")?, id: HandleId::from_random(noise(n)) })
}

fn record(n: u64) -> Record {
    let mut sealed: Vec<u8> =
        (0..).flat_map(|part| noise(n ^ part << 48)).take(SEALED_LEN).collect();
    sealed.splice(..2, [1, 1]);
    Record {
        key: key(n).unwrap_or_else(|_| unreachable!("the tenant's name is sound")),
        sealed: Sealed::from_bytes(&sealed)
            .unwrap_or_else(|_| unreachable!("the bytes have the shape of a seal")),
        key_id: KeyId::new(1).unwrap_or_else(|| unreachable!("one is not zero")),
        uses: Uses::UntilExpiry,
        issued: NOW,
        expires: Expiry::from_secs(if n.is_multiple_of(2) { SOON } else { 2_000_000 }),
        subject: Some(Fingerprint::from_bytes(noise(n / 2))),
        parent: None,
        ledger: Ledger::new(),
    }
}

/// Bytes that look random and are the same in each run (SplitMix64's mixing).
fn noise(n: u64) -> [u8; 16] {
    let half = |n: u64| {
        let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        u128::from(n ^ n >> 31)
    };
    (half(n) << 64 | half(!n)).to_be_bytes()
}

fn resident() -> Outcome<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = pages.split(' ').nth(1).ok_or("statm is short")?.parse()?;
    Ok(pages * 4096)
}

#[derive(Default)]
struct Times(Vec<Duration>);

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = |permille: usize| {
            let place = sorted.len().saturating_mul(permille) / 1000;
            sorted.get(place.min(sorted.len().saturating_sub(1))).map_or(0.0, Duration::as_secs_f64)
                * 1e6
        };
        write!(f, "p50 {:.0} µs, p99 {:.0} µs, worst {:.0} µs", at(500), at(990), at(1000))
    }
}

fn say(line: &str) -> Outcome<()> {
    Ok(writeln!(stdout(), "{line}")?)
}
