//! Sentences in slices, as chat back ends send them.

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
        let shown = joined.text(text.as_bytes());
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
            let shown = joined.text(sent.as_bytes());
            assert_eq!(shown.before, Vec::<Vec<u8>>::new());
            read(&[shown.text.unwrap_or_else(|| sent.into_bytes())])
        })
        .collect();
    assert_eq!(shown, ["Hello ", "", "", "", "[x], bye"]);
    assert_eq!(joined.finish(), Vec::<Vec<u8>>::new());
    assert_eq!(joined.count(), 1);
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
        let first = joined.text(sent.as_bytes());
        assert_eq!(read(&[first.text.unwrap()]), "See ");
        let last = joined.text(end.as_bytes());
        assert_eq!((read(&last.before), last.text), ("Zo\u{eb}".into(), None), "{end}");
        assert_eq!(joined.finish(), Vec::<Vec<u8>>::new());
    }
    let mut cut_off = joined();
    cut_off.text(slice("49").as_bytes());
    assert_eq!(read(&cut_off.finish()), "49");
}

#[test]
fn what_holds_no_value_stays_to_the_byte() {
    let odd = r#"{ "choices" : [ {"delta": {"content":"caf\u00e9 " }} ], "n":1.0 }"#;
    assert_eq!(joined().text(odd.as_bytes()), Shown { before: Vec::new(), text: None });
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
