//! What is an escape, what may become one, and what it stands for.

use super::*;

fn taken(source: &str, layers: Layers) -> Option<(String, usize)> {
    match take(source.as_bytes(), 0, layers) {
        Taken::Whole(unit) => Some((String::from_utf8_lossy(unit.plain()).into(), unit.end)),
        Taken::Nothing | Taken::Cut => None,
    }
}

#[test]
fn what_is_no_escape_is_nothing() {
    for source in [
        r"\q",
        r"\u12g4",
        r"\ud83dx",
        r"\ud83d\n",
        r"\ude00",
        "%4",
        "%zz",
        "&;",
        "&#;",
        "&#x;",
        "&bogus;",
        "&#12345678;",
        "&#xd800;",
        "&eacute,",
        "&#233x",
        "a",
    ] {
        assert_eq!(taken(source, Layers::Once), None, "{source}");
    }
}

#[test]
fn what_may_still_become_one_is_cut() {
    for whole in
        [r"\ud83d\ude00", r"\\ud83d\\ude00", "%C3", "&eacute;", "&#x1F600;", "&#128512;", r"\\\/"]
    {
        for cut in 1..whole.len() {
            let source = whole.as_bytes().get(..cut).unwrap();
            let twice = take(source, 0, Layers::Twice);
            assert!(twice == Taken::Cut || whole.starts_with(r"\\\"), "{whole} {cut}");
        }
    }
}

#[test]
fn one_layer_is_undone() {
    for (source, plain) in [
        (r"\u00e9", "é"),
        (r"\u00E9", "é"),
        (r"\n", "\n"),
        (r"\/", "/"),
        (r#"\""#, "\""),
        (r"\\", "\\"),
        (r"\x27", "'"),
        (r"\'", "'"),
        (r"\ud83d\uDE00", "😀"),
        ("&#233;", "é"),
        ("&#xE9;", "é"),
        ("&#0039;", "'"),
        ("&eacute;", "é"),
        ("&Eacute;", "É"),
        ("&amp;", "&"),
        ("&nbsp;", "\u{a0}"),
        ("%2b", "+"),
    ] {
        assert_eq!(taken(source, Layers::Once), Some((plain.into(), source.len())), "{source}");
    }
}

#[test]
fn two_layers_are_undone() {
    for (source, plain) in [
        (r"\\u00e9", "é"),
        (r#"\\\""#, "\""),
        (r"\\\\", "\\"),
        (r"\\n", "\n"),
        (r"\\ud83d\\ude00", "😀"),
        (r"\\\/", "/"),
        (r"\u0026eacute;", "é"),
        ("&amp;#39;", "'"),
        ("%5C%22", "\""),
        ("%5cu00e9", "é"),
        ("%26%2339%3B", "'"),
        (r"\&quot;", "\""),
        ("%2540", "@"),
        ("&#92;u00e9", "é"),
        ("&amp;amp;", "&"),
    ] {
        assert_eq!(taken(source, Layers::Twice), Some((plain.into(), source.len())), "{source}");
    }
}
