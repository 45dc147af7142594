//! Composition: the only place that sees every room.
//!
//! [`house`] builds the two planes from a resolved configuration and swaps it on
//! reload; [`run`] puts them on listeners and obeys signals. No rule about a
//! request, a handle or a payload is made here.

mod fitness;
pub mod house;
mod hyper_app;
mod key_check;
pub mod parts;
pub mod run;
pub mod shelf;
mod signals;
mod timed;
mod upkeep;

pub use self::fitness::Fitness;
pub use self::house::{House, HouseFault, NotTaken};
pub use self::hyper_app::HyperApp;
pub use self::upkeep::attend;
