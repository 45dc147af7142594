//! One text in the parts of a list, as some vendors send it: their programs join the parts.

use super::*;

fn parts_at(pointer: &str) -> Joined {
    let mark = || Replacement::Mark(Mark::new("[x]").unwrap());
    let needles = VALUES.iter().fold(Needles::builder(), |all, value| all.add(value, mark()));
    let pointer = Pointer::parse(pointer).unwrap();
    Joined::new(Arc::new(needles.build().unwrap()), vec![pointer])
}

/// A text of one candidate for each of these, with the parts of each; `!` ends it.
fn said(candidates: &[&[&str]]) -> String {
    let part = |text: &&str| match *text {
        "call" => serde_json::json!({ "call": 1 }),
        text => serde_json::json!({ "text": text.trim_end_matches('!') }),
    };
    let candidate = |parts: &&[&str]| {
        let ends = parts.iter().any(|text| text.ends_with('!'));
        let why = if ends { "STOP" } else { "" };
        let parts: Vec<_> = parts.iter().map(part).collect();
        serde_json::json!({ "content": { "parts": parts }, "finishReason": why })
    };
    let candidates: Vec<_> = candidates.iter().map(candidate).collect();
    serde_json::json!({ "responseId": "r1", "candidates": candidates }).to_string()
}

/// What a person reads of each candidate.
fn heard(texts: &[Vec<u8>]) -> [String; 2] {
    [0, 1].map(|nth| {
        let parts = |text: &Vec<u8>| {
            let json: serde_json::Value = serde_json::from_slice(text).unwrap();
            let parts = json.pointer(&format!("/candidates/{nth}/content/parts")).cloned();
            let parts = parts.and_then(|it| it.as_array().cloned()).unwrap_or_default();
            parts.iter().filter_map(|it| it["text"].as_str().map(str::to_owned)).collect::<String>()
        };
        texts.iter().map(parts).collect()
    })
}

#[test]
fn a_value_cut_over_the_parts_of_one_text_is_not_read() {
    const ONE: &str = "/candidates/0/content/parts/*/text";
    for (texts, wanted) in [
        (vec![said(&[&["I am Zo\u{eb} M", "\u{fc}ller"]])], "I am [x]"),
        (vec![said(&[&["I am Zo\u{eb} M", "\u{fc}", "ller!"]])], "I am [x]"),
        (vec![said(&[&["I am Zo\u{eb} M", "call", "\u{fc}ller", "call"]])], "I am [x]"),
        (vec![said(&[&["Hi ", "Zo\u{eb} M"]]), said(&[&["\u{fc}ller", "."]])], "Hi [x]."),
        (
            vec![said(&[&["Hi ", "Zo\u{eb}"]]), said(&[&["call"]]), said(&[&[" M\u{fc}ller!"]])],
            "Hi [x]",
        ),
        (vec![said(&[&["Hi ", "Zo\u{eb} M", "eier!"]])], "Hi Zo\u{eb} Meier"),
        (vec![said(&[&["Hi ", "Zo\u{eb}", " M!"]])], "Hi Zo\u{eb} M"),
    ] {
        let out = run(&mut parts_at(ONE), &texts);
        assert_eq!(heard(&out)[0], wanted, "{texts:?}");
    }
}

#[test]
fn parts_of_two_lists_are_two_texts_however_many_each_has() {
    let texts = [
        said(&[&["Zo\u{eb} M"], &["4917"]]),
        said(&[&["\u{fc}", "ller."], &["012"]]),
        said(&[&["So"], &["34", "5."]]),
    ];
    let out = run(&mut parts_at("/candidates/*/content/parts/*/text"), &texts);
    assert_eq!(heard(&out), ["[x].So", "[x]."]);
}

#[test]
fn strings_of_a_list_are_one_text_and_elements_that_are_numbered_are_not() {
    let out =
        run(&mut parts_at("/parts/*"), &[r#"{"parts":["Zo\u00eb M","\u00fcller","."]}"#.into()]);
    assert_eq!(out, [br#"{"parts":["","[x]","."]}"#]);
    let numbered = [
        r#"{"parts":[{"index":0,"text":"Zo\u00eb M"},{"index":1,"text":"4917"}]}"#.to_owned(),
        r#"{"parts":[{"index":0,"text":"\u00fcller"},{"index":1,"text":"012345"}]}"#.to_owned(),
    ];
    let out = run(&mut parts_at("/parts/*/text"), &numbered);
    assert_eq!(out[1], br#"{"parts":[{"index":0,"text":"[x]"},{"index":1,"text":"[x]"}]}"#);
}

#[test]
fn a_member_that_a_part_has_twice_is_refused() {
    let twice = r#"{"parts":[{"text":"a"},{"text":"b","text":"c"}]}"#;
    assert_eq!(parts_at("/parts/*/text").text(twice.as_bytes()), Err(Unread));
}
