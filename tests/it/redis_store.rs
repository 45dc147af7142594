//! The Redis store against real servers: every topology, every way to fail.

pub(crate) mod servers;

mod access;
mod certificates;
mod cluster;
mod faults;
mod mirror;
mod secured;
mod sentinel;
pub(crate) mod shared;
mod shares;
