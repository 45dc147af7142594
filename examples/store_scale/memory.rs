//! The memory store's columns: what an entry takes, what its sweeps cost a redeem, and what its longest calls are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cloakroom::domain::Timestamp;
use cloakroom::store::memory::MemoryStore;
use cloakroom::store::{Record, SWEEP_MAX, Store};

use super::{
    Move, Outcome, ROOM, SOON, STEP, Times, crowded, fill, many, moves, record, resident, say,
};

/// As the program sweeps, and then as fast as it can be done.
const PACES: [(&str, Duration); 2] = [("as served", STEP), ("without a pause", Duration::ZERO)];

pub(super) async fn in_memory(entries: u64) -> Outcome<()> {
    let (before, begun) = (resident()?, Instant::now());
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(entries + ROOM));
    fill(&*store, entries).await?;
    let took = begun.elapsed();
    let held = resident()?.saturating_sub(before);
    say(&format!(
        "memory, {entries} entries: {} B an entry resident; filled in {:.1} s",
        held / entries,
        took.as_secs_f64()
    ))?;
    moves(&store, entries).await?;
    let used = resident()?.saturating_sub(before);
    say(&format!("  {} B an entry after the first moves", used / entries))?;
    crowded(&store, entries).await?;
    let quiet = many(&store, 8, 80_000, Move::Reserve(entries)).await?;
    say(&format!("  8 redeemers, quiet: {:.0}/s; {}", quiet.0, quiet.1))?;
    for (pace, pause) in PACES {
        ending(&store, entries, pace, pause).await?;
    }
    drop(store);
    making_room(entries).await
}

/// A redeem's time after every second entry has ended in one instant, and while they are swept: ten seconds at most.
async fn ending(store: &Arc<dyn Store>, entries: u64, pace: &str, pause: Duration) -> Outcome<()> {
    let (held, stop) = (store.census().await?.entries, Arc::new(AtomicBool::new(false)));
    let sweeper = tokio::spawn(swept(Arc::clone(store), pause, Arc::clone(&stop)));
    let mut rounds = Times::default();
    let (mut calls, from) = (0_u64, Instant::now());
    while !sweeper.is_finished() && from.elapsed() < Duration::from_secs(10) {
        rounds.0.extend(many(store, 8, 8_000, Move::Reserve(entries)).await?.1.0);
        calls += 8_000;
    }
    let took = from.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    let sweeps = sweeper.await??;
    let gone = held - store.census().await?.entries;
    say(&format!(
        "  8 redeemers, {gone} swept {pace} beside them: {:.0}/s; {rounds}",
        calls as f64 / took
    ))?;
    say(&format!("    a sweep of {SWEEP_MAX}: {sweeps}"))
}

async fn swept(
    store: Arc<dyn Store>,
    pause: Duration,
    stop: Arc<AtomicBool>,
) -> Result<Times, cloakroom::store::StoreFault> {
    let (now, mut times) = (Timestamp::from_secs(SOON.into()), Times::default());
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let gone = store.sweep(now).await?;
        times.0.push(begun.elapsed());
        if gone < SWEEP_MAX {
            break;
        }
        if pause.is_zero() {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(pause).await;
        }
    }
    Ok(times)
}

/// Puts into a full store half of which has ended, and into one in which nothing has.
async fn making_room(entries: u64) -> Outcome<()> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(entries));
    fill(&*store, entries).await?;
    for (what, now) in [("finds nothing to forget", SOON - 1), ("makes room", SOON)] {
        let puts = {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut times = Times::default();
                for n in 0..entries.min(100_000) / 4 {
                    let issued = Timestamp::from_secs(now.into());
                    let late = Record { issued, ..record((1 << 43) + 2 * n + 1) };
                    let begun = Instant::now();
                    let put = store.put(vec![late]).await;
                    times.0.push(begun.elapsed());
                    if put.is_ok() != (now == SOON) {
                        return Err(format!("a put that {what}: {put:?}"));
                    }
                }
                Ok(times)
            })
        };
        let mut rounds = Times::default();
        while !puts.is_finished() {
            rounds.0.extend(many(&store, 8, 800, Move::Reserve(entries)).await?.1.0);
        }
        say(&format!("  a put into a full store that {what}: {}", puts.await??))?;
        say(&format!("    8 redeemers beside: {rounds}"))?;
    }
    Ok(())
}
