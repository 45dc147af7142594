//! Forms: what is refused, which fields are meant, and that their neighbours stay.
//!
//! It never finds a field the way the room does: the naive reading splits and collects.

use super::*;
use crate::rewrite::json::{Bounds, Pointer, locate, text};
use crate::rewrite::percent::{PercentFaultKind, decode_component, decode_form};
use crate::rewrite::splice::splice;
use proptest::prelude::*;

fn found(source: &str, name: &str) -> Vec<(String, String)> {
    let of = |field: &Field| (source[field.name.clone()].to_owned(), field.text.clone());
    fields(source.as_bytes(), name, Plus::Space).unwrap().iter().map(of).collect()
}

fn without(source: &str, name: &str) -> String {
    let fields = fields(source.as_bytes(), name, Plus::Space).unwrap();
    let edits = remove(source.as_bytes(), &fields);
    String::from_utf8(splice(source.as_bytes(), edits).unwrap()).unwrap()
}

fn with(source: &str, name: &str, new: &str, plus: Plus) -> String {
    let fields = fields(source.as_bytes(), name, plus).unwrap();
    let edits = fields.iter().map(|field| replace(field, new)).collect();
    String::from_utf8(splice(source.as_bytes(), edits).unwrap()).unwrap()
}

#[test]
fn a_name_that_cannot_be_read_is_refused_wherever_it_stands() {
    let fault = |offset, kind| Err(FormFault::Encoding(PercentFault { offset, kind }));
    let bad = fields(b"id=1&i%6=2", "id", Plus::Space);
    assert_eq!(bad, fault(6, PercentFaultKind::BadEscape));
    let bad = fields(b"id=1&caf%E9=2", "id", Plus::Space);
    assert_eq!(bad, fault(8, PercentFaultKind::NotUtf8));
}

#[test]
fn a_value_is_refused_only_where_it_was_asked_for() {
    let fault = fields(b"a=1&id=%zz", "id", Plus::Literal).unwrap_err();
    assert_eq!(fault.to_string(), "malformed percent escape at offset 7");
    assert_eq!(found("q=100%&id=1&r=%E9", "id"), [("id".into(), "1".into())]);
}

#[test]
fn more_fields_than_the_bound_are_refused() {
    let form = |n: usize| vec!["a"; n].join("&");
    assert_eq!(fields(form(1025).as_bytes(), "b", Plus::Space), Err(FormFault::TooManyFields));
    assert_eq!(fields(form(1024).as_bytes(), "a", Plus::Space).unwrap().len(), 1024);
    assert!(fields("&".repeat(1024).as_bytes(), "a", Plus::Space).is_err());
}

#[test]
fn debug_prints_the_size_and_not_the_text() {
    let [field] = <[Field; 1]>::try_from(fields(b"id=Ann", "id", Plus::Space).unwrap()).unwrap();
    assert_eq!(format!("{field:?}"), "Field(0..2, value Some(3..6), 3 bytes)");
}

#[test]
fn names_are_compared_decoded_and_every_duplicate_is_found() {
    let source = "user%5Bid%5D=1&user[id]=2&USER[id]=3&user[id]&u%73er%5bid]=4=5&user[id";
    let names = ["user%5Bid%5D", "user[id]", "user[id]", "u%73er%5bid]"];
    let texts = ["1", "2", "", "4=5"];
    let wanted: Vec<_> = names.map(String::from).into_iter().zip(texts.map(String::from)).collect();
    assert_eq!(found(source, "user[id]"), wanted);
}

#[test]
fn nothing_between_two_separators_is_no_field() {
    assert!(found("", "").is_empty());
    assert!(found("&&a=1&", "").is_empty());
    assert_eq!(found("=1&a", ""), [(String::new(), "1".into())]);
}

#[test]
fn a_plus_in_a_query_is_read_and_written_as_asked() {
    let text = |plus| fields(b"id=a+b", "id", plus).unwrap().remove(0).text;
    assert_eq!((text(Plus::Space), text(Plus::Literal)), ("a b".into(), "a+b".into()));
    assert_eq!(with("id=1", "id", "Ann & Bo+", Plus::Space), "id=Ann+%26+Bo%2B");
    assert_eq!(with("id=1", "id", "Ann & Bo+", Plus::Literal), "id=Ann%20%26%20Bo%2B");
}

#[test]
fn a_field_without_a_sign_gets_one_with_its_value() {
    assert_eq!(with("id&x", "id", "1", Plus::Space), "id=1&x");
    assert_eq!(with("id=&id", "id", "", Plus::Space), "id=&id=");
}

#[test]
fn a_field_goes_with_its_separator_from_any_place() {
    for (source, rest) in [
        ("id=1", ""),
        ("id", ""),
        ("id=1&b=2", "b=2"),
        ("a=1&id=2&c=3", "a=1&c=3"),
        ("a=1&id=2", "a=1"),
        ("id=1&id=2&c=3", "c=3"),
        ("a=1&id=2&id", "a=1"),
        ("id=1&id=2", ""),
        ("id=1&b&id=2", "b"),
        ("id=1&&id=2&", "&"),
    ] {
        assert_eq!(without(source, "id"), rest, "{source}");
    }
}

#[test]
fn json_in_a_field_is_edited_through_two_levels() {
    let source = "a=1&ctx=%7B%22id%22:+%22klk1_x%22%2C%22n%22%3A1.50%7D&b=2";
    let field = fields(source.as_bytes(), "ctx", Plus::Space).unwrap().remove(0);
    let pointer = Pointer::parse("/id").unwrap();
    let located = locate(field.text.as_bytes(), &[&pointer], &Bounds::default()).unwrap().remove(0);
    let edit = Edit { span: located.value, with: text::encode("A&B").into_bytes() };
    let inner = String::from_utf8(splice(field.text.as_bytes(), vec![edit]).unwrap()).unwrap();
    assert_eq!(inner, r#"{"id": "A&B","n":1.50}"#);
    let out = splice(source.as_bytes(), vec![replace(&field, &inner)]).unwrap();
    let wanted = b"a=1&ctx=%7B%22id%22%3A+%22A%26B%22%2C%22n%22%3A1.50%7D&b=2";
    assert_eq!(out, wanted);
}

/// A form's pieces by splitting: the name as written, and the value if there is a sign.
fn naive(source: &str) -> Vec<(&str, Option<&str>)> {
    let piece = |piece| match str::split_once(piece, '=') {
        Some((name, value)) => (name, Some(value)),
        None => (piece, None),
    };
    source.split('&').map(piece).collect()
}

fn form() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["id", "%69d", "i%64", "", "x", "%C3%A9", "a+b", "id%20"]);
    let value = prop_oneof![Just(String::new()), "=([a-z+= ;]|%[2-7][0-9A-F]){0,5}"];
    let field = (name, value).prop_map(|(name, value)| format!("{name}{value}"));
    prop::collection::vec(field, 0..7).prop_map(|fields| fields.join("&"))
}

fn plus() -> impl Strategy<Value = Plus> {
    prop::sample::select(vec![Plus::Space, Plus::Literal])
}

proptest! {
    #[test]
    fn fields_are_those_of_the_naive_reading(source in form(), plus in plus()) {
        let text = |written: &str| match plus {
            Plus::Space => decode_form(written.as_bytes()).unwrap().into_owned(),
            Plus::Literal => decode_component(written.as_bytes()).unwrap().into_owned(),
        };
        for name in ["id", "", "é", "a b", "a+b", "id "] {
            let wanted: Vec<_> = naive(&source)
                .into_iter()
                .filter(|piece| *piece != ("", None) && text(piece.0) == name)
                .map(|(_, value)| (value, text(value.unwrap_or_default())))
                .collect();
            let found = fields(source.as_bytes(), name, plus).unwrap();
            let found: Vec<_> = found
                .into_iter()
                .map(|field| (field.value.map(|span| &source[span]), field.text))
                .collect();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn after_replace_the_value_reads_back_and_the_others_are_as_sent(
        source in form(), new: String, plus in plus()
    ) {
        for (n, field) in fields(source.as_bytes(), "id", plus).unwrap().iter().enumerate() {
            let out = splice(source.as_bytes(), vec![replace(field, &new)]).unwrap();
            prop_assert_eq!(&fields(&out, "id", plus).unwrap()[n].text, &new);
            let out = String::from_utf8(out).unwrap();
            let at = source[..field.name.start].matches('&').count();
            for (i, (before, after)) in naive(&source).into_iter().zip(naive(&out)).enumerate() {
                prop_assert!(i == at || before == after);
            }
            prop_assert_eq!(naive(&source).len(), naive(&out).len());
        }
    }

    #[test]
    fn after_remove_none_is_left_and_the_others_are_as_sent(source in form()) {
        let out = without(&source, "id");
        prop_assert!(found(&out, "id").is_empty());
        let kept = |(name, _): &(&str, Option<&str>)| !["id", "%69d", "i%64"].contains(name);
        let wanted: Vec<_> = naive(&source).into_iter().filter(kept).collect();
        prop_assert_eq!(naive(&out), if wanted.is_empty() { vec![("", None)] } else { wanted });
    }

    #[test]
    fn any_bytes_are_read_or_refused_and_never_panic(
        source in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'&'), Just(b'='), Just(b'%')], 0..30),
        name in "[a&=]{0,1}",
    ) {
        for plus in [Plus::Space, Plus::Literal] {
            let Ok(fields) = fields(&source, &name, plus) else { continue };
            let mut edits = remove(&source, &fields);
            edits.extend(fields.iter().map(|field| replace(field, "x")));
            prop_assert!(splice(&source, edits).is_ok());
        }
    }
}
