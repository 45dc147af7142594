//! What holds values or handles on the way of an answer, and can be printed, prints neither.
//!
//! The socket and the ways of treating a body (`Socket`, `Joined`, `Streamed`, `Events`, `Whole`,
//! `Decoder`) cannot be printed at all.

use std::fmt::Debug;

use bytes::BytesMut;

use super::spellings::{Marks, PAYLOAD};
use super::*;
use crate::dialect::find::Carries;
use crate::dialect::reveal::{Revealed, Verdict};
use crate::proxy::passage::Passage;
use crate::proxy::swap::Swapped;
use crate::rewrite::frames::{Bounds, Event as FrameEvent, Reader, Role};
use crate::rewrite::joined::Shown;
use crate::rewrite::redact::slices::Slices;
use crate::rewrite::redact::sse::Event;
use crate::rewrite::redact::{Mark, Redactor, Replacement, Sought};
use crate::rewrite::splice::Edit;

/// A frame from a vendor.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, 126], &u16::try_from(payload.len()).unwrap().to_be_bytes()[..], payload].concat()
}

/// Everything that frames become, and a reader in the middle of one.
fn frames() -> (Vec<FrameEvent>, Reader) {
    let mut reader = Reader::new(Role::FromServer, Bounds::default());
    let mut events = Vec::new();
    for first in [0x81, 0x82, 0x01] {
        reader.feed(&frame(first, PAYLOAD.as_bytes()), &mut events).unwrap();
    }
    let short = &PAYLOAD.as_bytes()[..100];
    reader.feed(&[&[0x89, 100], short].concat(), &mut events).unwrap();
    assert_eq!(events.len(), 3);
    (events, reader)
}

fn redactors(needles: &Arc<Needles>) -> (Redactor, Slices) {
    let mut redactor = Redactor::new(Arc::clone(needles), Sought::Everything);
    redactor.push(b"canary.q7@example", &mut BytesMut::new());
    let mut slices = Slices::new(Arc::clone(needles));
    slices.event("canary.q7@example");
    assert!(redactor.held() > 10);
    (redactor, slices)
}

#[test]
fn no_debug_says_anything() {
    let (marks, one) = (Marks::all(), revelation());
    let text = one.handle.expose();
    let mut watch = Watch::default();
    watch.reveal([one.clone()]);
    let needles = watch.needles(RedactAs::default()).unwrap();
    let mut passage = Passage::new();
    passage.watch.reveal([one.clone()]);
    passage.redeemed.note(&[one.handle.id()]);
    let mark = Mark::new(&text).unwrap();
    let swapped = Swapped {
        revealed: Revealed::default(),
        leases: Vec::new(),
        redeemed: vec![one.handle.id()],
        revelations: vec![one.clone()],
        beside: vec![one.clone()],
    };
    let (bytes, carries) = (PAYLOAD.as_bytes().to_vec(), Carries::Handle(text.clone()));
    let ((frames, reader), (redactor, slices)) = (frames(), redactors(&needles));
    let all: [&dyn Debug; 20] = [
        &one,
        &one.payload,
        &one.handle,
        &watch,
        &needles,
        &Needles::builder().add(PAYLOAD, Replacement::Mark(mark.clone())),
        &mark,
        &Replacement::Mark(mark.clone()),
        &Replacement::SameLength,
        &passage,
        &swapped,
        &Verdict::Payload(Arc::clone(&one.payload)),
        &carries,
        &Shown { before: vec![bytes.clone()], text: Some(bytes.clone()) },
        &Event { bytes: bytes.clone(), data: Vec::new() },
        &Edit { span: 0..1, with: bytes.clone() },
        &frames,
        &reader,
        &redactor,
        &slices,
    ];
    for one in all {
        let said = format!("{one:?} {one:#?}");
        assert!(said.len() > 10, "{said}");
        marks.none_in(said.as_bytes(), "Debug");
        let secret = text.get(20..).unwrap();
        assert!(!said.contains(secret) && !said.contains("canary"), "{said}");
    }
    assert!(marks.found_in(PAYLOAD.as_bytes()).is_some(), "the search finds what is there");
}
