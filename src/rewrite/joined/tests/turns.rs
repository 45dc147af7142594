//! Which slices are of one text, and where it ends.

use super::*;

/// What a person reads of the texts with this index.
fn of_index(texts: &[Vec<u8>], index: u64) -> String {
    let content = |text: &Vec<u8>| {
        let json: serde_json::Value = serde_json::from_slice(text).unwrap();
        let choice = json.pointer("/choices/0")?;
        (choice["index"] == index).then(|| choice["delta"]["content"].as_str().unwrap().to_owned())
    };
    texts.iter().filter_map(content).collect()
}

fn indexed(index: u64, content: &str) -> String {
    let choice = serde_json::json!({ "index": index, "delta": { "content": content } });
    serde_json::json!({ "id": "c", "choices": [choice] }).to_string()
}

fn named(id: &str, content: &str) -> String {
    serde_json::json!({ "id": id, "choices": [{ "delta": { "content": content } }] }).to_string()
}

#[test]
fn choices_that_come_in_turns_in_one_place_are_texts_of_their_own() {
    let said = [
        (0, ""),
        (1, ""),
        (0, "I am Zo"),
        (1, "It is 49"),
        (0, "\u{eb} M\u{fc}ll"),
        (1, "17 all"),
        (0, "er."),
        (1, ", Zo"),
    ];
    let out = run(&mut anywhere(), &said.map(|(index, content)| indexed(index, content)));
    assert_eq!(of_index(&out, 0), "I am [x].");
    assert_eq!(of_index(&out, 1), "It is 4917 all, Zo");
}

#[test]
fn a_choice_that_stands_elsewhere_in_its_list_goes_on_with_its_text() {
    let choice =
        |index, content| serde_json::json!({ "index": index, "delta": { "content": content } });
    let both = serde_json::json!({ "choices": [choice(0, "Hi "), choice(1, "I am Zo")] });
    let said = [
        both.to_string(),
        indexed(1, "\u{eb} M\u{fc}ller."),
        indexed(0, "you"),
        indexed(1, " Bye"),
    ];
    let out = run(&mut anywhere(), &said);
    let of = |index: u64| -> String {
        let texts = out.iter().flat_map(|text| {
            let json: serde_json::Value = serde_json::from_slice(text).unwrap();
            json["choices"].as_array().unwrap().clone()
        });
        let own = texts.filter(|choice| choice["index"] == index);
        own.map(|choice| choice["delta"]["content"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((of(0).as_str(), of(1).as_str()), ("Hi you", "I am [x]. Bye"));
}

#[test]
fn pieces_that_are_numbered_or_named_are_one_text() {
    let parts = ["Hello Z", "o\u{eb}", " M", "\u{fc}lle", "r, bye"];
    let numbered = |n: u64, content: &str| indexed(n, content);
    let with_names = |n: u64, content: &str| named(&n.to_string(), content);
    for piece in [&numbered as &dyn Fn(u64, &str) -> String, &with_names] {
        // More of them than texts are kept.
        let all = parts.iter().cycle().take(200).zip(0..);
        let texts: Vec<String> = all.map(|(content, n)| piece(n, content)).collect();
        assert_eq!(read(&run(&mut joined(), &texts)), "Hello [x], bye".repeat(40));
    }
}

#[test]
fn a_text_that_comes_again_after_it_was_taken_for_another_does_not_pass() {
    let mut one = joined();
    let shown = one.text(named("a", "Zo").as_bytes()).unwrap();
    assert_eq!(read(&[shown.text.unwrap()]), "");
    one.text(named("b", "hello").as_bytes()).unwrap();
    assert_eq!(one.text(named("a", "\u{eb} M\u{fc}ller").as_bytes()), Err(Unread));
    // Where nothing was in doubt they are told apart.
    let said =
        [("a", "hi "), ("b", "hello"), ("a", "Zo"), ("b", " you"), ("a", "\u{eb} M\u{fc}ller")];
    let out = run(&mut joined(), &said.map(|(id, text)| named(id, text)));
    assert_eq!(read(&out), "hi hello you[x]");
}

#[test]
fn an_empty_object_or_a_role_in_the_middle_of_a_text_ends_nothing() {
    for middle in [
        r#"{"choices":[{"delta":{}}]}"#,
        r#"{"choices":[{"delta":{"role":"assistant"}}]}"#,
        r#"{"choices":[{"delta":{},"finish_reason":null}]}"#,
        r#"{"choices":[{"delta":{"content":["x"]}}]}"#,
    ] {
        let mut joined = joined();
        let first = joined.text(slice("See Zo\u{eb}").as_bytes()).unwrap();
        assert_eq!(read(&[first.text.unwrap()]), "See ");
        let passed = Shown { before: Vec::new(), text: None };
        assert_eq!(joined.text(middle.as_bytes()), Ok(passed), "{middle}");
        let last = joined.text(slice(" M\u{fc}ller.").as_bytes()).unwrap();
        assert_eq!(read(&[last.text.unwrap()]), "[x].", "{middle}");
    }
}

#[test]
fn a_text_that_ends_with_its_last_slice_says_all_of_it_there() {
    let last = |content: &str| {
        let delta = serde_json::json!({ "delta": { "content": content } });
        serde_json::json!({ "choices": [delta], "done": true }).to_string()
    };
    let mut joined = joined();
    joined.text(slice("See Zo").as_bytes()).unwrap();
    let shown = joined.text(last("\u{eb}").as_bytes()).unwrap();
    assert_eq!(shown.text, Some(last("Zo\u{eb}").into_bytes()));
    // As it was sent, where nothing is held back.
    let all = joined.text(last("Bye").as_bytes()).unwrap();
    assert_eq!((all.before, all.text), (Vec::new(), None));
    assert_eq!(joined.finish(), Vec::<Vec<u8>>::new());
}

/// A slice that is this number.
fn number(digits: &str) -> String {
    format!(r#"{{"choices":[{{"delta":{{"content":{digits}}}}}]}}"#)
}

/// What a page writes of the texts: of a number its digits.
fn written(texts: &[Vec<u8>]) -> String {
    let content = |text: &Vec<u8>| {
        let json: serde_json::Value = serde_json::from_slice(text).unwrap();
        let content = json.pointer("/choices/0/delta/content")?;
        Some(content.as_str().map_or_else(|| content.to_string(), str::to_owned))
    };
    texts.iter().filter_map(content).collect()
}

#[test]
fn a_number_that_pages_write_otherwise_than_it_stands_does_not_pass() {
    for digits in ["4.917e9", "4917012345.0", "1E3", "-0", "-0.5", "1234567890123456", "0.1"] {
        assert_eq!(joined().text(number(digits).as_bytes()), Err(Unread), "{digits}");
    }
}

#[test]
fn a_value_that_is_cut_over_numbers_and_strings_is_not_written() {
    for cut in [
        [number("4917012"), slice("345.")],
        [slice("+49"), number("17012345")],
        [number("4917012345"), slice(".")],
        [number("49170"), number("12345")],
        [slice("49"), number("17012345")],
    ] {
        let shown = written(&run(&mut joined(), &cut));
        assert!(!shown.contains("4917012345") && shown.contains("[x]"), "{shown}");
    }
}

#[test]
fn numbers_without_a_value_are_written_as_they_were() {
    let texts =
        [number("12345"), slice(" or "), number("-7"), number("0"), slice("4917"), number("8")];
    assert_eq!(written(&run(&mut joined(), &texts)), "12345 or -7049178");
    // One that no value begins in goes on as it came.
    let passed = Shown { before: Vec::new(), text: None };
    assert_eq!(joined().text(number("5").as_bytes()), Ok(passed));
}

#[test]
fn a_word_for_no_reason_yet_ends_nothing() {
    for word in ["null", "", "none", "FINISH_REASON_UNSPECIFIED"] {
        let slice = |content: &str| {
            let choice =
                serde_json::json!({ "delta": { "content": content }, "finish_reason": word });
            serde_json::json!({ "choices": [choice] }).to_string()
        };
        let out = run(&mut joined(), &["See Zo", "\u{eb} M", "\u{fc}ller."].map(slice));
        assert_eq!(read(&out), "See [x].", "{word}");
    }
}

#[test]
fn a_text_that_goes_on_behind_its_end_shows_no_value() {
    for end in [
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        r#"{"type":"web_search.completed","id":"w1"}"#,
        r#"{"choices":[{"index":0,"delta":{"content":""},"finish_reason":"normal"}]}"#,
    ] {
        let mut joined = joined();
        joined.text(indexed(0, "Zo").as_bytes()).unwrap();
        let ended = joined.text(end.as_bytes()).unwrap();
        let seen: Vec<Vec<u8>> = ended.before.into_iter().chain(ended.text).collect();
        // Where that was no end of it, it is still held back.
        let shown = joined.text(indexed(0, "\u{eb} M\u{fc}ller").as_bytes());
        match read(&seen).as_str() {
            "Zo" => assert_eq!(shown, Err(Unread), "{end}"),
            other => {
                assert_eq!(other, "", "{end}");
                assert_eq!(read(&[shown.unwrap().text.unwrap()]), "[x]", "{end}");
            }
        }
    }
}

#[test]
fn what_follows_an_end_is_shown_where_it_makes_no_value_of_what_came() {
    let end = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    let mut joined = joined();
    for (content, wanted) in [("Zo", "om"), ("Zo\u{eb}", "y"), ("Zo", ""), ("x", "Zebu.")] {
        joined.text(indexed(0, content).as_bytes()).unwrap();
        joined.text(end.as_bytes()).unwrap();
        let next = indexed(0, wanted);
        let shown = joined.text(next.as_bytes()).unwrap().text.unwrap_or_else(|| next.into());
        assert_eq!(read(&[shown]), wanted, "{content}");
        joined.text(br#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#).unwrap();
    }
}

proptest! {
    #[test]
    fn however_two_choices_come_in_turns_no_value_is_read_in_either(
        turns in proptest::collection::vec((0_u64..2, 1_usize..6), 1..40),
        first in proptest::sample::select(&VALUES[..]),
        second in proptest::sample::select(&VALUES[..]),
    ) {
        let whole = |value: &str| format!("so {value}, {value}!").chars().collect::<Vec<_>>();
        let mut rest = [whole(first), whole(second)];
        let mut texts = vec![indexed(0, ""), indexed(1, "")];
        for (index, count) in turns.into_iter().chain([(0, 99), (1, 99)]) {
            let rest = &mut rest[index as usize];
            let some: String = rest.drain(..count.min(rest.len())).collect();
            texts.push(indexed(index, &some));
        }
        let out = run(&mut anywhere(), &texts);
        for index in 0..2 {
            prop_assert_eq!(of_index(&out, index), "so [x], [x]!");
        }
    }
}
