//! Which values of a document are meant: RFC 6901, with one wildcard.
//!
//! It never looks at a document; [`locate`](mod@super::locate) does the matching.

use std::fmt;

/// The most segments of a pointer. Chat messages nest a handful of levels; 32 is far past any of them.
pub const SEGMENTS_MAX: usize = 32;

/// A path from a document's root to its values.
///
/// Written as RFC 6901 says: empty for the root, else `/` before each segment, `~0` for `~` and `~1`
/// for `/`. Two things beyond it: a segment that is exactly `*` matches any one member name or array
/// index, and a member whose name is `*` is written `~2`, as a segment of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pointer {
    segments: Vec<Segment>,
}

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// `*`: every member and every element.
    Any,
    /// The members of this name, unescaped.
    Name(String),
    /// A number without leading zeros: this element of an array, counted from 0, and the members of
    /// an object that are named so.
    Index(usize),
}

/// Why a pointer's text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointerFault {
    /// Not empty, and the first character is not `/`.
    NoLeadingSlash,
    /// A `~` that is not followed by `0` or `1`, or a `~2` that is not a whole segment.
    BadEscape,
    /// More than [`SEGMENTS_MAX`] segments.
    TooManySegments,
}

impl Pointer {
    /// Reads a pointer's text; [`Display`](fmt::Display) writes the same text again.
    ///
    /// # Errors
    /// [`PointerFault`], for the three ways to get it wrong.
    pub fn parse(text: &str) -> Result<Self, PointerFault> {
        if text.is_empty() {
            return Ok(Self { segments: Vec::new() });
        }
        let path = text.strip_prefix('/').ok_or(PointerFault::NoLeadingSlash)?;
        if path.split('/').nth(SEGMENTS_MAX).is_some() {
            return Err(PointerFault::TooManySegments);
        }
        let segments = path.split('/').map(Segment::parse).collect::<Result<_, _>>()?;
        Ok(Self { segments })
    }

    /// The steps from the root; none for the root itself.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The pointer without its last segment; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.segments.split_last()?;
        Some(Self { segments: above.to_vec() })
    }

    /// Whether this pointer begins with exactly these segments; a `*` equals only a `*`.
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.segments.starts_with(&prefix.segments)
    }

    /// Whether all that this pointer can match is, or lies inside, something that `outer` matches: a
    /// `*` in `outer` covers any segment.
    pub fn is_within(&self, outer: &Self) -> bool {
        let covers = |(inner, outer)| matches!(outer, &Segment::Any) || inner == outer;
        self.segments.len() >= outer.segments.len()
            && self.segments.iter().zip(&outer.segments).all(covers)
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, PointerFault> {
        match text {
            "*" => return Ok(Self::Any),
            "~2" => return Ok(Self::Name("*".to_owned())),
            _ => {}
        }
        if let Some(index) = index(text) {
            return Ok(Self::Index(index));
        }
        let mut parts = text.split('~');
        let mut name = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (letter, rest) = match part.split_at_checked(1) {
                Some(("0", rest)) => ('~', rest),
                Some(("1", rest)) => ('/', rest),
                Some(_) | None => return Err(PointerFault::BadEscape),
            };
            name.push(letter);
            name.push_str(rest);
        }
        Ok(Self::Name(name))
    }
}

/// The number that a segment or a name writes, if it does so in the one way JSON pointers allow.
pub(super) fn index(text: &str) -> Option<usize> {
    let canonical = text == "0" || !text.starts_with(['0', '+']);
    text.parse().ok().filter(|_| canonical)
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments.iter().try_for_each(|segment| write!(f, "/{segment}"))
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Name(name) if name == "*" => f.write_str("~2"),
            Self::Name(name) => f.write_str(&name.replace('~', "~0").replace('/', "~1")),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

impl fmt::Display for PointerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLeadingSlash => f.write_str("a pointer is empty or begins with '/'"),
            Self::BadEscape => f.write_str(
                "'~' must be followed by 0 or 1; '~2' stands alone for a member named '*'",
            ),
            Self::TooManySegments => write!(f, "a pointer has at most {SEGMENTS_MAX} segments"),
        }
    }
}

impl std::error::Error for PointerFault {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pointer(text: &str) -> Pointer {
        Pointer::parse(text).unwrap()
    }

    #[test]
    fn text_that_is_no_pointer_is_refused() {
        assert_eq!(Pointer::parse("a"), Err(PointerFault::NoLeadingSlash));
        assert_eq!(Pointer::parse("#/a"), Err(PointerFault::NoLeadingSlash));
        for text in ["/~", "/a~", "/~3", "/~~0", "/a~2", "/~2b", "/~é", "/a/~/b"] {
            assert_eq!(Pointer::parse(text), Err(PointerFault::BadEscape), "{text}");
        }
        assert_eq!(Pointer::parse(&"/a".repeat(33)), Err(PointerFault::TooManySegments));
        assert_eq!(pointer(&"/a".repeat(32)).segments().len(), 32);
    }

    #[test]
    fn numbers_in_other_spellings_are_names() {
        for text in ["00", "01", "+1", "-1", "1.0", "99999999999999999999999", ""] {
            assert_eq!(pointer(&format!("/{text}")).segments(), [Segment::Name(text.to_owned())]);
        }
        assert_eq!(pointer("/0/10").segments(), [Segment::Index(0), Segment::Index(10)]);
    }

    #[test]
    fn escapes_and_the_star_are_read() {
        let name = |name: &str| Segment::Name(name.to_owned());
        assert_eq!(pointer("").segments(), []);
        assert_eq!(pointer("/").segments(), [name("")]);
        assert_eq!(
            pointer("/a~1b/~01/*/~2/**").segments(),
            [name("a/b"), name("~1"), Segment::Any, name("*"), name("**")]
        );
    }

    #[test]
    fn a_star_covers_any_segment_but_equals_only_itself() {
        assert!(pointer("/a/b").is_within(&pointer("/*")));
        assert!(pointer("/a/0").is_within(&pointer("/a/*")));
        assert!(!pointer("/*/b").is_within(&pointer("/a")));
        assert!(!pointer("/a").is_within(&pointer("/a/b")));
        assert!(!pointer("/ab").is_within(&pointer("/a")));
        assert!(!pointer("/a/b").starts_with(&pointer("/*")));
        assert!(pointer("/*/b").starts_with(&pointer("/*")));
        assert_eq!(pointer("/a/b").parent(), Some(pointer("/a")));
        assert_eq!(pointer("").parent(), None);
    }

    proptest! {
        #[test]
        fn a_pointer_writes_the_text_it_was_read_from(text in "(/([a-z*0-9]{0,2}|~[012]|[a-z~é]{1,3})){0,5}") {
            if let Ok(pointer) = Pointer::parse(&text) {
                prop_assert_eq!(pointer.to_string(), text);
            }
        }
    }
}
