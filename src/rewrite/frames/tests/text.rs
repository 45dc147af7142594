//! UTF-8 over fragments, and what is not JSON going through unharmed.
//!
//! It never repairs a text.

use super::*;

/// Each part a fragment, the last one final.
fn fragments(parts: &[&[u8]]) -> Vec<u8> {
    let frame = |(n, part): (usize, &&[u8])| {
        let last = if n + 1 == parts.len() { 0x80 } else { 0 };
        plain(last | u8::from(n == 0), part)
    };
    parts.iter().enumerate().flat_map(frame).collect()
}

#[test]
fn text_that_is_not_utf_8_is_refused() {
    for bytes in [
        &b"\xff"[..],
        b"a\x80",
        b"\xc0\xaf",         // overlong
        b"\xed\xa0\x80",     // a surrogate
        b"\xf4\x90\x80\x80", // past U+10FFFF
        b"\xe2\x82",         // cut at the end of the message
    ] {
        assert_eq!(refused(&fragments(&[bytes])), FrameFault::NotUtf8, "{bytes:?}");
        assert_eq!(refused(&fragments(&[b"a", bytes])), FrameFault::NotUtf8, "{bytes:?}");
        for at in 1..bytes.len() {
            let (before, after) = bytes.split_at(at);
            assert_eq!(refused(&fragments(&[before, after])), FrameFault::NotUtf8, "{bytes:?}");
            assert_eq!(refused(&fragments(&[before, b"", after])), FrameFault::NotUtf8);
        }
    }
}

#[test]
fn text_that_cannot_become_utf_8_is_refused_before_its_message_ends() {
    assert_eq!(refused(&plain(0x01, b"\xff")), FrameFault::NotUtf8);
    assert_eq!(refused(&[plain(0x01, b"\xe2"), plain(0x00, b"a")].concat()), FrameFault::NotUtf8);
    assert_eq!(read(&plain(0x01, b"\xe2\x82")), []);
}

#[test]
fn a_character_may_be_cut_over_fragments() {
    let text = "é€\u{1f600}a";
    for at in 0..text.len() {
        let (before, after) = text.as_bytes().split_at(at);
        let (middle, end) = after.split_at(1);
        for parts in [&[before, after][..], &[before, b"", after], &[before, middle, end]] {
            let bytes = fragments(parts);
            let events = read(&bytes);
            assert_eq!(events.iter().map(shown).collect::<Vec<_>>(), [format!("text {text}")]);
            assert_eq!(events[0].clone().into_sent(), bytes);
        }
    }
}

#[test]
fn an_empty_message_is_one() {
    assert_eq!(shown(&read(&plain(0x81, b""))[0]), "text ");
    assert_eq!(shown(&read(&fragments(&[b"", b""]))[0]), "text ");
}

#[test]
fn text_that_is_no_json_goes_through() {
    for text in ["X", "2probe", "<a b='c'/>", "\u{feff}\0", "{\"a\":"] {
        let frame = text_frame(text, None);
        let [event] = read(&frame).try_into().unwrap();
        assert_eq!(shown(&event), format!("text {text}"));
        assert_eq!(event.into_sent(), frame);
    }
}

#[test]
fn a_ping_between_fragments_does_not_wait_for_the_message() {
    let ping = plain(0x89, b"?");
    let mut reader = Reader::new(Role::FromServer, bounds());
    let mut events = Vec::new();
    reader.feed(&[plain(0x01, b"a"), ping.clone()].concat(), &mut events).unwrap();
    assert_eq!(events.iter().map(shown).collect::<Vec<_>>(), [format!("Ping {ping:?}")]);
    reader.feed(&plain(0x80, b"b"), &mut events).unwrap();
    assert_eq!(shown(&events[1]), "text ab");
    assert_eq!(events.remove(1).into_sent(), [plain(0x01, b"a"), plain(0x80, b"b")].concat());
}
