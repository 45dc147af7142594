//! What a reader holds.
//!
//! It never measures the process: a reader's own buffers are counted.

use super::*;

#[test]
fn a_head_allocates_nothing_of_what_it_announces() {
    let mut reader = Reader::new(Role::FromServer, Bounds::default());
    let mut events = Vec::new();
    reader.feed(&plain(0x81, &vec![b'a'; 1 << 20])[..10], &mut events).unwrap();
    assert!(reader.held() < 100, "{reader:?}");
}

#[test]
fn what_is_held_is_bounded_however_slowly_it_comes() {
    let mut reader = Reader::new(Role::FromServer, bounds());
    let mut events = Vec::new();
    let message = [plain(0x01, &[b'a'; 300]), plain(0, b""), plain(0, b""), plain(0, b"")].concat();
    for byte in message {
        reader.feed(&[byte], &mut events).unwrap();
        // A frame and twice a message, each in a buffer that grows by doubling.
        assert!(reader.held() <= 2 * (310 + 400 + 440), "{reader:?}");
    }
    assert_eq!(events, []);
}

#[test]
fn a_reader_lets_go_of_a_big_frame_when_it_is_done() {
    let mut reader = Reader::new(Role::FromServer, Bounds::default());
    let mut events = Vec::new();
    reader.feed(&plain(0x81, &vec![b'a'; 1 << 20]), &mut events).unwrap();
    assert!(reader.held() <= 16 * 1024, "{reader:?}");
}

#[test]
fn a_reader_that_reads_no_more_holds_nothing() {
    for last in [plain(0x88, b""), plain(0x81, b"a")] {
        let mut reader = Reader::new(Role::FromServer, bounds());
        let mut events = Vec::new();
        reader.feed(&plain(0x01, b"a"), &mut events).unwrap();
        let end = reader.feed(&[last, plain(0x80, b"b")].concat(), &mut events);
        assert_eq!(reader.feed(&plain(0x81, b"c"), &mut events), end);
        assert_eq!(reader.held(), 0, "{reader:?}");
    }
}
