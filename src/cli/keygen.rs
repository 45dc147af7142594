//! `keygen`: a new root key on standard output, and nowhere else.

use super::{Exit, Failure, print};
use crate::clock::{SystemEntropy, random};
use crate::domain::RootKey;

pub(super) fn keygen() -> Result<(), Failure> {
    let failed = |why: String| Failure::new(Exit::Unavailable, why);
    let bytes = random(&SystemEntropy).map_err(|fault| failed(fault.to_string()))?;
    let key = RootKey::from_bytes(bytes).map_err(|fault| failed(fault.to_string()))?;
    print::line(&key.to_base64())
}
