//! How often a handle works.
//!
//! Never counts a use: that is the ledger's (`lease`). Never guesses: an unknown name or byte is refused.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How often a handle works before it is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Uses {
    /// Any number of times until it expires.
    UntilExpiry,
    /// One request that the upstream accepted.
    Once,
    /// Any number of times within the conversation that used it first.
    Conversation,
}

/// A name that is none of `until-expiry`, `once`, `conversation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("uses must be until-expiry, once or conversation")]
pub struct UsesUnknown;

impl Uses {
    /// The name in configuration, API and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Uses::UntilExpiry => "until-expiry",
            Uses::Once => "once",
            Uses::Conversation => "conversation",
        }
    }

    /// The byte that stands for it in a handle.
    pub const fn to_byte(self) -> u8 {
        match self {
            Uses::UntilExpiry => 0,
            Uses::Once => 1,
            Uses::Conversation => 2,
        }
    }

    /// The uses that a handle's byte stands for; `None` above 2.
    pub const fn from_byte(byte: u8) -> Option<Uses> {
        match byte {
            0 => Some(Uses::UntilExpiry),
            1 => Some(Uses::Once),
            2 => Some(Uses::Conversation),
            3.. => None,
        }
    }
}

impl fmt::Display for Uses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Uses {
    type Err = UsesUnknown;

    fn from_str(text: &str) -> Result<Uses, UsesUnknown> {
        match text {
            "until-expiry" => Ok(Uses::UntilExpiry),
            "once" => Ok(Uses::Once),
            "conversation" => Ok(Uses::Conversation),
            _ => Err(UsesUnknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_spellings_and_bytes_are_refused() {
        for text in ["", "Once", "once ", "until_expiry", "0"] {
            assert_eq!(text.parse::<Uses>(), Err(UsesUnknown), "{text:?}");
        }
        assert!((3..=u8::MAX).all(|byte| Uses::from_byte(byte).is_none()));
    }

    #[test]
    fn text_byte_and_serde_agree_on_every_kind() {
        for uses in [Uses::UntilExpiry, Uses::Once, Uses::Conversation] {
            assert_eq!(uses.to_string().parse(), Ok(uses));
            assert_eq!(Uses::from_byte(uses.to_byte()), Some(uses));
            let json = serde_json::to_string(&uses).unwrap();
            assert_eq!(json, format!("\"{uses}\""));
        }
    }
}
