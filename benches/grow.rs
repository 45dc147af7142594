//! How the cost of a swap grows: with the body, the slots, the payload, and what is
//! stored. In this process, without a network. `cargo bench --bench grow`.

mod rig;

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use cloakroom::config::dialects::parse_dialect;
use cloakroom::dialect::Dialect;
use criterion::{BenchmarkId, Criterion, Throughput};
use rig::{Fault, Rig, message, quiq};

/// The binary's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Fault> {
    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(2))
        .warm_up_time(Duration::from_secs(1))
        .configure_from_args();
    by_body(&mut criterion)?;
    by_payload(&mut criterion)?;
    by_slots(&mut criterion)?;
    by_stored(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

/// 1 KiB to 1 MiB: linear.
fn by_body(criterion: &mut Criterion) -> Result<(), Fault> {
    let (rig, dialect) = (Rig::new(1, 500)?, quiq()?);
    let exchange = dialect.exchange_named("send-message").ok_or("no such exchange")?;
    let handle = rig.handles.first().ok_or("no handle")?;
    let mut group = criterion.benchmark_group("swap by body");
    for kib in [1_usize, 4, 16, 64, 256, 1024] {
        let body = message(handle, kib * 1024);
        group.throughput(Throughput::Bytes(u64::try_from(body.len())?));
        group.bench_function(BenchmarkId::from_parameter(format!("{kib} KiB")), |b| {
            b.iter(|| rig.swap(exchange, black_box(&body)));
        });
    }
    group.finish();
    Ok(())
}

/// 100 B to 64 KiB in the handle's place.
fn by_payload(criterion: &mut Criterion) -> Result<(), Fault> {
    let dialect = quiq()?;
    let exchange = dialect.exchange_named("send-message").ok_or("no such exchange")?;
    let mut group = criterion.benchmark_group("swap by payload");
    for bytes in [100_usize, 500, 4096, 16_384, 65_536] {
        let rig = Rig::new(1, bytes)?;
        let body = message(rig.handles.first().ok_or("no handle")?, 1024);
        group.throughput(Throughput::Bytes(u64::try_from(bytes)?));
        group.bench_function(BenchmarkId::from_parameter(format!("{bytes} B")), |b| {
            b.iter(|| rig.swap(exchange, black_box(&body)));
        });
    }
    group.finish();
    Ok(())
}

/// 1 to 32 slots of one exchange, each with a handle of its own.
fn by_slots(criterion: &mut Criterion) -> Result<(), Fault> {
    let rig = Rig::new(32, 500)?;
    let mut group = criterion.benchmark_group("swap by slots");
    for slots in [1_usize, 2, 4, 8, 16, 32] {
        let dialect = slotted(slots)?;
        let exchange = dialect.exchange_named("send").ok_or("no such exchange")?;
        let members: Vec<String> = rig
            .handles
            .iter()
            .take(slots)
            .enumerate()
            .map(|(at, handle)| format!("\"s{at}\":\"{}\"", handle.expose()))
            .collect();
        let body = format!("{{{}}}", members.join(",")).into_bytes();
        rig.swap(exchange, &body)?;
        group.bench_function(BenchmarkId::from_parameter(slots), |b| {
            b.iter(|| rig.swap(exchange, black_box(&body)));
        });
    }
    group.finish();
    Ok(())
}

fn slotted(slots: usize) -> Result<Dialect, Fault> {
    let mut text = String::from(
        "name = \"many\"\n[rejection]\ncontent_type = \"application/json\"\nbody = '{\"code\":\"{rejection}\"}'\n\
         [[exchange]]\nname = \"send\"\ncall = \"POST /send\"\non_unusable = \"reject\"\n",
    );
    for at in 0..slots {
        writeln!(
            text,
            "[[exchange.slot]]\nat = {{ json = \"/s{at}\" }}\naccepts = \"handle\"\nreveal = {{ member = \"note\" }}"
        )?;
    }
    parse_dialect(&text, "many.toml").map_err(|mistakes| mistakes.to_string().into())
}

/// 1,000 to 1,000,000 stored, used in turn: flat but for the caches of the machine.
fn by_stored(criterion: &mut Criterion) -> Result<(), Fault> {
    let dialect = quiq()?;
    let exchange = dialect.exchange_named("send-message").ok_or("no such exchange")?;
    let mut group = criterion.benchmark_group("swap by stored handles");
    for stored in [1_000_usize, 10_000, 100_000, 1_000_000] {
        let rig = Rig::new(stored, 500)?;
        let step = (stored / 1000).max(1);
        let bodies: Vec<Vec<u8>> =
            rig.handles.iter().step_by(step).map(|handle| message(handle, 1024)).collect();
        let mut turns = bodies.iter().cycle();
        group.bench_function(BenchmarkId::from_parameter(stored), |b| {
            b.iter(|| turns.next().map(|body| rig.swap(exchange, black_box(body))));
        });
    }
    group.finish();
    Ok(())
}
