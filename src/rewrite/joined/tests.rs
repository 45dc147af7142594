//! Sentences in slices, as chat back ends send them.

mod parts;
mod turns;

use proptest::prelude::*;

use super::*;
use crate::rewrite::redact::{Mark, Replacement};

const VALUES: [&str; 3] = ["Zo\u{eb} M\u{fc}ller", "4917012345", "ann@example.com"];

fn joined() -> Joined {
    let mark = || Replacement::Mark(Mark::new("[x]").unwrap());
    let needles =
        VALUES.iter().fold(Needles::builder(), |all, value| all.add(value, mark())).build();
    let pointer = Pointer::parse("/choices/0/delta/content").unwrap();
    Joined::new(Arc::new(needles.unwrap()), vec![pointer])
}

fn slice(content: &str) -> String {
    serde_json::json!({ "id": 1, "choices": [{ "delta": { "content": content } }] }).to_string()
}

/// What a person reads of JSON texts that went on.
fn read(texts: &[Vec<u8>]) -> String {
    let content = |text: &Vec<u8>| {
        let json: serde_json::Value = serde_json::from_slice(text).unwrap();
        json.pointer("/choices/0/delta/content")?.as_str().map(str::to_owned)
    };
    texts.iter().filter_map(content).collect()
}

fn run(joined: &mut Joined, texts: &[String]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for text in texts {
        let shown = joined.text(text.as_bytes()).unwrap();
        out.extend(shown.before);
        out.push(shown.text.unwrap_or_else(|| text.as_bytes().to_vec()));
    }
    out.extend(joined.finish());
    out
}

#[test]
fn a_value_cut_over_five_texts_is_not_read_and_no_text_waits() {
    let mut joined = joined();
    let parts = ["Hello Z", "o\u{eb}", " M", "\u{fc}lle", "r, bye"];
    let shown: Vec<_> = parts
        .iter()
        .map(|part| {
            let sent = slice(part);
            let shown = joined.text(sent.as_bytes()).unwrap();
            assert_eq!(shown.before, Vec::<Vec<u8>>::new());
            read(&[shown.text.unwrap_or_else(|| sent.into_bytes())])
        })
        .collect();
    assert_eq!(shown, ["Hello ", "", "", "", "[x], bye"]);
    assert_eq!(joined.finish(), Vec::<Vec<u8>>::new());
    assert_eq!(joined.count(), 1);
}

fn anywhere() -> Joined {
    let mark = || Replacement::Mark(Mark::new("[x]").unwrap());
    let needles = VALUES.iter().fold(Needles::builder(), |all, value| all.add(value, mark()));
    let pointer = Pointer::parse("/choices/*/delta/content").unwrap();
    Joined::new(Arc::new(needles.build().unwrap()), vec![pointer])
}

/// A text with these in its choices; nothing is no member at all.
fn choices(contents: &[Option<&str>]) -> String {
    let delta = |content: &Option<&str>| match content {
        Some("null") => serde_json::json!({ "delta": { "content": null } }),
        Some(content) => serde_json::json!({ "delta": { "content": content } }),
        None => serde_json::json!({ "delta": {} }),
    };
    serde_json::json!({ "choices": contents.iter().map(delta).collect::<Vec<_>>() }).to_string()
}

#[test]
fn json_in_which_slices_cannot_be_found_is_refused() {
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(200), "]".repeat(200));
    let many = choices(&[Some("a"); 40]);
    let twice = r#"{"choices":[{"delta":{"content":"a","content":"Zo"}}]}"#;
    for text in [deep.as_str(), many.as_str(), twice, "{\"a\":\"\u{1}\"}", "[1", " {", "\u{feff}{}"]
    {
        assert_eq!(anywhere().text(text.as_bytes()), Err(Unread), "{text}");
    }
    for text in ["", "ping", "[START]", "42[\"a\"", "\"a", "<p>"] {
        assert_eq!(
            anywhere().text(text.as_bytes()),
            Ok(Shown { before: Vec::new(), text: None }),
            "{text}"
        );
    }
}

#[test]
fn null_and_a_choice_that_says_nothing_end_no_text() {
    let mut joined = anywhere();
    for (said, heard) in [
        (choices(&[Some("Zo\u{eb}"), Some("4917")]), choices(&[Some(""), Some("")])),
        (choices(&[Some("null"), Some("012")]), choices(&[Some("null"), Some("")])),
        (choices(&[None, Some("345.")]), choices(&[None, Some("[x].")])),
        (choices(&[Some(" M\u{fc}ller."), None]), choices(&[Some("[x]."), None])),
    ] {
        let shown = joined.text(said.as_bytes()).unwrap();
        let text = shown.text.map(|text| String::from_utf8(text).unwrap());
        assert_eq!((shown.before, text), (Vec::new(), Some(heard)), "{said}");
    }
    assert_eq!(joined.finish(), Vec::<Vec<u8>>::new());
}

#[test]
fn what_is_given_out_repeats_no_other_text() {
    let mut joined = anywhere();
    joined.text(choices(&[Some("Zo\u{eb}"), Some("all"), Some("4917")]).as_bytes()).unwrap();
    let rests = joined.finish();
    let texts: Vec<_> = rests.iter().map(|text| String::from_utf8_lossy(text)).collect();
    assert_eq!(
        texts,
        [
            choices(&[Some("Zo\u{eb}"), Some(""), Some("")]),
            choices(&[Some(""), Some(""), Some("4917")])
        ]
    );
}

#[test]
fn a_letter_cut_in_two_is_one_letter_and_half_of_one_is_shown_as_none() {
    let cut = |text: &str| slice("@").replace('@', text);
    let texts = [cut("Zo\\ud83d"), cut("\\ude00 \\ud83d"), cut("a\\ude00b\\ud83d")];
    let out = run(&mut joined(), &texts);
    assert_eq!(out[2], cut("\u{fffd}a\u{fffd}b").into_bytes());
    assert_eq!(read(&out), "Zo\u{1f600} \u{fffd}a\u{fffd}b\u{fffd}");
    // What has only a half that nothing can follow stays.
    let odd = cut("a\\ude00b");
    assert_eq!(joined().text(odd.as_bytes()), Ok(Shown { before: Vec::new(), text: None }));
}

#[test]
fn a_heartbeat_between_two_halves_of_a_value_shows_neither() {
    let texts = [slice("4917"), "{\"type\":\"ping\"}".into(), "ping".into(), slice("012345.")];
    let out = run(&mut joined(), &texts);
    assert_eq!(out[1], b"{\"type\":\"ping\"}");
    assert_eq!(out[2], b"ping");
    assert_eq!(read(&[out[0].clone(), out[3].clone()]), "[x].");
}

#[test]
fn what_was_held_back_is_read_when_the_text_ends() {
    for end in ["[DONE]", r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#] {
        let mut joined = joined();
        let sent = slice("See Zo\u{eb}");
        let first = joined.text(sent.as_bytes()).unwrap();
        assert_eq!(read(&[first.text.unwrap()]), "See ");
        let last = joined.text(end.as_bytes()).unwrap();
        assert_eq!((read(&last.before), last.text), ("Zo\u{eb}".into(), None), "{end}");
        assert_eq!(joined.finish(), Vec::<Vec<u8>>::new());
    }
    let mut cut_off = joined();
    cut_off.text(slice("49").as_bytes()).unwrap();
    assert_eq!(read(&cut_off.finish()), "49");
}

#[test]
fn what_holds_no_value_stays_to_the_byte() {
    let odd = r#"{ "choices" : [ {"delta": {"content":"caf\u00e9 " }} ], "n":1.0 }"#;
    assert_eq!(joined().text(odd.as_bytes()), Ok(Shown { before: Vec::new(), text: None }));
}

proptest! {
    #[test]
    fn however_a_text_is_sliced_no_value_is_read(
        words in proptest::collection::vec(
            prop_oneof![proptest::sample::select(&VALUES[..]).prop_map(str::to_owned), "[ -~]{0,6}"],
            0..6,
        ),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8),
    ) {
        let text = words.join(" ");
        let chars: Vec<char> = text.chars().collect();
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(chars.len() + 1)).collect();
        at.extend([0, chars.len()]);
        at.sort_unstable();
        let texts: Vec<String> =
            at.windows(2).map(|pair| slice(&chars[pair[0]..pair[1]].iter().collect::<String>())).collect();
        let whole = read(&run(&mut joined(), &[slice(&text)]));
        let sliced = read(&run(&mut joined(), &texts));
        prop_assert_eq!(&whole, &sliced);
        for value in VALUES {
            prop_assert!(!sliced.contains(value), "{sliced}");
        }
    }
}
