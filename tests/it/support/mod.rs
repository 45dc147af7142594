//! What the tests stand on: a vendor that says what it saw, a browser that sends
//! what no library would, and the house on ports of the system's choosing with a
//! clock that is turned by hand.

pub(crate) mod calls;
pub(crate) mod client;
pub(crate) mod h2;
pub(crate) mod house;
pub(crate) mod mount;
pub(crate) mod ports;
pub(crate) mod preload;
pub(crate) mod process;
pub(crate) mod raw;
pub(crate) mod stage;
pub(crate) mod tls;
pub(crate) mod tokens;
pub(crate) mod vendor;

pub(crate) use client::{Answer, Browser, chunked, request};
pub(crate) use house::{Running, SECRET, issue, start};
pub(crate) use vendor::{Framing, Reply, Seen, Vendor};
