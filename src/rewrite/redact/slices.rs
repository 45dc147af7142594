//! One text that comes in slices: a sentence as many events, a few characters in each.
//!
//! It knows nothing of events or JSON: it takes the decoded slices in order, and gives back what may
//! be shown of the joined text.

use super::{Needles, Redactor, Sought};
use bytes::BytesMut;
use std::sync::Arc;

/// One joined text. What it holds back of a slice comes with a later one, or at the end.
#[derive(Debug)]
pub struct Slices {
    redactor: Redactor,
}

impl Slices {
    /// For a new text.
    pub fn new(needles: Arc<Needles>) -> Self {
        Self { redactor: Redactor::new(needles, Sought::Text) }
    }

    /// What may be shown after this slice, in its place; empty where all of it may be part of a value.
    pub fn event(&mut self, text: &str) -> String {
        let mut out = BytesMut::with_capacity(text.len());
        self.redactor.push(text.as_bytes(), &mut out);
        shown(&out)
    }

    /// Goes on with other values, of which what is held back is searched too.
    pub fn adopt(&mut self, needles: Arc<Needles>) {
        self.redactor.adopt(needles);
    }

    /// The text's end: what was held back.
    pub fn finish(&mut self) -> String {
        let mut out = BytesMut::new();
        self.redactor.finish(&mut out);
        shown(&out)
    }

    /// How many bytes are held back.
    pub fn held(&self) -> usize {
        self.redactor.held()
    }

    /// How many values were replaced so far.
    pub fn count(&self) -> u64 {
        self.redactor.count()
    }
}

/// Values and escapes begin and end between characters, so there is nothing to be lossy about.
fn shown(out: &[u8]) -> String {
    String::from_utf8_lossy(out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::{Mark, Replacement};
    use super::*;

    fn slices() -> Slices {
        let add =
            |b: super::super::Builder, v| b.add(v, Replacement::Mark(Mark::new("[x]").unwrap()));
        Slices::new(Arc::new(
            ["Zoë Müller", "4917012345", "Al"]
                .into_iter()
                .fold(Needles::builder(), add)
                .build()
                .unwrap(),
        ))
    }

    #[test]
    fn a_value_cut_over_five_events_is_not_shown() {
        let mut slices = slices();
        let shown: Vec<_> = ["Hello Z", "oë", " M", "üll", "er, bye"]
            .into_iter()
            .map(|s| slices.event(s))
            .collect();
        assert_eq!(shown, ["Hello ", "", "", "", "[x], bye"]);
        assert_eq!((slices.finish(), slices.count()), (String::new(), 1));
    }

    #[test]
    fn what_turns_out_to_be_no_value_is_shown_at_once_and_the_rest_at_the_end() {
        let mut slices = slices();
        assert_eq!(slices.event("Zoë M"), "");
        assert_eq!(slices.event("eier Zo"), "Zoë Meier ");
        assert_eq!(slices.finish(), "Zo");
    }

    #[test]
    fn plain_text_is_not_judged_as_json() {
        let mut slices = slices();
        let text = slices.event("4917012345") + &slices.event(", \"Al\",") + &slices.finish();
        assert_eq!(text, "[x], \"Al\",");
    }
}
