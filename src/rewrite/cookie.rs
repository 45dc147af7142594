//! Cookies of one `Cookie` header value (RFC 6265), by name.
//!
//! It never reads attributes (that is `Set-Cookie`), never decodes what applications put into a
//! value, and never writes a byte that would end one. It never awaits, reads no clock, file, socket
//! or randomness.

use super::row;
use super::splice::Edit;
use std::fmt;
use std::ops::Range;

/// The most cookies of one header value: browsers keep fewer than 200 of one site.
pub const COOKIES_MAX: usize = 256;

/// A cookie. Every span is in bytes of the header value; `Debug` prints the text's size.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie {
    /// Name, sign and value, without the blanks around them.
    pub pair: Range<usize>,
    /// The value as written, without its quotes.
    pub value: Range<usize>,
    /// The same as text.
    pub text: String,
}

/// Why a header value, or a value for one of its cookies, was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieFault {
    /// More than [`COOKIES_MAX`] cookies.
    TooManyCookies,
    /// The value of a cookie that was asked for is not UTF-8.
    NotUtf8,
    /// A new value that a cookie cannot carry: a control, a space, `"`, `,`, `;`, `\`, or not ASCII.
    NotCarried,
}

/// Every cookie of this name, in order; the name is compared as written, case and all. Of several
/// `Cookie` headers (HTTP/2 sends them apart) each is searched by itself.
///
/// # Errors
/// [`CookieFault::TooManyCookies`] and [`CookieFault::NotUtf8`].
pub fn find(header: &[u8], name: &str) -> Result<Vec<Cookie>, CookieFault> {
    let mut found = Vec::new();
    let mut next = 0;
    for (n, piece) in header.split(|byte| *byte == b';').enumerate() {
        if n >= COOKIES_MAX {
            return Err(CookieFault::TooManyCookies);
        }
        let start = next;
        next += piece.len() + 1;
        found.extend(cookie(header, start..start + piece.len(), name)?);
    }
    Ok(found)
}

/// The edit that gives the cookie this value; quotes stay where they were.
///
/// # Errors
/// [`CookieFault::NotCarried`]: nothing is escaped, since no escape is common to all readers.
pub fn replace(cookie: &Cookie, new: &str) -> Result<Edit, CookieFault> {
    if !new.bytes().all(is_carried) {
        return Err(CookieFault::NotCarried);
    }
    Ok(Edit { span: cookie.value.clone(), with: new.as_bytes().to_vec() })
}

/// The edits that take these cookies out, each with one `;` and its blanks. All that go are told at
/// once: two calls' edits could overlap, which [`splice`](super::splice::splice) refuses. Where none
/// is left the value is empty, and the header itself should go.
pub fn remove<'c>(header: &[u8], cookies: impl IntoIterator<Item = &'c Cookie>) -> Vec<Edit> {
    let pieces = cookies.into_iter().map(|cookie| piece(header, &cookie.pair)).collect();
    let mut edits = row::cut(header, b';', pieces);
    // What follows becomes the first, which no blank stands before.
    if let Some(Edit { span, .. }) = edits.first_mut().filter(|edit| edit.span.start == 0) {
        span.end += blanks(header.get(span.end..).unwrap_or_default().iter());
    }
    edits
}

/// RFC 6265's `cookie-octet`.
fn is_carried(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}

/// The cookie that stands in a piece between semicolons, if it has this name.
fn cookie(header: &[u8], piece: Range<usize>, name: &str) -> Result<Option<Cookie>, CookieFault> {
    let pair = trimmed(header, piece);
    let text = header.get(pair.clone()).unwrap_or_default();
    let Some(sign) = memchr::memchr(b'=', text).map(|at| pair.start + at) else {
        return Ok(None);
    };
    if header.get(trimmed(header, pair.start..sign)) != Some(name.as_bytes()) {
        return Ok(None);
    }
    let value = unquoted(header, trimmed(header, sign + 1..pair.end));
    let text = std::str::from_utf8(header.get(value.clone()).unwrap_or_default());
    let text = text.map_err(|_| CookieFault::NotUtf8)?.to_owned();
    Ok(Some(Cookie { pair, value, text }))
}

fn unquoted(header: &[u8], value: Range<usize>) -> Range<usize> {
    match header.get(value.clone()) {
        Some([b'"', .., b'"']) => value.start + 1..value.end - 1,
        Some(_) | None => value,
    }
}

fn trimmed(header: &[u8], span: Range<usize>) -> Range<usize> {
    let text = header.get(span.clone()).unwrap_or_default();
    let start = span.start + blanks(text.iter());
    let end = span.end - blanks(text.iter().rev());
    start..end.max(start)
}

/// The pair with the blanks around it, from semicolon to semicolon.
fn piece(header: &[u8], pair: &Range<usize>) -> Range<usize> {
    let before = header.get(..pair.start).unwrap_or_default();
    let after = header.get(pair.end..).unwrap_or_default();
    pair.start - blanks(before.iter().rev())..pair.end + blanks(after.iter())
}

fn blanks<'b>(bytes: impl Iterator<Item = &'b u8>) -> usize {
    bytes.take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cookie({:?}, value {:?}, {} bytes)", self.pair, self.value, self.text.len())
    }
}

impl fmt::Display for CookieFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooManyCookies => "too many cookies",
            Self::NotUtf8 => "cookie value is not UTF-8",
            Self::NotCarried => "a cookie cannot carry this value",
        })
    }
}

impl std::error::Error for CookieFault {}

#[cfg(test)]
mod tests;
