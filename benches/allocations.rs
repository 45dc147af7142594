//! Allocations of one swap, counted in this process. `cargo bench --bench allocations`.
//!
//! It times nothing: the counting allocator is slow.

mod rig;

use std::io::Write;

use dhat::{HeapStats, Profiler};
use rig::{Fault, Rig, message, quiq};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// Swaps that are counted, after one that is not.
const SWAPS: u64 = 1000;

fn main() -> Result<(), Fault> {
    let (rig, dialect) = (Rig::new(100, 500)?, quiq()?);
    let exchange = dialect.exchange_named("send-message").ok_or("no such exchange")?;
    let handle = rig.handles.first().ok_or("no handle")?;
    for kib in [1_usize, 64] {
        let body = message(handle, kib * 1024);
        rig.swap(exchange, &body)?;
        let profiler = Profiler::builder().testing().build();
        for _ in 0..SWAPS {
            rig.swap(exchange, &body)?;
        }
        let counted = HeapStats::get();
        drop(profiler);
        let (blocks, bytes) = (counted.total_blocks / SWAPS, counted.total_bytes / SWAPS);
        writeln!(std::io::stdout(), "swap of {kib} KiB: {blocks} allocations, {bytes} bytes")?;
    }
    Ok(())
}
