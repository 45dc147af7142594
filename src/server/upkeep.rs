//! What goes on beside the traffic: names and health of upstreams, reload, sweeps, and
//! the look at a store that was not there at start.
//!
//! A configuration with a mistake is reported and not taken: the one that runs
//! goes on. Nothing here is on a request's path.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use pingora::server::ShutdownWatch;
use pingora::services::background::BackgroundService;
use tokio::signal::unix::SignalKind;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::house::Swept;
use super::parts::split;
use super::run::look;
use super::signals::{next, on};
use super::{Fitness, House};
use crate::config;

/// Between two steps while there is more to sweep.
const STEP: Duration = Duration::from_millis(50);
/// Until when after a step's begin another sweep is begun, where there is more: a store in memory
/// forgets some five times 64 records in that time, one on disk is still at its first.
const STEP_WORK: Duration = Duration::from_micros(500);
/// Steps between two sweeps while there is not: a second.
const QUIET_STEPS: u8 = 20;
/// Between two looks at a store that has not answered yet.
const LOOK: Duration = Duration::from_secs(2);

pub(super) struct Upkeep {
    pub(super) house: Arc<House>,
    /// How the store was at start.
    pub(super) fitness: Fitness,
    /// Read again on SIGHUP; none where the configuration came from no file.
    pub(super) file: Option<PathBuf>,
}

#[async_trait]
impl BackgroundService for Upkeep {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        let mut hangup = on(SignalKind::hangup());
        let mut watching = self.watch_upstreams();
        let beside = tokio::spawn(attend(Arc::clone(&self.house), self.fitness));
        loop {
            tokio::select! {
                () = next(&mut hangup) => {
                    if self.reload().await {
                        // The old generation's watchers end when this is replaced.
                        watching = self.watch_upstreams();
                    }
                }
                _ = shutdown.changed() => break,
            }
        }
        drop(watching);
        beside.abort();
    }
}

/// Looks after the store, for as long as the process runs: looks at one of which nothing was known at start until it
/// answers, and has it forget what has expired. [`run`](super::run::run) does it; who serves a house otherwise spawns it,
/// with what [`House::examine_store`] said.
pub async fn attend(house: Arc<House>, mut fitness: Fitness) {
    let mut look = every(LOOK);
    while fitness == Fitness::Unknown {
        look.tick().await;
        fitness = house.examine_store().await;
    }
    if fitness == Fitness::Unfit {
        return;
    }
    let mut step = every(STEP);
    let mut quiet = 0;
    loop {
        step.tick().await;
        if quiet > 0 {
            quiet -= 1;
            continue;
        }
        let begun = Instant::now();
        while begun.elapsed() < STEP_WORK {
            if house.sweep().await == Swept::All {
                quiet = QUIET_STEPS;
                break;
            }
        }
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

impl Upkeep {
    fn watch_upstreams(&self) -> watch::Sender<bool> {
        let (stop, stopped) = watch::channel(false);
        for upstream in self.house.upstreams() {
            tokio::spawn(upstream.watch(stopped.clone()));
        }
        stop
    }

    async fn reload(&self) -> bool {
        let generation = self.house.generation().saturating_add(1);
        let Some(file) = &self.file else { return false };
        match config::load(file, generation) {
            Ok(config) => {
                let (parts, _) = split(config);
                let routes = parts.data.routes.iter();
                look(routes.map(|route| Arc::clone(&route.upstream)).collect()).await;
                if let Err(fault) = self.house.renew(parts).await {
                    tracing::error!(%fault, "configuration not taken");
                    return false;
                }
                tracing::info!(
                    generation,
                    "configuration taken; listeners, threads and the store stay as they were"
                );
                true
            }
            Err(mistakes) => {
                for mistake in mistakes.iter() {
                    tracing::error!(%mistake, "configuration not taken");
                }
                false
            }
        }
    }
}
