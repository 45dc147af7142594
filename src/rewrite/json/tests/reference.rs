//! The scanner and the search beside serde_json: the same verdicts, the same spans.
//!
//! It never trusts this room's own reading of a document; the reference is walked naively.

use super::*;
use crate::rewrite::json::sample;
use proptest::prelude::*;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A step of the naive walk.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Name(String),
    Element(usize),
}

/// A value of the naive walk: where it stands, in which object, and the way to it.
struct Visit {
    value: Range<usize>,
    object: Option<Range<usize>>,
    path: Vec<Step>,
}

/// Members with duplicates kept, which serde_json's own tree does not.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

fn walk(
    document: &str,
    raw: &str,
    object: Option<Range<usize>>,
    path: Vec<Step>,
    visits: &mut Vec<Visit>,
) {
    let raw = raw.trim();
    let start = raw.as_ptr() as usize - document.as_ptr() as usize;
    let value = start..start + raw.len();
    visits.push(Visit { value: value.clone(), object, path: path.clone() });
    let below = |step: Step| path.iter().cloned().chain([step]).collect();
    if raw.starts_with('{') {
        for (name, raw) in serde_json::from_str::<Members<'_>>(raw).unwrap().0 {
            walk(document, raw.get(), Some(value.clone()), below(Step::Name(name)), visits);
        }
    } else if raw.starts_with('[') {
        for (n, raw) in serde_json::from_str::<Vec<&RawValue>>(raw).unwrap().iter().enumerate() {
            walk(document, raw.get(), None, below(Step::Element(n)), visits);
        }
    }
}

fn meant(pointer: &str, path: &[Step]) -> bool {
    let segments: Vec<_> = pointer.split('/').skip(1).collect();
    let one = |(segment, step): (&&str, &Step)| match (*segment, step) {
        ("*", _) => true,
        ("~2", step) => *step == Step::Name("*".into()),
        (segment, Step::Name(name)) => segment.replace("~1", "/").replace("~0", "~") == *name,
        (segment, Step::Element(n)) => segment == n.to_string(),
    };
    segments.len() == path.len() && segments.iter().zip(path).all(one)
}

fn pointers() -> impl Strategy<Value = Vec<String>> {
    let segments =
        ["a", "b", "0", "1", "01", "*", "*", "~2", "a~1b", "~0", "", "é", "😀", "\"", "\\"];
    let pointer = prop::collection::vec(prop::sample::select(segments.to_vec()), 0..4);
    prop::collection::vec(
        pointer.prop_map(|segments| segments.iter().map(|segment| format!("/{segment}")).collect()),
        0..5,
    )
}

#[derive(Debug, Clone)]
enum Mutation {
    Flip(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Delete(prop::sample::Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let byte = || {
        prop_oneof![
            prop::sample::select(br#"{}[],:"\0123456789-+.eEtrufalsn /"#.to_vec()),
            any::<u8>()
        ]
    };
    prop_oneof![
        (any::<prop::sample::Index>(), byte()).prop_map(|(at, byte)| Mutation::Flip(at, byte)),
        (any::<prop::sample::Index>(), byte()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        any::<prop::sample::Index>().prop_map(Mutation::Delete),
    ]
}

fn mutate(text: &mut Vec<u8>, mutation: &Mutation) {
    match mutation {
        Mutation::Insert(at, byte) => text.insert(at.index(text.len() + 1), *byte),
        Mutation::Flip(..) | Mutation::Delete(_) if text.is_empty() => {}
        Mutation::Flip(at, byte) => {
            let at = at.index(text.len());
            text[at] = *byte;
        }
        Mutation::Delete(at) => drop(text.remove(at.index(text.len()))),
    }
}

#[test]
fn a_document_with_any_one_byte_changed_is_read_or_refused_as_the_reference_does() {
    for at in 0..SAMPLE.len() {
        for byte in 0..=255u8 {
            let mut text = SAMPLE.as_bytes().to_vec();
            text[at] = byte;
            let ours = found(&text, &["/user/h", "/*/n/*"], Bounds::default()).is_ok();
            let theirs = serde_json::from_slice::<serde_json::Value>(&text).is_ok();
            // The exponent's digits may name a number too big for the reference's floats.
            let tree_gives_up = !theirs
                && serde_json::from_slice::<&RawValue>(&text).is_ok()
                && at > SAMPLE.len() - 28;
            assert!(
                ours == theirs || (ours && tree_gives_up),
                "byte {byte} at {at}: {ours} {theirs}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_search_agrees_with_a_naive_walk(document in sample::document(), pointers in pointers()) {
        let mut visits = Vec::new();
        walk(&document, &document, None, Vec::new(), &mut visits);
        let mut expected = Vec::new();
        for visit in &visits {
            for (n, _) in pointers.iter().enumerate().filter(|(_, pointer)| meant(pointer, &visit.path)) {
                expected.push((n, visit.value.clone(), visit.object.clone()));
            }
        }
        let asked: Vec<_> = pointers.iter().map(String::as_str).collect();
        let located = found(document.as_bytes(), &asked, Bounds { located_max: 10_000, ..Bounds::default() }).unwrap();
        for match_ in &located {
            let visit = visits.iter().find(|visit| visit.value == match_.value).unwrap();
            let name = match_.name.clone().map(|name| text::decode(&document.as_bytes()[name]).unwrap().into_owned());
            let step = visit.path.last().and_then(|step| match step { Step::Name(name) => Some(name.clone()), Step::Element(_) => None });
            prop_assert_eq!(name, step);
        }
        let spans: Vec<_> = located.into_iter().map(|located| (located.pointer, located.value, located.parent)).collect();
        prop_assert_eq!(spans, expected);
    }

    #[test]
    fn a_mutated_document_is_accepted_where_the_reference_accepts_it(
        document in sample::document(),
        mutations in prop::collection::vec(mutation(), 1..4),
        asked in pointers(),
    ) {
        let mut text = document.into_bytes();
        for mutation in &mutations {
            mutate(&mut text, mutation);
            let asked: Vec<_> = asked.iter().map(String::as_str).collect();
            let ours = found(&text, &asked, Bounds { located_max: 10_000, ..Bounds::default() }).is_ok();
            if ours {
                prop_assert!(serde_json::from_slice::<IgnoredAny>(&text).is_ok() && serde_json::from_slice::<&RawValue>(&text).is_ok());
            }
            if serde_json::from_slice::<serde_json::Value>(&text).is_ok() {
                prop_assert!(ours);
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(bytes: Vec<u8>, span in (0..40usize, 0..40usize)) {
        let _ = found(&bytes, &["", "/*", "/a/0"], Bounds::default());
        let _ = text::decode(&bytes);
        let _ = text::eq_decoded(&bytes, "a");
        let _ = members::members(&bytes);
        let _ = ObjectEdit::open(&bytes, span.0..span.1);
    }
}
