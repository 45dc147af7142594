//! `check`: every mistake of a configuration in one go. Starts nothing.

use std::path::Path;

use super::exit::readable;
use super::{Exit, Failure, print};
use crate::config;
use crate::server::parts::split;
use crate::server::shelf::rehearse;

pub(super) fn check(file: &Path) -> Result<(), Failure> {
    readable(file)?;
    let config = config::load(file, 1)?;
    let (parts, process) = split(config);
    rehearse(&parts.store).map_err(|fault| {
        Failure::new(Exit::Config, format!("{}: store: {fault}", file.display()))
    })?;
    print::line(&format!(
        "{}: ok: {} routes, {} tenants, keys {:?}, listening on {}",
        file.display(),
        parts.data.routes.iter().count(),
        parts.control.tenancy.tenants().count(),
        parts.keyring.key_ids().map(|id| id.byte()).collect::<Vec<_>>(),
        process.addresses().join(", "),
    ))
}
