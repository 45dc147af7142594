//! What the rules do to an answer, byte for byte.

use proptest::prelude::*;

use super::*;

const OWN: OwnAddress<'static> =
    OwnAddress { authority: "chat.shop.example:8443", transport: Transport::Tls };

fn rule(at: &str, change: Change) -> AnswerRule {
    AnswerRule { at: Pointer::parse(at).unwrap(), change }
}

fn applied(rules: &[AnswerRule], answer: &str) -> String {
    String::from_utf8(apply(rules, answer.as_bytes(), OWN).unwrap()).unwrap()
}

#[test]
fn an_answer_that_is_no_json_is_refused() {
    for answer in ["", "{", "<html>", "{\"a\":1} x"] {
        assert!(apply(&[rule("/a", Change::Remove)], answer.as_bytes(), OWN).is_err(), "{answer}");
    }
}

#[test]
fn what_is_absent_of_another_kind_or_no_url_stays_as_it_is() {
    let url = [rule("/url", Change::ThroughProxy)];
    for answer in [
        r#"{"url":7}"#,
        r#"{"url":""}"#,
        r#"{"url":"/socket"}"#,
        r#"{"url":"mailto://a"}"#,
        r#"{"url":"no host here"}"#,
        r#"{ "other" : "https://a.example" }"#,
    ] {
        assert_eq!(applied(&url, answer), answer);
    }
    assert_eq!(applied(&[rule("/a/b", Change::Set("1".into()))], r#"{"a":[]}"#), r#"{"a":[]}"#);
    let moved = rule("/a", Change::MoveTo(Pointer::parse("/b").unwrap()));
    assert_eq!(applied(&[moved], "{}"), "{}");
}

#[test]
fn a_url_leads_through_the_proxy_and_keeps_its_path() {
    let rules = [rule("/url", Change::ThroughProxy)];
    for (sent, seen) in [
        ("acme.goquiq.com/ws/1?a=b", "chat.shop.example:8443/ws/1?a=b"),
        ("wss://acme.example:444/s", "wss://chat.shop.example:8443/s"),
        ("http://acme.example", "https://chat.shop.example:8443"),
        ("//acme.example/x", "//chat.shop.example:8443/x"),
    ] {
        let answer = format!("{{ \"url\" : \"{sent}\" ,\"n\":1.0}}");
        let wanted = format!("{{ \"url\" : \"{seen}\" ,\"n\":1.0}}");
        assert_eq!(applied(&rules, &answer), wanted);
    }
}

#[test]
fn a_member_is_set_added_removed_and_moved_and_all_else_stays() {
    let set = [rule("/openIntent", Change::Set("null".into()))];
    assert_eq!(
        applied(&set, r#"{"openIntent":"WELCOME", "n":9007199254740993}"#),
        r#"{"openIntent":null, "n":9007199254740993}"#
    );
    assert_eq!(applied(&set, r#"{"n":1}"#), r#"{"n":1,"openIntent":null}"#);
    let gone = [rule("/*/user", Change::Remove)];
    assert_eq!(applied(&gone, r#"[{"id":1,"user":{"a":1}},{"user":"x"}]"#), r#"[{"id":1},{}]"#);
    assert_eq!(applied(&[rule("/1", Change::Remove)], "[1,2,3]"), "[1,null,3]");
    let moved = rule("/a", Change::MoveTo(Pointer::parse("/b/c").unwrap()));
    assert_eq!(applied(&[moved], r#"{"a":[1, 2],"b":{}}"#), r#"{"b":{"c":[1, 2]}}"#);
}

#[test]
fn rules_see_what_the_rules_before_them_made() {
    let rules = [
        rule("/a", Change::Set("\"https://x.example/p\"".into())),
        rule("/a", Change::ThroughProxy),
    ];
    assert_eq!(applied(&rules, r#"{"a":1}"#), r#"{"a":"https://chat.shop.example:8443/p"}"#);
}

proptest! {
    #[test]
    fn any_bytes_are_answered_without_a_panic(bytes: Vec<u8>, url in ".*") {
        let rules = [rule("/*", Change::ThroughProxy), rule("/a", Change::Remove)];
        let _ = apply(&rules, &bytes, OWN);
        let json = serde_json::json!({ "x": url }).to_string();
        let made = apply(&rules, json.as_bytes(), OWN).unwrap();
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&made).is_ok());
    }
}
