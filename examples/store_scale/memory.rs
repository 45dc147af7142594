//! The memory store's columns: it forgets by itself, at a time of its own, and all at once when it is full.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cloakroom::domain::Timestamp;
use cloakroom::store::memory::MemoryStore;
use cloakroom::store::{Record, Store};

use super::{
    Move, NOW, Outcome, ROOM, SOON, Times, crowded, fill, many, moves, record, resident, say,
};

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
    crowded(&store, entries).await?;
    let quiet = many(&store, 8, 80_000, Move::Reserve(entries)).await?;
    say(&format!("  8 redeemers, quiet: {:.0}/s; {}", quiet.0, quiet.1))?;
    ending(&store, entries, begun, took).await?;
    drop(store);
    making_room(entries).await
}

/// A redeem's time while the map forgets, by its own clock, every second entry: as they were put, one after the other.
async fn ending(
    store: &Arc<dyn Store>,
    entries: u64,
    begun: Instant,
    took: Duration,
) -> Outcome<()> {
    let held = store.census().await?.entries;
    let life = Duration::from_secs(u64::from(SOON) - NOW.secs());
    tokio::time::sleep_until((begun + life).into()).await;
    let mut rounds = Times::default();
    let (mut calls, from) = (0_u64, Instant::now());
    while begun.elapsed() < life + took + Duration::from_secs(3) {
        rounds.0.extend(many(store, 8, 8_000, Move::Reserve(entries)).await?.1.0);
        calls += 8_000;
    }
    let rate = calls as f64 / from.elapsed().as_secs_f64();
    let gone = held - store.census().await?.entries;
    say(&format!("  8 redeemers, {gone} ending beside them: {rate:.0}/s; {rounds}"))
}

/// A put into a full store half of which has expired by the caller's clock: it looks through all of it.
async fn making_room(entries: u64) -> Outcome<()> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(entries));
    fill(&*store, entries).await?;
    let put = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let late = Record { issued: Timestamp::from_secs(SOON.into()), ..record(1 << 43) };
            let begun = Instant::now();
            store.put(vec![late]).await.map(|()| begun.elapsed())
        })
    };
    let mut rounds = Times::default();
    while !put.is_finished() {
        rounds.0.extend(many(&store, 8, 800, Move::Reserve(entries)).await?.1.0);
    }
    let took = put.await??.as_secs_f64() * 1e3;
    say(&format!(
        "  a put that makes room in a full store: {took:.1} ms; 8 redeemers beside: {rounds}"
    ))
}
