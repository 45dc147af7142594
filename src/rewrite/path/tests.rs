//! Path segments: what is refused, which one is meant, and that the path keeps its shape.
//!
//! It never counts segments the way the room does: the naive reading splits.

use super::*;
use crate::rewrite::percent::PercentFaultKind;
use crate::rewrite::splice::splice;
use proptest::prelude::*;

fn text(path: &str, index: usize) -> Option<String> {
    segment(path.as_bytes(), index).unwrap().map(|segment| segment.text)
}

#[test]
fn values_that_change_the_paths_meaning_are_refused() {
    let segment = segment(b"/a/b", 1).unwrap().unwrap();
    assert_eq!(replace(&segment, ""), Err(PathFault::Empty));
    assert_eq!(replace(&segment, "."), Err(PathFault::Dots));
    assert_eq!(replace(&segment, ".."), Err(PathFault::Dots));
    assert_eq!(replace(&segment, "...").unwrap().with, b"...");
    assert_eq!(replace(&segment, "../x?y#z").unwrap().with, b"..%2Fx%3Fy%23z");
}

#[test]
fn a_segment_that_cannot_be_decoded_is_refused_only_where_it_was_asked_for() {
    let kind = PercentFaultKind::BadEscape;
    let fault = PathFault::Encoding(PercentFault { offset: 4, kind });
    assert_eq!(segment(b"/a/b%/c", 1), Err(fault));
    assert_eq!(fault.to_string(), "malformed percent escape at offset 4");
    assert_eq!(text("/a/b%/c", 2).unwrap(), "c");
}

#[test]
fn a_segment_that_is_not_there_is_none() {
    for path in ["", "*", "a/b", "?/a", "http://x/a"] {
        assert_eq!(text(path, 0), None, "{path}");
    }
    assert_eq!(text("/a/b", 2), None);
    assert_eq!(text("/a?x=/b", 1), None);
    assert_eq!(text("/a#/b", 1), None);
}

#[test]
fn segments_are_counted_as_sent() {
    assert_eq!(text("/", 0).unwrap(), "");
    assert_eq!(text("/a/", 1).unwrap(), "");
    assert_eq!(text("//a", 1).unwrap(), "a");
    assert_eq!(text("/a/../b", 2).unwrap(), "b");
    assert_eq!(text("/a%2Fb/c", 0).unwrap(), "a/b");
    assert_eq!(text("/a/b+c%20d?e", 1).unwrap(), "b+c d");
}

#[test]
fn debug_prints_the_size_and_not_the_text() {
    let segment = segment(b"/a/Ann", 1).unwrap().unwrap();
    assert_eq!(format!("{segment:?}"), "Segment(3..6, 3 bytes)");
}

proptest! {
    #[test]
    fn after_replace_the_value_reads_back_and_the_rest_is_as_sent(
        path in "(/([a-z.+;]|%2F|%C3%A9){0,3}){1,5}(\\?[a-z/?]{0,4})?", index in 0..5usize, new: String
    ) {
        let Some(found) = segment(path.as_bytes(), index).unwrap() else { return Ok(()) };
        let Ok(edit) = replace(&found, &new) else {
            prop_assert!(["", ".", ".."].contains(&new.as_str()));
            return Ok(());
        };
        let out = String::from_utf8(splice(path.as_bytes(), vec![edit]).unwrap()).unwrap();
        prop_assert_eq!(text(&out, index).unwrap(), new);
        let split = |path: &str| {
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            let segments: Vec<_> = path.split('/').skip(1).map(str::to_owned).collect();
            (segments, query.to_owned())
        };
        let (mut before, query) = split(&path);
        let (after, query_after) = split(&out);
        before[index].clone_from(&after[index]);
        prop_assert_eq!((before, query), (after, query_after));
    }

    #[test]
    fn any_bytes_are_read_or_refused_and_never_panic(
        path in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'/'), Just(b'%')], 0..20), index in 0..6usize
    ) {
        let path = [b"/".as_slice(), &path].concat();
        if let Ok(Some(segment)) = segment(&path, index) {
            let whole = path.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap();
            prop_assert_eq!(&path[segment.span], whole.split(|byte| *byte == b'/').nth(index + 1).unwrap());
        }
    }
}
