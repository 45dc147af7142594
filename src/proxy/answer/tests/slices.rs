//! The leak canary over texts that come in slices: each value in each spelling, cut between
//! any two characters and into single ones, in events, lines and socket messages. What is
//! searched is what a widget would show: the slices put together again.
//!
//! Not in base64: that is found within a slice alone (`docs/vendors/README.md`).

use super::*;
use crate::rewrite::joined::Joined;

/// Around the value, so that something of the text goes on in any case.
const BEFORE: &str = "You are ";
const BEHIND: &str = ", hello.";

/// How the slices come.
#[derive(Clone, Copy)]
enum Form {
    Events,
    Lines,
    Messages,
}

/// What the browser gets of these slices, and the text that they are to it.
fn heard(form: Form, slices: &[String], coding: Coding, needles: &Arc<Needles>) -> Heard {
    let json = |text: &String| serde_json::json!({ "text": text }).to_string();
    let texts: Vec<String> = slices.iter().map(json).collect();
    match form {
        Form::Events => {
            let stream: String = texts.iter().map(|text| format!("data: {text}\n\n")).collect();
            Heard::of(sent(&stream, coding, Called::Events, needles), "data: ")
        }
        Form::Lines => {
            let stream: String = texts.iter().map(|text| format!("{text}\n")).collect();
            Heard::of(sent(&stream, coding, Called::Otherwise, needles), "")
        }
        Form::Messages => {
            let mut joined = Joined::new(Arc::clone(needles), pointers());
            let mut shown = String::new();
            let mut add = |text: &[u8]| {
                // A message is searched as it goes on, too.
                let text = crate::rewrite::redact::redact(needles, text).unwrap_or(text.to_vec());
                shown.push_str(&format!("{}\n", String::from_utf8(text).unwrap()));
            };
            for text in &texts {
                let one = joined.text(text.as_bytes()).unwrap();
                one.before.iter().for_each(|text| add(text));
                add(one.text.as_deref().unwrap_or(text.as_bytes()));
            }
            joined.finish().iter().for_each(|text| add(text));
            Heard::of(shown, "")
        }
    }
}

fn pointers() -> Vec<Pointer> {
    vec![Pointer::parse("/text").unwrap()]
}

/// A coded stream whole and byte by byte, which must be the same.
fn sent(stream: &str, coding: Coding, called: Called, needles: &Arc<Needles>) -> String {
    let sent = coding.coded(stream.as_bytes());
    let through = |pieces: Vec<&[u8]>| {
        let mut events = Events::new(decoder(coding), Arc::clone(needles), pointers(), called);
        let mut out = Vec::new();
        for (nth, piece) in pieces.iter().enumerate() {
            out.extend(events.piece(piece, nth + 1 == pieces.len()).unwrap());
        }
        String::from_utf8(out).unwrap()
    };
    let whole = through(vec![&sent]);
    assert_eq!(through(sent.chunks(1).collect()), whole, "{stream}");
    whole
}

struct Heard {
    bytes: String,
    text: String,
}

impl Heard {
    fn of(bytes: String, field: &str) -> Self {
        let texts = bytes.lines().filter(|line| !line.is_empty()).map(|line| {
            let json = line.strip_prefix(field).unwrap();
            let json: serde_json::Value = serde_json::from_str(json).unwrap();
            json["text"].as_str().unwrap().to_owned()
        });
        let text = texts.collect();
        Self { bytes, text }
    }
}

/// Every way to cut it in two, in three where the middle is one character, and into characters.
fn cuts(text: &str) -> Vec<Vec<String>> {
    let letters: Vec<char> = text.chars().collect();
    let text = |letters: &[char]| letters.iter().collect::<String>();
    let mut all = Vec::new();
    for at in 1..letters.len() {
        let (one, two) = letters.split_at(at);
        all.push(vec![text(one), text(two)]);
        let (middle, rest) = two.split_at(1);
        all.push(vec![text(one), text(middle), text(rest)]);
    }
    all.push(letters.chunks(1).map(text).collect());
    all
}

#[test]
fn nothing_personal_comes_back_in_slices_wherever_a_text_is_cut() {
    let marks = Marks::all();
    let mut watch = Watch::default();
    watch.reveal([revelation()]);
    let needles = watch.needles(RedactAs::Mark).unwrap();
    let sliced = |kind: &&str| !kind.starts_with("base64");
    let mut work = Vec::new();
    for kind in marks.kinds().into_iter().filter(sliced) {
        // What JSON escapes is written again as the slices are.
        let plain = |text: &str| match kind {
            "raw" => text.to_owned(),
            _ => serde_json::from_str(&format!("\"{text}\"")).unwrap(),
        };
        work.extend(marks.texts(kind).map(|text| (kind, plain(text))));
    }
    let count = side_by_side(&work, |(kind, value), count| {
        let said = format!("{BEFORE}{value}{BEHIND}");
        assert!(marks.found_in(value.as_bytes()).is_some() || kind.starts_with("json"), "{value}");
        for (nth, slices) in cuts(&said).into_iter().enumerate() {
            for form in [Form::Events, Form::Lines, Form::Messages] {
                let codings: &[Coding] = match form {
                    // The coding has no part in how the text is cut: each has its turn.
                    Form::Events => &[Coding::Plain, Coding::ALL[nth % Coding::ALL.len()]],
                    Form::Lines | Form::Messages => &[Coding::Plain],
                };
                for coding in codings {
                    let heard = heard(form, &slices, *coding, &needles);
                    assert_eq!(heard.text, format!("{BEFORE}[redacted]{BEHIND}"), "{slices:?}");
                    count.bytes += marks.none_in(heard.bytes.as_bytes(), kind);
                    count.bytes += marks.none_in(heard.text.as_bytes(), kind);
                    count.answers += 1;
                }
            }
            count.cuts += 1;
        }
    });
    println!(
        "canary: {} values and spellings in slices, cut in {} ways = {} streams of events, lines and messages, each \
         whole and byte by byte, {} bytes: 0 found",
        work.len(),
        count.cuts,
        count.answers,
        count.bytes,
    );
    assert!(count.cuts > 4000 && count.answers > 16_000, "{} {}", count.cuts, count.answers);
}
