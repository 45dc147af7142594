//! Cookies: what is refused, which are meant, and that their neighbours stay.
//!
//! It never finds a cookie the way the room does: the naive reading splits and trims.

use super::*;
use crate::rewrite::splice::splice;
use proptest::prelude::*;

fn found(header: &str, name: &str) -> Vec<(String, String)> {
    let of = |cookie: &Cookie| (header[cookie.pair.clone()].to_owned(), cookie.text.clone());
    find(header.as_bytes(), name).unwrap().iter().map(of).collect()
}

fn without(header: &str, name: &str) -> String {
    let edits = remove(header.as_bytes(), &find(header.as_bytes(), name).unwrap());
    String::from_utf8(splice(header.as_bytes(), edits).unwrap()).unwrap()
}

#[test]
fn what_a_cookie_cannot_carry_is_refused() {
    let cookie = find(b"id=1", "id").unwrap().remove(0);
    for letter in ('\0'..=' ').chain("\",;\\\u{7f}\u{80}é\u{2028}😀".chars()) {
        let refused = replace(&cookie, &format!("a{letter}b"));
        assert_eq!(refused, Err(CookieFault::NotCarried), "{letter:?}");
    }
    let carried: String = ('!'..='~').filter(|letter| !"\",;\\".contains(*letter)).collect();
    assert_eq!(replace(&cookie, &carried).unwrap().with, carried.as_bytes());
}

#[test]
fn more_cookies_than_the_bound_are_refused() {
    let header = |n: usize| vec!["a=1"; n].join("; ");
    assert_eq!(find(header(257).as_bytes(), "b"), Err(CookieFault::TooManyCookies));
    assert_eq!(find(header(256).as_bytes(), "a").unwrap().len(), 256);
}

#[test]
fn a_value_that_is_not_utf8_is_refused_only_where_it_was_asked_for() {
    assert_eq!(find(b"a=\xff; id=1", "a"), Err(CookieFault::NotUtf8));
    assert_eq!(find(b"a=\xff; id=1", "id").unwrap().len(), 1);
}

#[test]
fn other_names_and_pairs_without_a_sign_are_not_meant() {
    for header in ["", "id", "ID=1", "xid=1; id2=3", "a=id=1", ";;", "a=\"; xid=1\""] {
        assert!(found(header, "id").is_empty(), "{header}");
    }
}

#[test]
fn a_semicolon_ends_a_value_even_between_quotes() {
    assert_eq!(found("a=\"x; id=1\"", "id"), [("id=1\"".into(), "1\"".into())]);
}

#[test]
fn quotes_and_blanks_are_kept_out_of_the_text() {
    let header = "a=1; id=\"x=y\";id=;\tid = z ; id=\"; id=\"\"";
    let texts: Vec<_> = found(header, "id").into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["x=y", "", "z", "\"", ""]);
}

#[test]
fn quotes_stay_where_they_were() {
    let header = b"a=1; id=\"klk1_x\"; b=2";
    let cookie = find(header, "id").unwrap().remove(0);
    let out = splice(header, vec![replace(&cookie, "Ann").unwrap()]).unwrap();
    assert_eq!(out, b"a=1; id=\"Ann\"; b=2");
    assert_eq!(format!("{cookie:?}"), "Cookie(5..16, value 9..15, 6 bytes)");
}

#[test]
fn a_cookie_goes_with_its_separator_from_any_place() {
    for (header, rest) in [
        ("id=1", ""),
        ("id=1; b=2", "b=2"),
        ("a=1; id=2; c=3", "a=1; c=3"),
        ("a=1; id=2", "a=1"),
        ("id=1; id=2; c=3", "c=3"),
        ("a=1;id=2 ; id=3", "a=1"),
        ("id=1; id=2", ""),
        ("id=1; b=2; id=3", "b=2"),
        ("a=1; id=2;", "a=1;"),
        ("id=1;\t b=2", "b=2"),
    ] {
        assert_eq!(without(header, "id"), rest, "{header}");
    }
}

/// The pairs by splitting: the name, and all that stands behind its sign.
fn naive(header: &str) -> Vec<(&str, &str)> {
    let blank = [' ', '\t'];
    let pairs = header.split(';').filter_map(|piece| piece.split_once('='));
    pairs.map(|(name, value)| (name.trim_matches(blank), value.trim_matches(blank))).collect()
}

fn header() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["id", "ID", "a", "", "id2"]);
    let value = "(=([!#-+--:<-\\[\\]-~]{0,4}|\"[a-z]{0,3}\"|\"))?";
    let cookie =
        (name, value, "[ \t]?").prop_map(|(name, value, blank)| format!("{name}{value}{blank}"));
    prop::collection::vec(cookie, 0..6).prop_map(|cookies| cookies.join("; "))
}

proptest! {
    #[test]
    fn cookies_are_those_of_the_naive_reading(header in header()) {
        for name in ["id", "a", ""] {
            let text = |value: &str| {
                let inside = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
                inside.unwrap_or(value).to_owned()
            };
            let named = naive(&header).into_iter().filter(|pair| pair.0 == name);
            let wanted: Vec<_> = named.map(|pair| text(pair.1)).collect();
            let found: Vec<_> = found(&header, name).into_iter().map(|(_, text)| text).collect();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn after_replace_the_value_reads_back_and_the_others_are_as_sent(
        header in header(), new in "[!#-+--:<-\\[\\]-~]{0,8}"
    ) {
        for (n, cookie) in find(header.as_bytes(), "id").unwrap().iter().enumerate() {
            let out = splice(header.as_bytes(), vec![replace(cookie, &new).unwrap()]).unwrap();
            prop_assert_eq!(&find(&out, "id").unwrap()[n].text, &new);
            prop_assert!(out.starts_with(&header.as_bytes()[..cookie.value.start]));
            prop_assert!(out.ends_with(&header.as_bytes()[cookie.value.end..]));
            let out = String::from_utf8(out).unwrap();
            prop_assert_eq!(naive(&out).len(), naive(&header).len());
        }
    }

    #[test]
    fn no_value_that_is_taken_ends_its_cookie(new: String) {
        let cookie = find(b"id=1", "id").unwrap().remove(0);
        if let Ok(edit) = replace(&cookie, &new) {
            prop_assert!(new.chars().all(|letter| letter.is_ascii_graphic() && letter != ';'));
            prop_assert_eq!(edit.with, new.into_bytes());
        }
    }

    #[test]
    fn after_remove_none_is_left_and_the_others_are_as_sent(header in header()) {
        let out = without(&header, "id");
        let kept: Vec<_> = naive(&header).into_iter().filter(|pair| pair.0 != "id").collect();
        prop_assert_eq!(naive(&out), kept);
    }

    #[test]
    fn any_bytes_are_read_or_refused_and_never_panic(
        header in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b";= \"a".to_vec())], 0..24)
    ) {
        let Ok(cookies) = find(&header, "a") else { return Ok(()) };
        let mut edits = remove(&header, &cookies);
        edits.extend(cookies.iter().map(|cookie| replace(cookie, "x").unwrap()));
        prop_assert!(splice(&header, edits).is_ok());
        prop_assert!(find(&splice(&header, remove(&header, &cookies)).unwrap(), "a").unwrap().is_empty());
    }
}
