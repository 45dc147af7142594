//! The header lines of one part: which field it is, and whether its content is plain text.
//!
//! It never follows one of two headers or parameters with one name, and never reads a folded line:
//! receivers disagree on both, so they are refused.

use super::params::{self, BLANKS, is_token};

/// What a part's header lines tell.
pub(super) struct Head<'s> {
    /// The field's name as written: browsers' `%22` for a quote is not decoded, as a field that is
    /// really named so could not be told from it.
    pub(super) name: &'s str,
    pub(super) content: Content,
}

/// What a part holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A field's value, as plain UTF-8.
    Text,
    /// A file, another type or charset, or a transfer encoding.
    Other,
}

/// Reads the lines before the empty one, without their last line end.
pub(super) fn read(lines: &[u8]) -> Option<Head<'_>> {
    let (mut disposition, mut media_type, mut encoding) = (None, None, None);
    for line in std::str::from_utf8(lines).ok()?.split("\r\n") {
        let (name, value) = line.split_once(':')?;
        if !is_token(name) || value.contains(['\r', '\n', '\0']) {
            return None;
        }
        let known = [
            ("content-disposition", &mut disposition),
            ("content-type", &mut media_type),
            ("content-transfer-encoding", &mut encoding),
        ];
        let known = known.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        if let Some((_, slot)) = known
            && slot.replace(value.trim_matches(BLANKS)).is_some()
        {
            return None;
        }
    }
    let (name, file) = field(disposition?)?;
    let plain = media_type.is_none_or(is_plain) && encoding.is_none_or(is_identity);
    let content = if plain && file == File::No { Content::Text } else { Content::Other };
    Some(Head { name, content })
}

/// Whether a field is a file.
#[derive(PartialEq, Eq)]
enum File {
    Yes,
    No,
}

fn field(disposition: &str) -> Option<(&str, File)> {
    let (kind, list) = params::read(disposition)?;
    if !kind.eq_ignore_ascii_case("form-data") {
        return None;
    }
    let name = params::only(&list, "name")??;
    // `name*` is another name, to those who know the notation.
    if params::only(&list, "name*")?.is_some() {
        return None;
    }
    let files = [params::only(&list, "filename")?, params::only(&list, "filename*")?];
    let file = if files.iter().any(Option::is_some) { File::Yes } else { File::No };
    Some((name, file))
}

fn is_plain(media_type: &str) -> bool {
    let Some((essence, list)) = params::read(media_type) else {
        return false;
    };
    let text = essence.get(..5).is_some_and(|kind| kind.eq_ignore_ascii_case("text/"));
    let utf8 = |name: &str| ["utf-8", "us-ascii"].iter().any(|own| own.eq_ignore_ascii_case(name));
    text && params::only(&list, "charset").is_some_and(|charset| charset.is_none_or(utf8))
}

fn is_identity(encoding: &str) -> bool {
    ["7bit", "8bit", "binary"].iter().any(|own| own.eq_ignore_ascii_case(encoding))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELD: &str = "Content-Disposition: form-data; name=\"a\"";

    fn content(more: &str) -> Content {
        read(format!("{FIELD}{more}").as_bytes()).unwrap().content
    }

    #[test]
    fn malformed_lines_and_second_readings_are_refused() {
        for lines in [
            "",
            "Content-Type: text/plain",
            "Content-Disposition: form-data",
            "Content-Disposition: attachment; name=a",
            "Content-Disposition: form-data; name=a; name=b",
            "Content-Disposition: form-data; name=a; name*=utf-8''b",
            "Content-Disposition: form-data; name=a; filename=b; filename=c",
            "Content-Disposition: form-data; name=\"a\\\"; filename=\"b\"",
            "Content-Disposition : form-data; name=a",
            "Content-Disposition: form-data;\r\n name=a",
            "Content-Disposition: form-data; name=\"a\nb\"",
            "Content-Disposition: form-data; name=a\r\nx",
            "Content-Disposition: form-data; name=a\r\n",
            "\r\nContent-Disposition: form-data; name=a",
            "Content-Disposition: form-data; name=a\r\ncontent-disposition: form-data; name=b",
            "Content-Disposition: form-data; name=a\r\nx: a\rb",
        ] {
            assert!(read(lines.as_bytes()).is_none(), "{lines:?}");
        }
        assert!(read(b"Content-Disposition: form-data; name=\"\xff\"").is_none());
    }

    #[test]
    fn files_other_types_and_encodings_are_no_text() {
        for more in [
            "; filename=\"\"",
            "; filename*=utf-8''b",
            "\r\nContent-Type: application/json",
            "\r\nContent-Type: texture/plain",
            "\r\nContent-Type: text/plain; charset=iso-8859-1",
            "\r\nContent-Type: text/plain; charset",
            "\r\nContent-Transfer-Encoding: base64",
        ] {
            assert_eq!(content(more), Content::Other, "{more}");
        }
    }

    #[test]
    fn plain_fields_are_text() {
        for more in [
            "",
            "\r\ncontent-type: Text/Plain; charset=UTF-8\r\nX-Other: 1",
            "\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type:text/html",
        ] {
            assert_eq!(content(more), Content::Text, "{more}");
        }
        assert_eq!(read(b"content-disposition:FORM-DATA;name=x[y]").map(|head| head.name), None);
        let head = read(b"content-disposition:FORM-DATA;NAME=\"x[y]\"").unwrap();
        assert_eq!(head.name, "x[y]");
    }
}
