//! What reveal does to a body, byte for byte.

use super::*;
use crate::dialect::call::CallPattern;
use std::collections::{BTreeMap, BTreeSet};

use crate::dialect::exchange::{Accepts, Base, Exchange, Layer, Locator, Slot};
use crate::dialect::find::Carries;
use crate::dialect::request::{Request, Setting};
use crate::domain::Timestamp;
use crate::rewrite::json::pointer::Pointer;

const HANDLE: &str = "klk1_x";

fn slot(at: &str, accepts: Accepts, reveal: Reveal) -> Slot {
    let layers = vec![Layer::Json(Pointer::parse(at).unwrap())];
    let except = BTreeSet::new();
    Slot {
        at: Locator { base: Base::Body, layers },
        except,
        second: None,
        accepts,
        reveal,
        relayed: None,
        on_expired: None,
    }
}

fn into(target: &str) -> Reveal {
    Reveal::MergeInto(Pointer::parse(target).unwrap())
}

fn run(slots: Vec<Slot>, body: &str, payload: &str) -> Result<String, RevealFault> {
    let exchange =
        Exchange { slots, ..Exchange::plain("x", CallPattern::parse("POST /x").unwrap()) };
    let body = body.replace('$', HANDLE);
    let payload = Arc::new(Payload::parse(payload.as_bytes(), 4096).unwrap());
    let headers = http::HeaderMap::new();
    let request = Request { path: "/x", query: None, headers: &headers, body: body.as_bytes() };
    let names = BTreeMap::new();
    let setting = Setting { now: Timestamp::from_secs(1), jwt: None, names: &names };
    let plan = exchange.find(request, setting).unwrap();
    let verdicts: Vec<_> = plan
        .found()
        .iter()
        .map(|found| match found.carries {
            Carries::Handle(_) => Verdict::Payload(Arc::clone(&payload)),
            Carries::Unusable | Carries::BadToken => Verdict::Drop,
        })
        .collect();
    let revealed = plan.reveal(&verdicts)?;
    let sent = revealed.body().map(|body| String::from_utf8(body.to_vec()).unwrap());
    Ok(sent.unwrap_or(body))
}

#[test]
fn a_payload_without_the_slots_member_reveals_nothing() {
    let slots = vec![slot("/nick", Accepts::HandleOrPlain, Reveal::Member("nick".into()))];
    assert_eq!(run(slots, r#"{"nick":"$"}"#, "{}"), Err(RevealFault::MemberAbsent));
}

#[test]
fn what_is_no_handle_in_a_strict_slot_is_taken_out_when_dropped() {
    for wrong in ["7", "null", "\"plain\"", "{\"a\":1}", "[]"] {
        let slots = vec![slot("/c/id", Accepts::Handle, into("/c"))];
        let body = format!(r#"{{"t":"hi","c":{{"id":{wrong},"href":"/"}}}}"#);
        assert_eq!(run(slots, &body, "{}").unwrap(), r#"{"t":"hi","c":{"href":"/"}}"#);
    }
}

#[test]
fn a_plain_value_in_an_open_slot_passes_as_sent() {
    let slots = vec![slot("/u/*", Accepts::HandleOrPlain, Reveal::SameName)];
    let body = r#"{"u":{"a":"plain","b":7,"c":null}}"#;
    assert_eq!(run(slots, body, r#"{"a":1}"#).unwrap(), body);
}

#[test]
fn members_are_merged_in_the_slots_place_and_in_the_objects_style() {
    let slots = vec![slot("/c/id", Accepts::Handle, into("/c"))];
    let body = "{\n  \"c\": {\n    \"href\": \"/\",\n    \"id\": \"$\",\n    \"n\": 12345678901234567890\n  }\n}";
    let sent = run(slots, body, r#"{"a":[1, 2],"b":"\u00e9"}"#).unwrap();
    assert_eq!(
        sent,
        "{\n  \"c\": {\n    \"href\": \"/\",\n    \"a\": [1, 2],\n    \"b\": \"\\u00e9\",\n    \"n\": 12345678901234567890\n  }\n}"
    );
}

#[test]
fn a_payload_with_a_member_named_like_the_slot_loses_nothing() {
    let slots = vec![slot("/c/id", Accepts::Handle, into("/c"))];
    let sent = run(slots, r#"{"c":{"id":"$"}}"#, r#"{"id":"x","a":[1]}"#).unwrap();
    assert_eq!(sent, r#"{"c":{"id":"x","a":[1]}}"#);
}

#[test]
fn what_the_browser_sent_under_a_trusted_name_is_stripped() {
    let slots = vec![slot("/c/id", Accepts::Handle, into("/c"))];
    let body = r#"{"c":{"\u0061":"forged","id":"$","a":"again"}}"#;
    assert_eq!(run(slots, body, r#"{"a":1}"#).unwrap(), r#"{"c":{"a":1}}"#);
}

#[test]
fn a_specific_slot_goes_before_a_wildcard_and_both_are_filled() {
    let slots = vec![
        slot("/u/all", Accepts::Handle, into("/u")),
        slot("/u/*", Accepts::HandleOrPlain, Reveal::SameName),
        slot("/nick", Accepts::HandleOrPlain, Reveal::Member("nick".into())),
    ];
    let body = r#"{"nick":"$","u":{"mail":"$","all":"$"}}"#;
    let sent = run(slots, body, r#"{"nick":"Ann","mail":"a@b"}"#).unwrap();
    assert_eq!(sent, r#"{"nick":"Ann","u":{"nick":"Ann","mail":"a@b"}}"#);
}

#[test]
fn a_merge_elsewhere_goes_to_the_targets_end_and_the_slot_goes() {
    let slots = vec![slot("/id", Accepts::Handle, into("/u"))];
    let sent = run(slots, r#"{"id":"$","u":{"x":1}}"#, r#"{"a":2}"#).unwrap();
    assert_eq!(sent, r#"{"u":{"x":1,"a":2}}"#);
    let slots = vec![slot("/id", Accepts::Handle, into("/u"))];
    assert_eq!(run(slots, r#"{"id":"$"}"#, "{}"), Err(RevealFault::TargetAbsent));
}

#[test]
fn an_array_element_and_a_handle_as_a_name_are_told_apart() {
    let slots = vec![slot("/list/*", Accepts::HandleOrPlain, Reveal::Member("a".into()))];
    let body = r#"{"list":["$","x"],"$":"$"}"#;
    let sent = run(slots, body, r#"{"a":"A"}"#).unwrap();
    assert_eq!(sent, r#"{"list":["A","x"],"klk1_x":"klk1_x"}"#);
}
