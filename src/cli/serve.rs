//! `serve`: both planes until a signal ends them.

use std::path::Path;
use std::sync::Arc;

use super::Failure;
use super::exit::readable;
use crate::clock::{SystemClock, SystemEntropy};
use crate::config;
use crate::server::House;
use crate::server::parts::split;
use crate::server::run::{Start, run};

pub(super) fn serve(file: &Path, upgrade: bool) -> Result<(), Failure> {
    readable(file)?;
    let config = config::load(file, 1)?;
    let (parts, process) = split(config);
    let _logs = crate::telemetry::logs::start(process.log)?;
    let house = House::assemble(parts, Arc::new(SystemClock), Arc::new(SystemEntropy))?;
    let start = if upgrade { Start::TakingOver } else { Start::Fresh };
    run(Arc::new(house), &process, Some(file.to_owned()), start).map_err(Failure::from)
}
