//! Close frames: what one may say, and that it is the last.
//!
//! It never waits for an answer: nothing here answers.

use super::*;

fn close(payload: &[u8]) -> Result<(), FrameFault> {
    fed(Role::FromServer, &plain(0x88, payload)).1
}

#[test]
fn half_a_code_and_a_code_that_must_not_be_sent_are_refused() {
    assert_eq!(close(&[3]), Err(FrameFault::BadClose));
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535_u16] {
        assert_eq!(close(&code.to_be_bytes()), Err(FrameFault::BadClose), "{code}");
    }
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1011, 1012, 1014, 3000, 3999, 4999_u16] {
        assert_eq!(close(&code.to_be_bytes()), Ok(()), "{code}");
    }
    assert_eq!(close(b""), Ok(()));
}

#[test]
fn a_reason_is_utf_8() {
    let with = |reason: &[u8]| close(&[&1000_u16.to_be_bytes(), reason].concat());
    assert_eq!(with(b"\xff"), Err(FrameFault::NotUtf8));
    assert_eq!(with(b"bye \xe2\x82"), Err(FrameFault::NotUtf8));
    assert_eq!(with("bye é".as_bytes()), Ok(()));
}

#[test]
fn a_masked_close_is_unmasked_before_it_is_judged() {
    let judged = |payload: &[u8]| fed(Role::FromClient, &raw(0x88, payload, Some(KEY))).1;
    assert_eq!(judged(&1005_u16.to_be_bytes()), Err(FrameFault::BadClose));
    assert_eq!(judged(&1000_u16.to_be_bytes()), Ok(()));
}

#[test]
fn nothing_is_read_after_a_close_frame() {
    let goodbye = plain(0x88, &1000_u16.to_be_bytes());
    for cut in [false, true] {
        let mut reader = Reader::new(Role::FromServer, bounds());
        let mut events = Vec::new();
        let garbage = [plain(0x81, b"a"), vec![0xff; 9]].concat();
        if cut {
            reader.feed(&goodbye, &mut events).unwrap();
            reader.feed(&garbage, &mut events).unwrap();
        } else {
            reader.feed(&[goodbye.clone(), garbage].concat(), &mut events).unwrap();
        }
        assert!(reader.is_closed());
        assert_eq!(events.len(), 1);
        assert_eq!(events.remove(0).into_sent(), goodbye);
    }
}

#[test]
fn a_close_inside_a_message_ends_it_untold() {
    let bytes = [plain(0x01, b"a"), plain(0x88, b""), plain(0x80, b"b")].concat();
    let shown: Vec<_> = read(&bytes).iter().map(shown).collect();
    assert_eq!(shown, ["Close [136, 0]"]);
}

#[test]
fn what_is_sent_from_here_is_a_close_that_may_be_sent() {
    for code in [
        CloseCode::GoingAway,
        CloseCode::Protocol,
        CloseCode::Unsupported,
        CloseCode::NotUtf8,
        CloseCode::Policy,
        CloseCode::TooBig,
        CloseCode::Internal,
    ] {
        let payload = code.number().to_be_bytes();
        assert_eq!(close_frame(code, None), plain(0x88, &payload));
        assert_eq!(close_frame(code, Some(KEY)), raw(0x88, &payload, Some(KEY)));
        assert_eq!(close(&payload), Ok(()));
    }
}
