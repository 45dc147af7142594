//! The other forms that a value may have before anything is escaped.
//!
//! Each is sought like a value. It never gives the value itself.

/// A longer value, in bytes, is sought on the lines that it has.
const LINES_MAX: usize = 4 << 10;

/// What may stand where a value has a line break: in other texts, in HTML, in the lines of one
/// server-sent event.
const BREAKS: [&str; 9] =
    ["\r\n", " ", "<br>", "<br/>", "<br />", "\ndata: ", "\ndata:", "\r\ndata: ", "\r\ndata:"];

/// What windows-1252 has in the place of ISO-8859-1's controls, from 0x80 on; a replacement
/// character where it has nothing.
const WINDOWS: &str = "€\u{fffd}‚ƒ„…†‡ˆ‰Š‹Œ\u{fffd}Ž\u{fffd}\u{fffd}‘’“”•–—˜™š›œ\u{fffd}žŸ";

/// Whether a value may have others. Most have not, and are asked for each call that reveals.
pub(super) fn has_forms(value: &str) -> bool {
    !value.is_ascii() || value.contains('\n') || value.trim().len() < value.len()
}

/// Those of a value that is not empty.
pub(super) fn forms(value: &str) -> impl Iterator<Item = Box<[u8]>> {
    let trimmed = value.trim();
    let shorter = (trimmed.len() < value.len() && !trimmed.is_empty()).then_some(trimmed);
    let texts: Vec<Box<[u8]>> = shorter
        .map(|text| text.as_bytes().into())
        .into_iter()
        .chain(on_other_lines(trimmed).map(|text| text.into_bytes().into()))
        .collect();
    [value].into_iter().chain(shorter).filter_map(narrow).chain(texts)
}

fn on_other_lines(value: &str) -> impl Iterator<Item = String> {
    let many = value.len() <= LINES_MAX && value.contains('\n');
    let breaks = if many { BREAKS.as_slice() } else { &[] };
    let plain = many.then(|| value.replace("\r\n", "\n"));
    // As it is, where the value's own breaks are of two bytes.
    let unix = plain.clone().filter(|plain| plain.len() < value.len());
    let own = value.to_owned();
    let others =
        breaks.iter().filter_map(move |line_break| Some(plain.as_ref()?.replace('\n', line_break)));
    unix.into_iter().chain(others).filter(move |text| *text != own)
}

/// One byte a letter; nothing where that is UTF-8's form, or some letter has none.
fn narrow(value: &str) -> Option<Box<[u8]>> {
    if value.is_ascii() {
        return None;
    }
    value.chars().map(narrow_letter).collect()
}

fn narrow_letter(letter: char) -> Option<u8> {
    match u8::try_from(letter) {
        Ok(byte @ (..0x80 | 0xa0..)) => Some(byte),
        // A control of ISO-8859-1, which nobody writes.
        Ok(_) => None,
        Err(_) => {
            let nth = WINDOWS.chars().position(|one| one == letter && one != '\u{fffd}')?;
            u8::try_from(nth + 0x80).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(value: &str) -> Vec<Vec<u8>> {
        forms(value).map(Vec::from).collect()
    }

    #[test]
    fn most_values_have_no_other_form() {
        for plain in ["Ann Lee", "ann@example.com", "4711", "김", "日本", "a\u{85}b", " ", "\n"]
        {
            assert_eq!(all(plain), Vec::<Vec<u8>>::new(), "{plain}");
            assert!(!plain.is_ascii() || plain.trim() != plain || !has_forms(plain), "{plain}");
        }
        assert!(all(&format!("{}\nb", "a".repeat(LINES_MAX))).is_empty());
    }

    #[test]
    fn letters_of_one_byte_are_that_byte() {
        assert_eq!(all("Jörg"), [b"J\xf6rg"]);
        assert_eq!(all("Šœ€Ÿ"), [b"\x8a\x9c\x80\x9f"]);
        assert_eq!(all("Zoë 김"), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn outer_blanks_and_line_breaks_may_be_others() {
        assert_eq!(all(" Ann Lee\n"), [b"Ann Lee"]);
        let lines = all("1 Main Street\r\nSpringfield");
        assert_eq!(lines[0], b"1 Main Street\nSpringfield");
        assert!(lines.contains(&b"1 Main Street\ndata: Springfield".to_vec()));
        assert!(lines.contains(&b"1 Main Street Springfield".to_vec()));
        assert_eq!(lines.len(), BREAKS.len(), "its own is not among them");
    }
}
