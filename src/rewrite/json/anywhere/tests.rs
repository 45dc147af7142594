//! Strings anywhere: what is refused, what is not meant, and a naive walk beside it.
//!
//! It never trusts this room's own reading of a document; serde_json's tree is the reference.

use super::*;
use crate::rewrite::json::sample;
use proptest::prelude::*;
use serde_json::Value;

fn found<'s>(source: &'s str, prefix: &str, len: usize) -> Vec<&'s str> {
    let found = strings(source.as_bytes(), prefix, len, &Bounds::default()).unwrap();
    found.into_iter().map(|located| &source[located.value]).collect()
}

fn refused(source: &str, bounds: Bounds) -> FaultKind {
    strings(source.as_bytes(), "k_", 3, &bounds).unwrap_err().kind
}

#[test]
fn a_document_that_may_hold_one_is_validated_to_its_end() {
    assert_eq!(refused(r#"["k_1",]"#, Bounds::default()), FaultKind::UnexpectedByte);
    assert_eq!(refused(r#"["k_1"#, Bounds::default()), FaultKind::UnexpectedEnd);
    assert_eq!(refused(r#"["k_1"] 2"#, Bounds::default()), FaultKind::TrailingBytes);
    assert_eq!(refused(r#"["\q"]"#, Bounds::default()), FaultKind::BadEscape);
    let bounds = Bounds { depth_max: 2, ..Bounds::default() };
    assert_eq!(refused(r#"[[["k_1"]]]"#, bounds), FaultKind::TooDeep);
}

#[test]
fn more_matches_than_the_bound_are_refused() {
    let bounds = Bounds { located_max: 1, ..Bounds::default() };
    let fault = strings(br#"["k_1","k_2"]"#, "k_", 3, &bounds).unwrap_err();
    assert_eq!(fault, FaultKind::TooManyLocated.at(7));
    assert_eq!(strings(br#"["k_1","k_22"]"#, "k_", 3, &bounds).unwrap().len(), 1);
}

#[test]
fn a_source_without_prefix_and_backslash_is_ruled_out_unread() {
    for source in ["", "[1,", "{\"a\":\"K_1\"}", "\u{0}"] {
        assert!(found(source, "k_", 3).is_empty(), "{source}");
    }
}

#[test]
fn names_longer_texts_and_texts_in_the_middle_are_not_meant() {
    let source = r#"{"k_1":1,"a":"k_12","b":"xk_1","c":"k_","d":["K_1",3," k_1"],"e":"see k_1"}"#;
    assert!(found(source, "k_", 3).is_empty());
}

#[test]
fn escapes_are_decoded_before_comparison() {
    let source = r#"["\u006b_1","k\u005f1","k_\u0031","k_é","\u006b_12","k_\/"]"#;
    let wanted = [r#""\u006b_1""#, r#""k\u005f1""#, r#""k_\u0031""#, r#""k_\/""#];
    assert_eq!(found(source, "k_", 3), wanted);
    assert_eq!(found(source, "k_", 4), ["\"k_é\"", r#""\u006b_12""#]);
}

#[test]
fn a_match_tells_its_name_and_its_object() {
    let source = r#" {"a":{"b" : "k_1", "c":["k_2",{}]},"d":"k_3"} "#;
    let found = strings(source.as_bytes(), "k_", 3, &Bounds::default()).unwrap();
    let text = |span: &Option<Range<usize>>| span.clone().map(|span| &source[span]);
    let told: Vec<_> = found.iter().map(|at| (text(&at.name), text(&at.parent))).collect();
    let inner = r#"{"b" : "k_1", "c":["k_2",{}]}"#;
    assert_eq!(
        told,
        [(Some("\"b\""), Some(inner)), (None, None), (Some("\"d\""), Some(source.trim()))]
    );
    assert!(found.iter().all(|at| at.pointer == 0 && at.kind == Kind::String));
    assert_eq!(self::found("\"k_1\"", "k_", 3), ["\"k_1\""]);
}

/// The texts that are meant, by a walk of a tree.
fn naive(value: &Value, prefix: &str, len: usize) -> Vec<String> {
    match value {
        Value::String(text) if text.starts_with(prefix) && text.len() == len => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(|v| naive(v, prefix, len)).collect(),
        Value::Object(map) => map.values().flat_map(|v| naive(v, prefix, len)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// Documents without two members of one name, which the tree would not keep.
fn document() -> impl Strategy<Value = String> {
    let string = prop::sample::select(vec!["k_1", r"\u006b_1", "k_", "k_12", r"k\/1", "é_1", "1"]);
    let string = string.prop_map(|text| format!("\"{text}\"")).boxed();
    let leaf = prop_oneof![3 => string.clone(), 1 => Just("null".to_owned())];
    let value = leaf.prop_recursive(3, 20, 4, move |inner| {
        let array = prop::collection::vec(inner.clone(), 0..4);
        let object = prop::collection::vec(inner, 0..4).prop_map(|values| {
            let member = |(n, value)| format!("\"k_{n}\" :{value}");
            values.into_iter().enumerate().map(member).collect::<Vec<_>>().join(", ")
        });
        let array = array.prop_map(|values| format!("[{}]", values.join(" ,")));
        prop_oneof![array, object.prop_map(|members| format!("{{{members}}}"))]
    });
    (sample::space(), value).prop_map(|(space, value)| format!("{space}{value}{space}"))
}

proptest! {
    #[test]
    fn strings_are_those_of_the_naive_walk(source in document()) {
        let tree: Value = serde_json::from_str(&source).unwrap();
        for (prefix, len) in [("k_", 3), ("k", 3), ("", 1), ("é", 4), ("k_12", 4), ("/", 1)] {
            let found = found(&source, prefix, len);
            let texts: Vec<String> = found.iter().map(|raw| serde_json::from_str(raw).unwrap()).collect();
            prop_assert_eq!(texts, naive(&tree, prefix, len));
        }
    }

    #[test]
    fn any_document_keeps_its_verdict(source in sample::document(), cut in 0..200usize) {
        let bounds = Bounds { located_max: usize::MAX, ..Bounds::default() };
        prop_assert!(strings(source.as_bytes(), "a", 1, &bounds).is_ok());
        let part = source.as_bytes().get(..cut).unwrap_or(source.as_bytes());
        let valid = serde_json::from_slice::<serde::de::IgnoredAny>(part).is_ok();
        prop_assert_eq!(strings(part, "", usize::MAX, &bounds).is_ok(), valid);
    }

    #[test]
    fn any_bytes_are_read_or_refused_and_never_panic(
        source in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"[]{}\",:\\k".to_vec())], 0..24),
        len in 0..4usize,
    ) {
        let _ = strings(&source, "k", len, &Bounds::default());
    }
}
