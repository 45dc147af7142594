//! Raw HTTP, as far as a test has to look into it.

/// A header's value in a raw head.
pub(crate) fn header_of(head: &str, name: &str) -> Option<String> {
    let mut lines = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(value.trim().to_owned())
}

pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
