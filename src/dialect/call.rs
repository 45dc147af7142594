//! Call patterns: a method and a path with holes, as in `GET /chats/{id}/messages`.
//!
//! A path is compared as it was sent, byte by byte and segment by segment; it is
//! never decoded or tidied first, so a spelling that only the vendor would
//! understand is a call that the dialect does not list.

use std::fmt;

use http::Method;

/// `METHOD /literal/{hole}/…`; `/?` at the end makes a trailing slash optional,
/// `/**` takes any rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallPattern {
    method: Method,
    segments: Vec<Segment>,
    end: End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Hole(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Exact,
    OptionalSlash,
    AnyRest,
}

/// What is wrong with a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallFault {
    /// No blank between method and path.
    #[error("a call is METHOD and path, as in \"GET /chats/{{id}}\"")]
    NoPath,
    /// Not an HTTP method in capitals.
    #[error("the method must be an HTTP method in capital letters")]
    Method,
    /// The path does not begin with a slash.
    #[error("the path must begin with \"/\"")]
    NoSlash,
    /// A hole without a name, or a brace within a segment.
    #[error("a hole is a whole segment with a name, as in \"/{{id}}/\"")]
    Hole,
    /// A `?` or `#` before the end: queries are not part of a call.
    #[error("a call has no query; \"/?\" may only end it")]
    Query,
}

impl CallPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`CallFault`] says what to write instead.
    pub fn parse(text: &str) -> Result<Self, CallFault> {
        let (method, path) = text.split_once(' ').ok_or(CallFault::NoPath)?;
        let method = method.parse::<Method>().map_err(|_| CallFault::Method)?;
        if !method.as_str().bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(CallFault::Method);
        }
        let path = path.strip_prefix('/').ok_or(CallFault::NoSlash)?;
        let (path, end) = match (path.strip_suffix("/?"), path.strip_suffix("/**")) {
            (Some(rest), _) => (rest, End::OptionalSlash),
            (None, Some(rest)) => (rest, End::AnyRest),
            (None, None) => (path, End::Exact),
        };
        let segments = path.split('/').map(segment).collect::<Result<_, _>>()?;
        Ok(Self { method, segments, end })
    }

    /// Whether a call fits, method and path.
    #[must_use]
    pub fn matches(&self, method: &Method, path: &str) -> bool {
        self.method == *method && self.fits(path)
    }

    /// Which segment a hole is, from 0.
    #[must_use]
    pub fn position(&self, hole: &str) -> Option<usize> {
        self.segments.iter().position(|segment| segment.is_hole(hole))
    }

    /// Whether a path fits, of any method.
    #[must_use]
    pub fn fits(&self, path: &str) -> bool {
        let Some(path) = path.strip_prefix('/') else { return false };
        let mut sent = path.split('/');
        for segment in &self.segments {
            match (segment, sent.next()) {
                (Segment::Literal(literal), Some(text)) if text == literal => {}
                (Segment::Hole(_), Some(text)) if !text.is_empty() => {}
                (Segment::Literal(_) | Segment::Hole(_), _) => return false,
            }
        }
        match (self.end, sent.next(), sent.next()) {
            (End::AnyRest, _, _) | (_, None, _) | (End::OptionalSlash, Some(""), None) => true,
            (End::Exact | End::OptionalSlash, Some(_), _) => false,
        }
    }
}

impl Segment {
    fn is_hole(&self, name: &str) -> bool {
        match self {
            Self::Hole(hole) => hole == name,
            Self::Literal(_) => false,
        }
    }
}

impl fmt::Display for CallPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.method)?;
        for segment in &self.segments {
            match segment {
                Segment::Literal(literal) => write!(f, "/{literal}")?,
                Segment::Hole(name) => write!(f, "/{{{name}}}")?,
            }
        }
        f.write_str(match self.end {
            End::Exact => "",
            End::OptionalSlash => "/?",
            End::AnyRest => "/**",
        })
    }
}

fn segment(text: &str) -> Result<Segment, CallFault> {
    if text.contains(['?', '#']) {
        return Err(CallFault::Query);
    }
    if let Some(hole) = text.strip_prefix('{') {
        let name = hole.strip_suffix('}').ok_or(CallFault::Hole)?;
        let named = !name.is_empty() && !name.contains(['{', '}']);
        return if named { Ok(Segment::Hole(name.to_owned())) } else { Err(CallFault::Hole) };
    }
    if text.contains(['{', '}']) {
        return Err(CallFault::Hole);
    }
    Ok(Segment::Literal(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, method: &Method, path: &str) -> bool {
        CallPattern::parse(pattern).unwrap().matches(method, path)
    }

    #[test]
    fn a_pattern_that_cannot_be_meant_is_refused() {
        for (text, fault) in [
            ("/chats", CallFault::NoPath),
            ("get /chats", CallFault::Method),
            ("GET chats", CallFault::NoSlash),
            ("GET /{}/x", CallFault::Hole),
            ("GET /a{id}", CallFault::Hole),
            ("GET /{id", CallFault::Hole),
            ("GET /chats?index=0", CallFault::Query),
        ] {
            assert_eq!(CallPattern::parse(text).unwrap_err(), fault, "{text}");
        }
    }

    #[test]
    fn another_method_path_or_length_does_not_fit() {
        let pattern = "POST /chats/{id}";
        assert!(fits(pattern, &Method::POST, "/chats/7"));
        for path in [
            "/chats",
            "/chats/",
            "/chats/7/",
            "/chats/7/8",
            "/Chats/7",
            "/chat%73/7",
            "chats/7",
            "",
        ] {
            assert!(!fits(pattern, &Method::POST, path), "{path}");
        }
        assert!(!fits(pattern, &Method::GET, "/chats/7"));
    }

    #[test]
    fn an_optional_slash_is_one_slash() {
        for path in ["/chats", "/chats/"] {
            assert!(fits("POST /chats/?", &Method::POST, path));
        }
        assert!(!fits("POST /chats/?", &Method::POST, "/chats//"));
    }

    #[test]
    fn any_rest_takes_none_and_many() {
        for path in ["/chat", "/chat/", "/chat/index.js", "/chat/a/b"] {
            assert!(fits("GET /chat/**", &Method::GET, path));
        }
        assert!(!fits("GET /chat/**", &Method::GET, "/chatter"));
    }

    #[test]
    fn a_hole_knows_its_segment_and_a_pattern_prints_as_written() {
        let text = "GET /chats/{id}/messages/?";
        let pattern = CallPattern::parse(text).unwrap();
        assert_eq!(pattern.position("id"), Some(1));
        assert_eq!(pattern.position("nope"), None);
        assert_eq!(pattern.to_string(), text);
    }
}
