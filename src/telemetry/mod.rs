//! What the operator sees: metrics, and one line for each request.
//!
//! Labels and fields come from the configuration or from closed enums; nothing
//! of a request's target, headers or body can be passed to anything here.

pub mod access;
pub mod audit;
pub mod logs;
pub mod metrics;
