//! What edits of one object promise, by example.
//!
//! It never compares with a tree printed again: results are compared as text.

mod model;

use super::*;
use crate::rewrite::json::fault::FaultKind;
use crate::rewrite::splice::splice;

fn new<'m>(name: &'m str, value: &'m str) -> NewMember<'m> {
    NewMember { name: name.into(), value: value.as_bytes() }
}

fn edited(source: &str, ops: impl FnOnce(&mut ObjectEdit<'_>)) -> String {
    let mut object = ObjectEdit::open(source.as_bytes(), 0..source.len()).unwrap();
    ops(&mut object);
    String::from_utf8(splice(source.as_bytes(), object.finish()).unwrap()).unwrap()
}

#[test]
fn a_span_that_is_not_one_object_is_refused() {
    let source = br#"[{"a":1},2]"#;
    let kind = |span| ObjectEdit::open(source, span).unwrap_err().kind;
    assert_eq!(kind(0..11), FaultKind::NotAnObject);
    assert_eq!(kind(1..7), FaultKind::UnexpectedEnd);
    assert_eq!(kind(1..9), FaultKind::TrailingBytes);
    assert_eq!(kind(1..99), FaultKind::UnexpectedEnd);
    assert_eq!(kind(Range { start: 8, end: 1 }), FaultKind::UnexpectedEnd);
    assert!(ObjectEdit::open(source, 1..8).is_ok());
}

#[test]
fn a_position_past_the_end_edits_nothing() {
    let nothing = edited(r#"{"a":1}"#, |object| {
        object.set_value(1, b"2".to_vec());
        object.remove(7);
        object.spread(usize::MAX, vec![new("b", "2")]);
        assert_eq!((object.name(1), object.value(1), object.value_span(1)), (None, None, None));
    });
    assert_eq!(nothing, r#"{"a":1}"#);
}

#[test]
fn debug_prints_sizes_and_not_content() {
    assert_eq!(format!("{:?}", new("mail", "\"a@b\"")), "NewMember(4 bytes: 5 bytes)");
    let object = ObjectEdit::open(br#"{"mail":"a@b"}"#, 0..14).unwrap();
    assert_eq!(format!("{object:?}"), "ObjectEdit(0..14, 1 members, 0 appended)");
}

#[test]
fn removal_wins_over_every_other_edit() {
    let gone = edited(r#"{"a":1,"b":2}"#, |object| {
        object.remove(0);
        object.set_value(0, b"9".to_vec());
        object.spread(0, vec![new("c", "3")]);
        object.set_value(1, b"9".to_vec());
        object.remove(1);
    });
    assert_eq!(gone, "{}");
}

#[test]
fn commas_are_right_wherever_a_member_is_removed() {
    let without = |gone: &[usize]| {
        edited(r#"{ "a":1, "b":2 ,"c":3 }"#, |object| gone.iter().for_each(|i| object.remove(*i)))
    };
    assert_eq!(without(&[0]), r#"{ "b":2 ,"c":3 }"#);
    assert_eq!(without(&[1]), r#"{ "a":1 ,"c":3 }"#);
    assert_eq!(without(&[2]), r#"{ "a":1, "b":2 }"#);
    assert_eq!(without(&[0, 1]), r#"{ "c":3 }"#);
    assert_eq!(without(&[0, 2]), r#"{ "b":2 }"#);
    assert_eq!(without(&[1, 2]), r#"{ "a":1 }"#);
    assert_eq!(without(&[0, 1, 2]), "{  }");
}

#[test]
fn new_members_take_the_style_of_the_old() {
    let appended = |source: &str| edited(source, |object| object.append(new("z", "0")));
    assert_eq!(appended("{}"), r#"{"z":0}"#);
    assert_eq!(appended("{ }"), r#"{"z":0 }"#);
    assert_eq!(appended(r#"{"a":1}"#), r#"{"a":1,"z":0}"#);
    assert_eq!(appended(r#"{ "a" : 1 }"#), r#"{ "a" : 1, "z" : 0 }"#);
    assert_eq!(appended(r#"{"a": 1, "b":2}"#), r#"{"a": 1, "b":2, "z": 0}"#);
    assert_eq!(appended("{\n  \"a\": 1\n}"), "{\n  \"a\": 1,\n  \"z\": 0\n}");
}

#[test]
fn a_member_is_spread_in_its_place() {
    let source = "{\n  \"a\": 1,\n  \"klk\" :\"h\",\n  \"b\": 2\n}";
    let spread = edited(source, |object| object.spread(1, vec![new("x", "1"), new("\"", "[ ]")]));
    assert_eq!(spread, "{\n  \"a\": 1,\n  \"x\" :1,\n  \"\\\"\" :[ ],\n  \"b\": 2\n}");
    let none = edited(source, |object| object.spread(1, Vec::new()));
    assert_eq!(none, "{\n  \"a\": 1,\n  \"b\": 2\n}");
}

#[test]
fn appending_to_an_object_that_loses_its_members_leaves_no_comma() {
    let all = edited(r#"{ "a": 1, "b": 2 }"#, |object| {
        object.remove(0);
        object.remove(1);
        object.append(new("y", "3"));
        object.append(new("z", "4"));
    });
    assert_eq!(all, r#"{ "y": 3, "z": 4 }"#);
    let last = edited(r#"{"a":1,"b":2}"#, |object| {
        object.set_value(0, b"9".to_vec());
        object.remove(1);
        object.append(new("z", "4"));
    });
    assert_eq!(last, r#"{"a":9,"z":4}"#);
}

#[test]
fn members_are_taken_out_by_decoded_name_but_the_one_that_is_kept() {
    let text = r#"{"a":1,"\u0061":[2],"b":3,"a":4}"#;
    assert_eq!(edited(text, |object| object.remove_named("a", Some(1))), r#"{"\u0061":[2],"b":3}"#);
    assert_eq!(edited(text, |object| object.remove_named("a", None)), r#"{"b":3}"#);
    assert_eq!(edited(text, |object| object.remove_named("c", None)), text);
}

#[test]
fn a_member_is_found_by_its_value_and_its_name_read_decoded() {
    let source = br#"{"a":1,"\u0061":[2],"b":3}"#;
    let object = ObjectEdit::open(source, 0..source.len()).unwrap();
    assert_eq!(object.index_of_value(&object.value_span(1).unwrap()), Some(1));
    assert_eq!(object.index_of_value(&(5..7)), None);
    assert_eq!(object.name(1).unwrap(), "a");
    assert_eq!(
        (object.len(), object.is_empty(), object.value(1)),
        (3, false, Some(b"[2]".as_slice()))
    );
}
