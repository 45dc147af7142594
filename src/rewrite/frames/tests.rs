//! Frames by the rules of RFC 6455, one by one.
//!
//! Negatives first. It never draws streams at random; `streams` does.

mod close;
mod memory;
mod model;
mod streams;
mod text;

use super::*;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame put together by hand: first byte, payload, mask.
fn raw(first: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let bit = if mask.is_some() { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(bit | len as u8),
        len @ 126..=65_535 => {
            frame.push(bit | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(bit | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(mask.iter().flatten());
    let keys = mask.unwrap_or_default().into_iter().cycle();
    frame.extend(payload.iter().zip(keys).map(|(byte, key)| byte ^ key));
    frame
}

/// From a server.
fn plain(first: u8, payload: &[u8]) -> Vec<u8> {
    raw(first, payload, None)
}

fn bounds() -> Bounds {
    Bounds { frame_max: 300, message_max: 400, fragments_max: 4 }
}

fn fed(role: Role, bytes: &[u8]) -> (Vec<Event>, Result<(), FrameFault>) {
    let mut events = Vec::new();
    let end = Reader::new(role, bounds()).feed(bytes, &mut events);
    (events, end)
}

fn read(bytes: &[u8]) -> Vec<Event> {
    let (events, end) = fed(Role::FromServer, bytes);
    assert_eq!(end, Ok(()));
    events
}

fn refused(bytes: &[u8]) -> FrameFault {
    fed(Role::FromServer, bytes).1.unwrap_err()
}

/// An event, as a test writes it.
fn shown(event: &Event) -> String {
    match event {
        Event::Text(message) => format!("text {}", message.text()),
        Event::Binary(frame) => format!("binary {:?}", frame.sent()),
        Event::Control(control) => format!("{:?} {:?}", control.kind(), control.sent()),
    }
}

#[test]
fn reserved_bits_are_refused() {
    for bit in [0x40, 0x20, 0x10] {
        for first in [0x81, 0x01, 0x82, 0x89] {
            assert_eq!(refused(&plain(first | bit, b"a")), FrameFault::ReservedBits);
        }
    }
}

#[test]
fn opcodes_that_nobody_defined_are_refused() {
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        assert_eq!(refused(&plain(0x80 | opcode, b"")), FrameFault::BadOpcode);
    }
}

#[test]
fn a_client_masks_and_a_server_does_not() {
    for first in [0x81, 0x82, 0x89, 0x88] {
        let masked = raw(first, b"", Some(KEY));
        assert_eq!(refused(&masked), FrameFault::Masked);
        assert!(fed(Role::FromClient, &masked).1.is_ok());
        assert_eq!(fed(Role::FromClient, &plain(first, b"")).1, Err(FrameFault::Unmasked));
    }
}

#[test]
fn a_length_has_one_spelling() {
    assert_eq!(refused(&[0x81, 126, 0, 125]), FrameFault::BadLength);
    assert_eq!(refused(&[0x81, 127, 0, 0, 0, 0, 0, 0, 0, 1]), FrameFault::BadLength);
    assert_eq!(refused(&[0x81, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff]), FrameFault::BadLength);
    assert_eq!(refused(&[0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]), FrameFault::BadLength);
    assert_eq!(refused(&[0x81, 127, 0x7f, 0, 0, 0, 0, 0, 0, 0]), FrameFault::FrameTooBig);
}

#[test]
fn control_frames_are_whole_and_small() {
    for opcode in [8, 9, 10] {
        assert_eq!(refused(&plain(opcode, b"")), FrameFault::FragmentedControl);
        assert_eq!(refused(&plain(0x80 | opcode, &[b'a'; 126])), FrameFault::ControlTooBig);
    }
    let narrow = Bounds { frame_max: 1, message_max: 1, fragments_max: 0 };
    let mut events = Vec::new();
    let ping = plain(0x89, &[b'a'; 125]);
    assert_eq!(Reader::new(Role::FromServer, narrow).feed(&ping, &mut events), Ok(()));
    assert_eq!(events.len(), 1, "the bounds of messages are not theirs");
}

#[test]
fn fragments_belong_to_one_message() {
    for first in [0x80, 0x00] {
        assert_eq!(refused(&plain(first, b"a")), FrameFault::NothingToContinue);
        let after = [plain(0x81, b"a"), plain(first, b"b")].concat();
        assert_eq!(refused(&after), FrameFault::NothingToContinue);
    }
    for begun in [0x01, 0x02] {
        for next in [0x81, 0x82, 0x01, 0x02] {
            let inside = [plain(begun, b"a"), plain(next, b"b")].concat();
            assert_eq!(refused(&inside), FrameFault::MessageInsideMessage);
        }
    }
}

#[test]
fn a_frame_or_a_message_past_its_bound_is_refused_by_its_head_alone() {
    assert_eq!(refused(&plain(0x81, &[b'a'; 301])[..4]), FrameFault::FrameTooBig);
    assert_eq!(refused(&plain(0x82, &[b'a'; 301])[..4]), FrameFault::FrameTooBig);
    for first in [0x01, 0x02] {
        let begun = plain(first, &[b'a'; 300]);
        let past = [begun.as_slice(), &plain(0x80, &[b'a'; 101])[..2]].concat();
        assert_eq!(refused(&past), FrameFault::MessageTooBig);
        assert!(!read(&[begun, plain(0x80, &[b'a'; 100])].concat()).is_empty());
        let many = [plain(first, b""), plain(0, b"").repeat(3), plain(0x80, b"")].concat();
        assert_eq!(refused(&many), FrameFault::TooManyFragments);
    }
}

#[test]
fn a_fault_is_told_again_and_nothing_is_read_on() {
    let mut reader = Reader::new(Role::FromServer, bounds());
    let mut events = Vec::new();
    let bytes = [plain(0x81, b"a"), plain(0x83, b""), plain(0x81, b"b")].concat();
    assert_eq!(reader.feed(&bytes, &mut events), Err(FrameFault::BadOpcode));
    assert_eq!(reader.feed(&plain(0x81, b"c"), &mut events), Err(FrameFault::BadOpcode));
    assert_eq!(events.iter().map(shown).collect::<Vec<_>>(), ["text a"], "what came before stays");
    assert!(!reader.is_closed());
}

#[test]
fn every_fault_has_the_close_code_of_its_kind() {
    for (bytes, code) in [
        (plain(0xc1, b""), 1002),
        (plain(0x83, b""), 1002),
        (plain(0x80, b""), 1002),
        (plain(0x88, &[3]), 1002),
        (plain(0x81, b"\xff"), 1007),
        (plain(0x81, &[b'a'; 301]), 1009),
    ] {
        assert_eq!(refused(&bytes).close_code().number(), code);
    }
}

#[test]
fn neither_events_nor_readers_nor_faults_print_what_was_said() {
    let mut reader = Reader::new(Role::FromServer, bounds());
    let mut events = Vec::new();
    let bytes = [plain(0x81, b"swordfish"), plain(0x82, b"fish"), plain(0x89, b"fish")].concat();
    reader.feed(&[bytes, plain(0x01, b"fish")].concat(), &mut events).unwrap();
    let printed = format!("{events:?} {reader:?} {}", refused(&plain(0x81, b"fish\xff")));
    assert!(!printed.contains("fish"), "{printed}");
    assert!(printed.contains("TextMessage(9 bytes in 11)"), "{printed}");
}

#[test]
fn the_examples_of_rfc_6455_are_read() {
    let hello = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
    assert_eq!(shown(&read(&hello)[0]), "text Hello");
    let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    let (events, _) = fed(Role::FromClient, &masked);
    assert_eq!(shown(&events[0]), "text Hello");
    assert_eq!(events[0].clone().into_sent(), masked);
    let fragmented = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];
    let events = read(&fragmented);
    assert_eq!(shown(&events[0]), "text Hello");
    assert_eq!(events[0].clone().into_sent(), fragmented);
    let ping = [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
    assert_eq!(shown(&read(&ping)[0]), format!("Ping {ping:?}"));
    let pong = [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(shown(&fed(Role::FromClient, &pong).0[0]), format!("Pong {pong:?}"));
    let binary = [&[0x82, 0x7e, 0x01, 0x00][..], &[7; 256]].concat();
    assert_eq!(shown(&read(&binary)[0]), format!("binary {binary:?}"));
    let big = [&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0][..], &[7; 65_536]].concat();
    let mut events = Vec::new();
    Reader::new(Role::FromServer, Bounds::default()).feed(&big, &mut events).unwrap();
    assert_eq!(shown(&events[0]), format!("binary {big:?}"));
}

#[test]
fn frames_are_written_as_the_examples_of_rfc_6455() {
    assert_eq!(text_frame("Hello", None), [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(text_frame("Hello", Some(KEY)), masked);
    for len in [0, 125, 126, 65_535, 65_536] {
        let text = "a".repeat(len);
        assert_eq!(text_frame(&text, None), plain(0x81, text.as_bytes()), "{len}");
        assert_eq!(text_frame(&text, Some(KEY)), raw(0x81, text.as_bytes(), Some(KEY)), "{len}");
    }
}
