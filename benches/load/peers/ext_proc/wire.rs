//! The messages of Envoy's external processing service, v3, as protobuf bytes.
//!
//! Only the fields that the bench needs, by their numbers; others are skipped.
//! It never reads past what it was given and never trusts a length.

/// What Envoy asks. Without `Debug`: bodies hold what nobody is to print.
#[derive(PartialEq, Eq)]
pub(crate) enum Asked<'a> {
    Headers {
        /// `ContactCenterId`, where the request has exactly one.
        center: Option<&'a [u8]>,
        method: Option<&'a [u8]>,
        /// Whether no body follows.
        ends: bool,
    },
    Body(&'a [u8]),
    /// Something that the bench's configuration does not have Envoy send.
    Else,
}

/// Bytes that are no protobuf message.
#[derive(PartialEq, Eq)]
pub(crate) struct Malformed;

/// One field's value; those of fixed width mean nothing here.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// Reads a `ProcessingRequest`.
pub(crate) fn asked(message: &[u8]) -> Result<Asked<'_>, Malformed> {
    let (mut rest, mut asked) = (message, Asked::Else);
    while let Some(field) = field(&mut rest)? {
        match field {
            (2, Value::Bytes(headers)) => asked = http_headers(headers)?,
            (4, Value::Bytes(body)) => asked = Asked::Body(http_body(body)?),
            _ => {}
        }
    }
    Ok(asked)
}

/// `HttpHeaders`: a map of headers (1), and whether the stream ends (3).
fn http_headers(message: &[u8]) -> Result<Asked<'_>, Malformed> {
    let (mut rest, mut found, mut ends) = (message, Named::default(), false);
    while let Some(field) = field(&mut rest)? {
        match field {
            (1, Value::Bytes(map)) => found.read(map)?,
            (3, Value::Number(set)) => ends = set != 0,
            _ => {}
        }
    }
    let center = if found.centers == 1 { found.center } else { None };
    Ok(Asked::Headers { center, method: found.method, ends })
}

#[derive(Default)]
struct Named<'a> {
    center: Option<&'a [u8]>,
    centers: usize,
    method: Option<&'a [u8]>,
}

impl<'a> Named<'a> {
    /// `HeaderMap`: headers (1), each a key (1) and a value (2) or raw value (3).
    fn read(&mut self, map: &'a [u8]) -> Result<(), Malformed> {
        let mut rest = map;
        while let Some(one) = field(&mut rest)? {
            let (1, Value::Bytes(mut header)) = one else { continue };
            let (mut name, mut value): (&[u8], &[u8]) = (b"", b"");
            while let Some(part) = field(&mut header)? {
                match part {
                    (1, Value::Bytes(text)) => name = text,
                    (2 | 3, Value::Bytes(text)) if !text.is_empty() => value = text,
                    _ => {}
                }
            }
            match name {
                b"contactcenterid" => {
                    self.center = Some(value);
                    self.centers += 1;
                }
                b":method" => self.method = Some(value),
                _ => {}
            }
        }
        Ok(())
    }
}

/// `HttpBody`: the bytes (1).
fn http_body(message: &[u8]) -> Result<&[u8], Malformed> {
    let (mut rest, mut body): (&[u8], &[u8]) = (message, b"");
    while let Some(field) = field(&mut rest)? {
        if let (1, Value::Bytes(bytes)) = field {
            body = bytes;
        }
    }
    Ok(body)
}

/// The next field's number and value, taken off the front; nothing at the end.
fn field<'a>(rest: &mut &'a [u8]) -> Result<Option<(u64, Value<'a>)>, Malformed> {
    if rest.is_empty() {
        return Ok(None);
    }
    let tag = number(rest)?;
    let value = match tag & 7 {
        0 => Value::Number(number(rest)?),
        1 => take(rest, 8).map(|_| Value::Fixed)?,
        2 => {
            let length = usize::try_from(number(rest)?).map_err(|_| Malformed)?;
            Value::Bytes(take(rest, length)?)
        }
        5 => take(rest, 4).map(|_| Value::Fixed)?,
        _ => return Err(Malformed),
    };
    Ok(Some((tag >> 3, value)))
}

/// A number of at most ten bytes, seven bits in each, the lowest first.
fn number(rest: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first().ok_or(Malformed)?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Malformed)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (taken, after) = rest.split_at_checked(length).ok_or(Malformed)?;
    *rest = after;
    Ok(taken)
}

/// The request goes on as it is; its body is still to come, if it has one.
pub(crate) fn headers_pass() -> Vec<u8> {
    nested(1, &[])
}

/// The body goes on as it is.
pub(crate) fn body_passes() -> Vec<u8> {
    nested(3, &[])
}

/// The body becomes this one, with its exact length.
pub(crate) fn body_becomes(body: &[u8]) -> Vec<u8> {
    let mut header = nested(1, b"content-length");
    put(&mut header, 3, body.len().to_string().as_bytes());
    // Set in the place of what is there: the append action 2.
    let mut option = nested(1, &header);
    put_number(&mut option, 3, 2);
    let mut common = nested(2, &nested(1, &option));
    put(&mut common, 3, &nested(1, body));
    nested(3, &nested(1, &common))
}

/// An `ImmediateResponse` of 403: nothing goes to the upstream.
pub(crate) fn refused() -> Vec<u8> {
    let mut status = Vec::new();
    put_number(&mut status, 1, 403);
    nested(7, &nested(1, &status))
}

/// A message of one field that holds bytes or a message.
fn nested(field: u64, inner: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len() + 8);
    put(&mut out, field, inner);
    out
}

fn put(out: &mut Vec<u8>, field: u64, inner: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, inner.len() as u64);
    out.extend_from_slice(inner);
}

fn put_number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.extend(value.to_le_bytes().first().map(|low| low | 0x80));
        value >>= 7;
    }
    out.extend(value.to_le_bytes().first());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &[u8], value: &[u8]) -> Vec<u8> {
        let mut header = nested(1, name);
        put(&mut header, 3, value);
        nested(1, &header)
    }

    fn headers(all: &[(&[u8], &[u8])]) -> Vec<u8> {
        let map: Vec<u8> = all.iter().flat_map(|(name, value)| header(name, value)).collect();
        let mut headers = nested(1, &map);
        put_number(&mut headers, 3, 1);
        let mut message = nested(2, &headers);
        put(&mut message, 9, b"attributes");
        put_number(&mut message, 10, 0);
        message
    }

    #[test]
    fn headers_that_are_cut_anywhere_are_malformed() {
        let all: Vec<u8> =
            [header(b"contactcenterid", b"one"), header(b":method", b"GET")].concat();
        let whole = nested(2, &nested(1, &all));
        for end in 1..whole.len() {
            assert!(asked(&whole[..end]) == Err(Malformed), "{end}");
        }
    }

    #[test]
    fn a_length_or_a_number_beyond_the_end_is_malformed() {
        let long = [0x22, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        for bytes in [&long[..], &[0x80; 11], &[0x23], &[0x21, 0], &[0x25, 0]] {
            assert!(asked(bytes) == Err(Malformed), "{bytes:?}");
        }
    }

    #[test]
    fn two_contact_centers_are_none() {
        let message = headers(&[(b"contactcenterid", b"one"), (b"contactcenterid", b"one")]);
        let none = Asked::Headers { center: None, method: None, ends: true };
        assert!(asked(&message) == Ok(none));
    }

    #[test]
    fn headers_are_found_among_unknown_fields() {
        let all: [(&[u8], &[u8]); 3] =
            [(b"host", b"h"), (b":method", b"POST"), (b"contactcenterid", b"one")];
        let found = Asked::Headers { center: Some(b"one"), method: Some(b"POST"), ends: true };
        assert!(asked(&headers(&all)) == Ok(found));
    }

    #[test]
    fn a_body_is_read_whole_and_written_with_its_length() {
        let long = vec![b'x'; 70_000];
        assert!(asked(&nested(4, &nested(1, &long))) == Ok(Asked::Body(&long)));
        let said = body_becomes(&long);
        assert!(said.ends_with(&long));
        assert!(said.windows(5).any(|part| part == b"70000"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(0_u8.., 0..200)) {
            let _ = asked(&bytes);
        }
    }
}
