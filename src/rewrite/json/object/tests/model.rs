//! Arbitrary objects and edits beside a model of what they should become.
//!
//! It never compares with a tree printed again: untouched bytes are compared as bytes.

use super::*;
use crate::rewrite::json::members::{Member, members};
use crate::rewrite::json::sample;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Op {
    Set(usize, String),
    Remove(usize),
    Spread(usize, Vec<(String, String)>),
    Append(String, String),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let pair = (sample::plain_name(), sample::value());
    let op = prop_oneof![
        (0..6usize, sample::value()).prop_map(|(i, value)| Op::Set(i, value)),
        (0..6usize).prop_map(Op::Remove),
        (0..6usize, prop::collection::vec(pair.clone(), 0..3))
            .prop_map(|(i, pairs)| Op::Spread(i, pairs)),
        pair.prop_map(|(name, value)| Op::Append(name, value)),
    ];
    prop::collection::vec(op, 0..6)
}

fn apply<'o>(object: &mut ObjectEdit<'o>, op: &'o Op) {
    match op {
        Op::Set(i, value) => object.set_value(*i, value.clone().into()),
        Op::Remove(i) => object.remove(*i),
        Op::Spread(i, pairs) => {
            object.spread(*i, pairs.iter().map(|(name, value)| new(name, value)).collect())
        }
        Op::Append(name, value) => object.append(new(name, value)),
    }
}

/// What the object should hold: per old member its pairs and whether it was touched; then the appended.
type Pairs = Vec<(String, String)>;

fn model(old: &Pairs, ops: &[Op]) -> (Vec<Option<Pairs>>, Pairs) {
    let mut rows: Vec<Option<Pairs>> = vec![None; old.len()];
    let mut appended = Vec::new();
    for op in ops {
        match op {
            Op::Append(name, value) => appended.push((name.clone(), value.clone())),
            Op::Set(i, _) | Op::Remove(i) | Op::Spread(i, _)
                if *i >= old.len() || rows[*i] == Some(Vec::new()) => {}
            Op::Set(i, value) => rows[*i] = Some(vec![(old[*i].0.clone(), value.clone())]),
            Op::Remove(i) => rows[*i] = Some(Vec::new()),
            Op::Spread(i, pairs) => rows[*i] = Some(pairs.clone()),
        }
    }
    (rows, appended)
}

fn owned(members: &[Member<'_>]) -> Pairs {
    let text = |raw: &[u8]| String::from_utf8(raw.to_vec()).unwrap();
    members.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

/// An object in a document, opened, with its places and its members by value.
struct Opened {
    document: String,
    span: Range<usize>,
    places: Vec<(usize, usize)>,
    old: Pairs,
}

fn opened() -> impl Strategy<Value = Opened> {
    let parts = (sample::space(), sample::object(), sample::space());
    parts.prop_map(|(before, source, after)| {
        let span = before.len()..before.len() + source.len();
        let document = format!("{before}{source}{after}");
        let object = ObjectEdit::open(document.as_bytes(), span.clone()).unwrap();
        let place = |row: &Row| (row.place.name.start, row.place.value.end);
        let places = object.rows.iter().map(place).collect();
        let old = owned(&members(source.as_bytes()).unwrap());
        Opened { document, span, places, old }
    })
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.document)
    }
}

impl Opened {
    fn edits(&self, ops: &[Op]) -> Vec<Edit> {
        let mut object = ObjectEdit::open(self.document.as_bytes(), self.span.clone()).unwrap();
        ops.iter().for_each(|op| apply(&mut object, op));
        object.finish()
    }

    fn result(&self, ops: &[Op]) -> String {
        String::from_utf8(splice(self.document.as_bytes(), self.edits(ops)).unwrap()).unwrap()
    }

    /// The texts that no edit may touch, in order: all before the first member, each run of
    /// untouched members with the separators inside it, all behind the last member.
    fn untouched(&self, rows: &[Option<Pairs>]) -> Vec<&str> {
        let lead = self.places.first().map_or(self.span.start + 1, |place| place.0);
        let trail = self.places.last().map_or(self.span.end - 1, |place| place.1);
        let mut runs: Vec<(usize, usize)> = Vec::new();
        let mut running = false;
        for (row, place) in rows.iter().zip(&self.places) {
            match runs.last_mut().filter(|_| running && row.is_none()) {
                Some(run) => run.1 = place.1,
                None => runs.extend(row.is_none().then_some(*place)),
            }
            running = row.is_none();
        }
        let edges = [(0, lead)].into_iter().chain(runs).chain([(trail, self.document.len())]);
        edges.map(|(start, end)| &self.document[start..end]).collect()
    }
}

proptest! {
    #[test]
    fn after_any_edits_the_object_holds_the_models_members(opened in opened(), ops in ops()) {
        let result = opened.result(&ops);
        let (rows, appended) = model(&opened.old, &ops);
        let kept = rows.iter().zip(&opened.old);
        let kept = kept.flat_map(|(row, old)| row.clone().unwrap_or_else(|| vec![old.clone()]));
        let expected: Pairs = kept.chain(appended).collect();
        prop_assert_eq!(owned(&members(result.as_bytes()).unwrap()), expected);
        prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&result).is_ok());
    }

    #[test]
    fn whatever_no_edit_names_stays_byte_for_byte(opened in opened(), ops in ops()) {
        let result = opened.result(&ops);
        let (rows, appended) = model(&opened.old, &ops);
        let untouched = opened.untouched(&rows);
        prop_assert!(result.starts_with(untouched[0]) && result.ends_with(untouched[untouched.len() - 1]));
        let mut rest = result.as_str();
        for text in untouched {
            let at = rest.find(text);
            prop_assert!(at.is_some(), "{:?} not in {:?}", text, rest);
            rest = &rest[at.unwrap() + text.len()..];
        }
        if rows.iter().all(Option::is_none) && appended.is_empty() {
            prop_assert_eq!(result, opened.document);
        }
    }

    #[test]
    fn edits_come_in_order_and_apart(opened in opened(), ops in ops()) {
        let edits = opened.edits(&ops);
        prop_assert!(edits.windows(2).all(|two| two[0].span.end <= two[1].span.start));
        prop_assert!(edits.iter().all(|edit| !edit.span.is_empty() || !edit.with.is_empty()));
    }

    #[test]
    fn setting_one_value_changes_that_value_alone(opened in opened(), i in 0..6usize, value in sample::value()) {
        let object = ObjectEdit::open(opened.document.as_bytes(), opened.span.clone()).unwrap();
        let Some(Range { start, end }) = object.value_span(i) else { return Ok(()) };
        let expected = [&opened.document[..start], &value, &opened.document[end..]].concat();
        prop_assert_eq!(opened.result(&[Op::Set(i, value)]), expected);
    }
}
