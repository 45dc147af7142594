//! Standard output. A reader that went away (`| head`) is no failure.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use super::Failure;
use super::exit::Exit;

pub(super) fn line(text: &str) -> Result<(), Failure> {
    bytes(format!("{text}\n").as_bytes())
}

pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value);
    line(&text.map_err(|fault| Failure::new(Exit::Io, fault.to_string()))?)
}

pub(super) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(fault) if fault.kind() != ErrorKind::BrokenPipe => Err(fault.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}
