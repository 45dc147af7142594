//! The leak canary over texts that come in slices: each value in each spelling, cut between
//! any two characters and into single ones, in events, lines and socket messages. What is
//! searched is what a widget would show: the slices put together again.
//!
//! Not in base64: that is found within a slice alone (`docs/vendors/README.md`).

use super::*;
use crate::rewrite::joined::Joined;
use crate::rewrite::redact::{Mark, Replacement, redact_around};

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
    Heard::of(heard_of(form, &texts, coding, needles), form.field())
}

/// What the browser gets of these JSON texts.
fn heard_of(form: Form, texts: &[String], coding: Coding, needles: &Arc<Needles>) -> String {
    match form {
        Form::Events => {
            let stream: String = texts.iter().map(|text| format!("data: {text}\n\n")).collect();
            sent(&stream, coding, Called::Events, needles)
        }
        Form::Lines => {
            let stream: String = texts.iter().map(|text| format!("{text}\n")).collect();
            sent(&stream, coding, Called::Otherwise, needles)
        }
        Form::Messages => {
            let mut joined = Joined::new(Arc::clone(needles), pointers());
            let mut shown = String::new();
            let mut add = |text: &[u8], joined: &Joined| {
                // A message is searched as it goes on, too.
                let new = redact_around(needles, text, &joined.slices_in(text));
                let text = new.unwrap_or(text.to_vec());
                shown.push_str(&format!("{}\n", String::from_utf8(text).unwrap()));
            };
            for text in texts {
                let one = joined.text(text.as_bytes()).unwrap();
                one.before.iter().for_each(|text| add(text, &joined));
                add(one.text.as_deref().unwrap_or(text.as_bytes()), &joined);
            }
            joined.finish().iter().for_each(|text| add(text, &joined));
            shown
        }
    }
}

impl Form {
    /// What a line of it begins with.
    fn field(self) -> &'static str {
        match self {
            Self::Events => "data: ",
            Self::Lines | Self::Messages => "",
        }
    }
}

/// Needles of which those below so many bytes are whole JSON values alone.
fn short(value: usize, values: &[&str]) -> Arc<Needles> {
    let mark = || Replacement::Mark(Mark::new("[redacted]").unwrap());
    let builder = Needles::builder().short(Shortness { value, ..Shortness::default() });
    Arc::new(values.iter().fold(builder, |b, v| b.add(v, mark())).build().unwrap())
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

#[test]
fn a_slice_that_is_all_of_a_short_value_stays_and_another_member_does_not() {
    let needles = short(8, &["I", "Al", "1234567"]);
    let slices =
        [r#""Al""#, r#""I""#, r#"" am ""#, r#""\u0041l""#, "1234567", r#""\"Al\"""#, r#""Al""#];
    let texts = |by: &str, to: &str| -> Vec<String> {
        let json = |it: &&str| format!(r#"{{"by":"{by}","text":{it},"is": ["{by}"],"to":{to}}}"#);
        slices.iter().map(json).collect()
    };
    let said = texts("Al", "1234567");
    let wanted = texts("[redacted]", r#""[redacted]""#);
    for form in [Form::Events, Form::Lines, Form::Messages] {
        for coding in Coding::ALL {
            let heard = heard_of(form, &said, coding, &needles);
            let lines = heard.lines().filter_map(|line| line.strip_prefix(form.field()));
            assert_eq!(lines.filter(|it| !it.is_empty()).collect::<Vec<_>>(), wanted);
        }
    }
}

#[test]
fn a_short_value_that_was_held_back_as_a_beginning_is_given_out_as_it_is() {
    let needles = short(0, &["Al", "Albert Young"]);
    for form in [Form::Events, Form::Lines, Form::Messages] {
        let slices = ["See ", "Al"].map(str::to_owned);
        assert_eq!(heard(form, &slices, Coding::Plain, &needles).text, "See Al");
    }
}

#[test]
fn a_slice_is_left_where_it_stands_in_an_event_of_many_lines() {
    let stream = "id: 1\ndata: {\"a\":\ndata: \"Al\",\nevent: x\ndata:\"text\":\"Al\"}\n\n";
    let wanted = stream.replacen("Al", "[redacted]", 1);
    let got = sent(stream, Coding::Plain, Called::Events, &short(0, &["Al"]));
    assert_eq!(got, wanted);
}
