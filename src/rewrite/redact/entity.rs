//! The named characters of HTML.
//!
//! Every name of HTML 5 that stands for one character and ends in `;`, as encoders write them. The
//! list is the standard's, which never changes it; names longer than [`NAME_MAX`] have shorter ones
//! for the same character.

use entities::{Codepoints, ENTITIES};
use std::sync::LazyLock;

/// The longest name that is known, in bytes: one fills a `u128`.
pub(super) const NAME_MAX: usize = 16;

/// Every name as a number, in order, with its character.
static SORTED: LazyLock<Vec<(u128, char)>> = LazyLock::new(|| {
    let mut names: Vec<_> = ENTITIES
        .iter()
        .filter_map(|known| {
            let name = known.entity.strip_prefix('&')?.strip_suffix(';')?;
            let Codepoints::Single(code) = known.codepoints else { return None };
            let letter = char::from_u32(code)?;
            (name.len() <= NAME_MAX).then(|| (packed(name.as_bytes()), letter))
        })
        .collect();
    names.sort_unstable();
    names
});

/// The character of a name that stands between `&` and `;`. Letter case counts.
pub(super) fn named(name: &[u8]) -> Option<char> {
    if name.len() > NAME_MAX {
        return None;
    }
    let name = packed(name);
    let at = SORTED.binary_search_by_key(&name, |(known, _)| *known).ok()?;
    SORTED.get(at).map(|(_, letter)| *letter)
}

/// A name's bytes as one number.
fn packed(name: &[u8]) -> u128 {
    name.iter().fold(0, |packed, byte| packed << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_and_other_letter_cases_are_nothing() {
        for name in ["", "EACUTE", "eacut", "nbsp ", "heartsx", "CounterClockwiseContourIntegral"] {
            assert_eq!(named(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn every_letter_of_a_name_or_an_address_has_its_names() {
        let spots = [
            ("amp", '&'),
            ("commat", '@'),
            ("lowbar", '_'),
            ("period", '.'),
            ("rsquo", '\u{2019}'),
            ("eacute", 'é'),
            ("szlig", 'ß'),
            ("yuml", 'ÿ'),
            ("Scaron", 'Š'),
            ("lstrok", 'ł'),
            ("cacute", 'ć'),
            ("OElig", 'Œ'),
            ("Omega", 'Ω'),
            ("DiacriticalGrave", '`'),
        ];
        for (name, letter) in spots {
            assert_eq!(named(name.as_bytes()), Some(letter), "{name}");
        }
    }

    #[test]
    fn every_character_that_has_a_name_has_one_that_is_known() {
        let single = |known: &entities::Entity| match known.codepoints {
            Codepoints::Single(code) => char::from_u32(code),
            Codepoints::Double(_, _) => None,
        };
        let of_text = |letter: &char| letter.is_ascii() || letter.is_alphabetic();
        let known: Vec<char> = SORTED.iter().map(|(_, letter)| *letter).collect();
        assert!(known.len() > 1_800, "{}", known.len());
        for letter in ENTITIES.iter().filter_map(single).filter(of_text) {
            assert!(known.contains(&letter), "{letter}");
        }
    }
}
