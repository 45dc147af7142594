//! The redactor as a whole, by kind of rule. Here is what those share; no test.

mod base64;
mod builder;
mod decode;
mod glance;
mod held;
mod json;
mod later;
mod properties;
mod spell;
mod text;
mod work;

use super::unit::{Layers, Taken, take};
use super::*;

const VALUES: [&str; 12] = [
    "Zoë Müller",
    "smile 😀 now",
    "say \"hi\" \\o/ there",
    "Ann Smith-Jones",
    "+49 (170) 12+34",
    "zoe.mueller@example.com",
    "4917012345678",
    "C:\\users\\nancy",
    "50% & more <b>",
    "line\nbreak\ttab",
    "nancy",
    "Zoë Müller-Lüdenscheidt",
];

fn mark(text: &str) -> Replacement {
    Replacement::Mark(Mark::new(text).unwrap())
}

/// Every number is sought, however short.
fn needles(values: &[&str]) -> Arc<Needles> {
    let every = Shortness { number: 0, ..Shortness::default() };
    let add = |builder: Builder, value: &&str| builder.add(value, mark("[redacted]"));
    Arc::new(values.iter().fold(Needles::builder().short(every), add).build().unwrap())
}

fn whole(needles: &Needles, text: impl AsRef<[u8]>) -> String {
    let text = text.as_ref();
    let redacted = redact(needles, text).unwrap_or_else(|| text.to_vec());
    String::from_utf8_lossy(&redacted).into_owned()
}

fn cut(needles: &Arc<Needles>, pieces: &[&[u8]]) -> (String, u64) {
    let mut redactor = Redactor::new(Arc::clone(needles), Sought::Everything);
    let mut out = BytesMut::new();
    for piece in pieces {
        redactor.push(piece, &mut out);
    }
    redactor.finish(&mut out);
    (String::from_utf8_lossy(&out).into_owned(), redactor.count())
}

fn every_cut(needles: &Arc<Needles>, text: &str, wanted: &str) -> usize {
    for at in 0..=text.len() {
        let (left, right) = text.as_bytes().split_at(at);
        let (got, count) = cut(needles, &[left, right]);
        assert_eq!(got, wanted, "{text} cut at {at}");
        assert_eq!(count, u64::from(wanted != text));
    }
    let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(cut(needles, &single).0, wanted, "{text} byte by byte");
    assert_eq!(whole(needles, text), wanted, "{text}");
    text.len() + 3
}

/// The redaction without the filter, the shortcuts and the streaming.
fn plain_search(needles: &Needles, text: &[u8]) -> Vec<u8> {
    let source = Source { bytes: text, base: 0, tail: Tail::Closed };
    let (mut out, mut at, mut escape) = (Vec::new(), 0, (0, 0));
    let (mut emitted, mut start) = (0, 0);
    while start < text.len() {
        if start >= escape.1
            && let Taken::Whole(unit) = take(text, start, Layers::Once)
        {
            escape = (start, unit.end);
        }
        let begin = if start < escape.1 { escape.0 } else { start };
        let mut walks = Walks::new();
        let sought = Sought::Everything;
        let mut scan = Scan { needles, source, walks: &mut walks, sought, slices: &[] };
        match scan.try_at(start, begin.max(at), needles.roles(text[start])) {
            Ok(Some(found)) => {
                out.extend_from_slice(&text[emitted..found.from]);
                write::write(&found, needles.replacement(found.pattern.replacement), source, |b| {
                    out.extend_from_slice(b)
                });
                (emitted, at, start, escape) = (found.to, found.to, found.to, (found.to, found.to));
            }
            _ => start += 1,
        }
    }
    out.extend_from_slice(&text[emitted..]);
    out
}
