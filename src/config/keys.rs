//! `[keyring]`: keys from files or the environment, never from the file itself.
//!
//! Prints no key, nor what stands where one should be.

use super::FILE;
use super::at::At;
use super::notes::Notes;
use super::outside::{Outside, Source};
use super::raw::planes::{Key, Keyring as Raw};
use crate::domain::{KeyId, Keyring, RootKey};

const MAKE_ONE: &str = "make one: (umask 077; cloakroom keygen > keys/1.key)";

/// The keyring.
pub(crate) fn keyring(
    raw: &Option<At<Raw>>,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<Keyring> {
    let hint = "write [keyring] and current = { id = 1, file = \"keys/1.key\" }";
    let raw = notes.need(raw, &FILE, "keyring", hint)?;
    let Raw { current, previous } = &**raw;
    let hint = "write current = { id = 1, file = \"keys/1.key\" }";
    let current = notes.need(current, &raw.span(), "current", hint);
    let current = current.and_then(|current| key(current, outside, notes));
    let previous: Vec<_> = previous.iter().map(|one| key(one, outside, notes)).collect();
    let previous: Option<Vec<_>> = previous.into_iter().collect();
    match Keyring::new(current?, previous?) {
        Ok(keyring) => Some(keyring),
        Err(fault) => {
            notes.wrong(&raw.span(), fault.to_string());
            None
        }
    }
}

fn key(raw: &At<Key>, outside: &Outside<'_>, notes: &mut Notes<'_>) -> Option<(KeyId, RootKey)> {
    let Key { id, file, env } = &**raw;
    let id = notes.need(id, &raw.span(), "id", "number your keys from 1");
    let id = id.and_then(|id| {
        let key_id = u8::try_from(**id).ok().and_then(KeyId::new);
        if key_id.is_none() {
            notes.wrong(&id.span(), "must be from 1 to 255");
        }
        key_id
    });
    let source = Source::of(file, env, &raw.span(), notes)?;
    let text = outside.secret(&source, notes)?;
    let span = match source {
        Source::File(text) | Source::Env(text) => text.span(),
    };
    match RootKey::from_base64(&text) {
        Ok(key) => Some((id?, key)),
        Err(fault) => {
            notes.fix(&span, format!("{fault}; 32 bytes in base64 are needed"), MAKE_ONE);
            None
        }
    }
}
