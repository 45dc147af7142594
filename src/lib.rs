//! draft

pub mod admin;
pub mod clock;
pub mod dialect;
pub mod domain;
pub mod proxy;
pub mod reject;
pub mod rewrite;
pub mod store;
pub mod telemetry;
pub mod vault;
