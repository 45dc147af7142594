//! A header value with parameters: `form-data; name="a"; filename=b`.
//!
//! It never unescapes: browsers write a backslash for itself and older rules read it as an escape, so
//! where the two readings part, at `\"`, the value is refused.

/// What stands before the parameters, and each parameter's name and value.
pub(super) type Params<'v> = (&'v str, Vec<(&'v str, &'v str)>);

/// Reads a header value; `None` where its grammar is broken or ambiguous.
pub(super) fn read(value: &str) -> Option<Params<'_>> {
    let (first, mut rest) = value.split_at(value.find(';').unwrap_or(value.len()));
    let mut list = Vec::new();
    while !rest.is_empty() {
        rest = blankless(rest.strip_prefix(';')?);
        if rest.is_empty() || rest.starts_with(';') {
            continue; // RFC 9110 lets a parameter be left out
        }
        let (name, after) = token(rest)?;
        let after = after.strip_prefix('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(inside) => inside.split_once('"').filter(|(value, _)| !value.ends_with('\\'))?,
            None => token(after)?,
        };
        list.push((name, value));
        rest = blankless(after);
    }
    Some((first.trim_matches(BLANKS), list))
}

/// The value of the parameter of this name, if it is there; `None` where it is there twice.
pub(super) fn only<'v>(list: &[(&'v str, &'v str)], name: &str) -> Option<Option<&'v str>> {
    let mut values = list.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
    let first = values.next().map(|(_, value)| *value);
    values.next().is_none().then_some(first)
}

/// Whether a text is a token, as names of headers and parameters are.
pub(super) fn is_token(text: &str) -> bool {
    token(text).is_some_and(|(_, rest)| rest.is_empty())
}

/// The token that a text begins with, and what follows it.
fn token(text: &str) -> Option<(&str, &str)> {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let end = text.bytes().position(|byte| !inside(byte)).unwrap_or(text.len());
    text.split_at_checked(end).filter(|(token, _)| !token.is_empty())
}

pub(super) const BLANKS: [char; 2] = [' ', '\t'];

fn blankless(text: &str) -> &str {
    text.trim_start_matches(BLANKS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn broken_and_ambiguous_values_are_refused() {
        for value in [
            "a; b",
            "a; b=",
            "a; =c",
            "a; b c=d",
            "a; b=\"c",
            "a; b=\"c\"d",
            "a; b=c d",
            "a; b =c",
            "a; b= c",
            r#"a; b="c\""#,
            r#"a; b="c\"; d="e""#,
            "a; b=c,d",
            "a; b=é",
        ] {
            assert_eq!(read(value), None, "{value}");
        }
        assert_eq!(only(&[("a", "1"), ("A", "2")], "a"), None);
        assert_eq!(only(&[("a", "1")], "b"), Some(None));
    }

    #[test]
    fn tokens_and_quoted_values_are_read_as_written() {
        let (first, list) = read(" a/b ;c=d;; E=\"f; g=h\" ; i=\"\" ; j=\"k\\l%22é\";").unwrap();
        assert_eq!(first, "a/b");
        assert_eq!(list, [("c", "d"), ("E", "f; g=h"), ("i", ""), ("j", "k\\l%22é")]);
        assert_eq!(only(&list, "e"), Some(Some("f; g=h")));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_never_panics(text: String, near in "[a;=\" \\\\é]{0,12}") {
            let _ = (read(&text), read(&near));
        }

        #[test]
        fn what_is_written_reads_back(list in prop::collection::vec(("[a-z-]{1,4}", "[ !#-\\[\\]-~é]{0,6}"), 0..4)) {
            let text: String = list.iter().map(|(name, value)| format!("; {name}=\"{value}\"")).collect();
            let text = format!("form-data{text}");
            let (first, read) = read(&text).unwrap();
            prop_assert_eq!(first, "form-data");
            let list: Vec<_> = list.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            prop_assert_eq!(read, list);
        }
    }
}
