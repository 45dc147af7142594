//! Handles and payloads of the external processor: verify, look up, splice as text.
//!
//! The same checks as `vault.mjs` and the Lua peers. It never tells which failed.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use memchr::memmem;
use sha2::Sha256;

const SLOT: &[u8] = b"\"storedContextId\"";

pub(crate) struct Vault {
    /// Keyed, and fed the tenant: a clone of it begins each MAC.
    mac: Hmac<Sha256>,
    /// Where `SLOT` stands, searched for with tables that are made once.
    slot: memmem::Finder<'static>,
    payloads: HashMap<[u8; 16], Box<str>>,
}

impl Vault {
    /// Reads the key and the payloads: a line for each, its id in hex and its
    /// members without braces.
    pub(crate) fn read(
        key: &Path,
        payloads: &Path,
        tenant: &str,
    ) -> Result<Vault, Box<dyn Error + Send + Sync>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&fs::read(key)?)?;
        mac.update(tenant.as_bytes());
        mac.update(b"\0");
        let mut found = HashMap::new();
        for line in fs::read_to_string(payloads)?.lines() {
            let (id, members) = line.split_once('\t').ok_or("a line without a tab")?;
            found.insert(u128::from_str_radix(id, 16)?.to_be_bytes(), members.into());
        }
        Ok(Vault { mac, slot: memmem::Finder::new(SLOT), payloads: found })
    }

    /// The body with the payload's members in its slot's place; nothing where there
    /// is no slot, or its handle does not stand for a payload.
    pub(crate) fn splice(&self, body: &[u8]) -> Option<Vec<u8>> {
        let (from, to, handle) = self.slot.find_iter(body).find_map(|from| {
            let rest = body.get(from + SLOT.len()..)?;
            let after = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
            let text = after.strip_prefix(b"\"")?;
            let handle = text.get(..memchr::memchr(b'"', text)?)?;
            let plain = handle.iter().all(|&b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
            let to = body.len() - text.len() + handle.len() + 1;
            (plain && !handle.is_empty()).then_some((from, to, handle))
        })?;
        let members = self.redeem(handle)?.as_bytes();
        Some([body.get(..from)?, members, body.get(to..)?].concat())
    }

    fn redeem(&self, handle: &[u8]) -> Option<&str> {
        let text = handle.strip_prefix(b"klk1_").filter(|text| text.len() == 72)?;
        let mut bytes = [0_u8; 54];
        URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok().filter(|&len| len == bytes.len())?;
        let (signed, mac) = bytes.split_at_checked(38)?;
        self.mac.clone().chain_update(signed).verify_truncated_left(mac).ok()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        if u64::from(u32::from_be_bytes(*signed.last_chunk()?)) < now {
            return None;
        }
        self.payloads.get(signed.first_chunk::<16>()?).map(|members| &**members)
    }
}
