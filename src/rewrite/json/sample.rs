//! Arbitrary JSON texts for the tests, rendered by hand: white space, escapes, duplicates, long numbers.
//!
//! It never goes through a serializer, whose output would be tidier than what arrives.

use proptest::prelude::*;

/// White space, mostly none.
pub(super) fn space() -> BoxedStrategy<String> {
    prop_oneof![4 => Just(String::new()), 1 => "[ \t\r\n]{1,3}"].boxed()
}

/// A whole document: a value with white space around it.
pub(super) fn document() -> BoxedStrategy<String> {
    (space(), value(), space())
        .prop_map(|(before, value, after)| format!("{before}{value}{after}"))
        .boxed()
}

/// Any value, a few levels deep.
pub(super) fn value() -> BoxedStrategy<String> {
    scalar()
        .prop_recursive(4, 24, 4, |inner| prop_oneof![array_of(inner.clone()), object_of(inner)])
        .boxed()
}

/// An object with up to five members, names repeating often.
pub(super) fn object() -> BoxedStrategy<String> {
    object_of(value()).boxed()
}

/// A name as plain text.
pub(super) fn plain_name() -> BoxedStrategy<String> {
    prop_oneof![Just("a".to_owned()), Just("0".to_owned()), any::<String>()].boxed()
}

/// A name with its quotes: few, so that duplicates and matches are common, in several spellings.
fn name() -> BoxedStrategy<String> {
    let spellings = [
        "a",
        r"\u0061",
        "b",
        r"\u0062",
        "0",
        r"\u0030",
        "1",
        "01",
        "*",
        "a/b",
        r"a\/b",
        "~",
        "",
        "é",
        r"\u00E9",
        r"\ud83d\ude00",
        "😀",
        r#"\""#,
        r"\\",
    ];
    prop::sample::select(spellings.to_vec()).prop_map(|spelling| format!("\"{spelling}\"")).boxed()
}

fn scalar() -> BoxedStrategy<String> {
    prop_oneof![
        prop::sample::select(vec!["true", "false", "null", "0", "-0", "1e5", "2.50E-3", "-0.0e+1"]).prop_map(str::to_owned),
        "-?[1-9][0-9]{0,40}",
        r#""([ -!#-\[\]-~é😀\x7f]|\\["\\/bfnrt]|\\u[0-9a-cA-C][0-9a-fA-F]{3}|\\u[dD][89abAB][0-9a-f]{2}\\u[dD][cdefCDEF][0-9A-F]{2}){0,12}""#,
    ]
    .boxed()
}

fn array_of(inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let element = (space(), inner, space())
        .prop_map(|(before, value, after)| format!("{before}{value}{after}"));
    joined(element.boxed()).prop_map(|elements| format!("[{elements}]")).boxed()
}

fn object_of(inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let member = (space(), name(), space(), space(), inner, space());
    let member = member.prop_map(|(before, name, left, right, value, after)| {
        format!("{before}{name}{left}:{right}{value}{after}")
    });
    joined(member.boxed()).prop_map(|members| format!("{{{members}}}")).boxed()
}

fn joined(item: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let items = prop::collection::vec(item, 1..5).prop_map(|items| items.join(","));
    prop_oneof![1 => space(), 8 => items].boxed()
}
