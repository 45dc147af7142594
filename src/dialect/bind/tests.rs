//! Where a call names its conversation, and where it does not.

use http::{HeaderMap, HeaderName};

use super::*;

fn found(bind: &Bind, headers: &[&str], path: &str, body: &str) -> Option<Vec<u8>> {
    let name = HeaderName::from_static("x-token");
    let headers: HeaderMap =
        headers.iter().map(|value| (name.clone(), value.parse().unwrap())).collect();
    let call = CallPattern::parse("POST /chats/{id}").unwrap();
    let request =
        Request { path, query: Some("u=q-1&u2=x"), headers: &headers, body: body.as_bytes() };
    bind.find(&call, &request).unwrap()
}

fn header(name: Name) -> Bind {
    Bind { at: Base::Header(HeaderName::from_static("x-token")), name }
}

fn token(claims: &str) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

#[test]
fn two_conversations_in_one_call_are_refused_and_one_named_twice_is_one() {
    let bind = header(Name::Claim("sub".into()));
    let (one, two) = (token(r#"{"sub":"7"}"#), token(r#"{"sub":"8"}"#));
    let name = HeaderName::from_static("x-token");
    let call = CallPattern::parse("POST /chats/{id}").unwrap();
    let find = |values: [&str; 2], bind: &Bind, query| {
        let headers: HeaderMap =
            values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect();
        let request = Request { path: "/chats/1", query, headers: &headers, body: &[] };
        bind.find(&call, &request)
    };
    assert_eq!(find([&one, &two], &bind, None), Err(Untold::Ambiguous));
    assert_eq!(find([&one, &one], &bind, None), Ok(Some(b"7".to_vec())));
    let query = Bind { at: Base::Query("id".into()), name: Name::Whole };
    assert_eq!(find(["", ""], &query, Some("id=43&id=44")), Err(Untold::Ambiguous));
    for same in ["id=43&id=043", "id=%2B43&id=%2043", "id=43.0&id=43;x=1"] {
        assert_eq!(find(["", ""], &query, Some(same)), Ok(Some(b"43".to_vec())), "{same}");
    }
    assert_eq!(find(["", ""], &query, Some("id=43.5&id=43")), Err(Untold::Ambiguous));
    for cased in ["ID=43", "%49d=43", "Id=43&iD=43"] {
        assert_eq!(find(["", ""], &query, Some(cased)), Ok(Some(b"43".to_vec())), "{cased}");
    }
    assert_eq!(find(["", ""], &query, Some("ID=43&id=44")), Err(Untold::Ambiguous));
}

#[test]
fn a_missing_or_unreadable_token_names_no_conversation() {
    let bind = header(Name::Claim("sub".into()));
    let good = token(r#"{"sub":"7"}"#);
    for values in [
        &[][..],
        &["not a token"],
        &["a.b"],
        &[&token(r#"{"sub":7}"#)],
        &[&token(r#"{"sub":""}"#)],
        &[&token(r#"{"other":"7"}"#)],
        &[&token("[]")],
    ] {
        assert_eq!(found(&bind, values, "/chats/1", ""), None, "{values:?}");
    }
    for good in [good.clone(), format!("Bearer {good}")] {
        assert_eq!(found(&bind, &[&good], "/chats/1", ""), Some(b"7".to_vec()), "{good}");
    }
}

#[test]
fn a_header_is_taken_whole() {
    let bind = header(Name::Whole);
    assert_eq!(found(&bind, &["abc"], "/chats/1", ""), Some(b"abc".to_vec()));
    assert_eq!(found(&bind, &[""], "/chats/1", ""), None);
}

#[test]
fn a_path_a_query_and_a_body_may_name_it_too() {
    let whole = |at| Bind { at, name: Name::Whole };
    let path = whole(Base::Path("id".into()));
    assert_eq!(found(&path, &[], "/chats/652%3A1", ""), Some(b"652:1".to_vec()));
    let query = whole(Base::Query("u".into()));
    assert_eq!(found(&query, &[], "/chats/1", ""), Some(b"q-1".to_vec()));
    let json = Bind { at: Base::Body, name: Name::Json(Pointer::parse("/a/id").unwrap()) };
    for (body, name) in [
        (r#"{"a":{"id":"x\u0079"}}"#, Some(b"xy".to_vec())),
        (r#"{"a":{"id":12}}"#, Some(b"12".to_vec())),
        (r#"{"a":{"x":1,"\u0049D":"44"}}"#, Some(b"44".to_vec())),
        (r#"{"a":{"id":null}}"#, None),
        (r#"{"a":{}}"#, None),
        ("", None),
        (" ", None),
    ] {
        assert_eq!(found(&json, &[], "/chats/1", body), name, "{body}");
    }
}

#[test]
fn where_the_name_stands_in_what_cannot_be_read_it_is_not_taken_for_none() {
    let json = Bind { at: Base::Body, name: Name::Json(Pointer::parse("/a").unwrap()) };
    let in_query = Bind { at: Base::Query("q".into()), ..json.clone() };
    let call = CallPattern::parse("POST /chats").unwrap();
    let headers = HeaderMap::new();
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for body in [
        "{",
        "\u{feff}{\"a\":1}",
        "{\"a\":\"c-1\",}",
        "// x\n{\"a\":1}",
        "a=1",
        &format!("{{\"a\":1,\"x\":{deep}}}"),
    ] {
        let request =
            Request { path: "/chats", query: None, headers: &headers, body: body.as_bytes() };
        assert_eq!(json.find(&call, &request), Err(Untold::Unreadable), "{body}");
    }
    // One that can be read says nothing of the other.
    let query = Some("q=%7B%22a%22:1%7D&q=%7B%22a%22:2");
    let request = Request { path: "/chats", query, headers: &headers, body: &[] };
    assert_eq!(in_query.find(&call, &request), Err(Untold::Unreadable));
}
