//! The named characters of HTML that occur in personal data: markup's own, and Latin-1.
//!
//! The rest of HTML's two thousand names is not here: what writes those, writes text that is no name,
//! address or number.

use std::sync::LazyLock;

/// The longest name below, in bytes.
pub(super) const NAME_MAX: usize = 6;

/// What stands outside the run of Latin-1.
const MARKUP: [(&[u8], char); 12] = [
    (b"amp", '&'),
    (b"lt", '<'),
    (b"gt", '>'),
    (b"quot", '"'),
    (b"apos", '\''),
    (b"commat", '@'),
    (b"plus", '+'),
    (b"sol", '/'),
    (b"bsol", '\\'),
    (b"period", '.'),
    (b"colon", ':'),
    (b"num", '#'),
];

/// U+00A0 to U+00FF in order.
const LATIN: &[u8] = b"nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr \
deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest \
Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml \
ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig \
agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml \
eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

/// Every name as a number, in order, with its character.
static SORTED: LazyLock<Vec<(u64, char)>> = LazyLock::new(|| {
    let latin = LATIN.split(|byte| *byte == b' ').zip('\u{a0}'..='\u{ff}');
    let mut names: Vec<_> =
        MARKUP.into_iter().chain(latin).map(|(name, letter)| (packed(name), letter)).collect();
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
fn packed(name: &[u8]) -> u64 {
    name.iter().fold(0, |packed, byte| packed << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_and_other_letter_cases_are_nothing() {
        for name in ["", "EACUTE", "eacut", "nbsp ", "hearts"] {
            assert_eq!(named(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn the_run_of_latin_1_is_complete_and_in_order() {
        let names: Vec<_> = LATIN.split(|byte| *byte == b' ').collect();
        assert_eq!(names.len(), 96);
        assert!(names.iter().all(|name| (1..=NAME_MAX).contains(&name.len())));
        let spots = [
            ("eacute", 'é'),
            ("szlig", 'ß'),
            ("Uuml", 'Ü'),
            ("yuml", 'ÿ'),
            ("times", '×'),
            ("middot", '·'),
        ];
        for (name, letter) in spots {
            assert_eq!(named(name.as_bytes()), Some(letter), "{name}");
        }
    }
}
