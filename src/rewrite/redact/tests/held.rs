//! What is held back, for how long, and how much at most.

use super::super::*;
use super::{VALUES, every_cut, needles};

#[test]
fn what_was_held_at_the_end_goes_out_as_sent() {
    let needles = needles(&["Zoë Müller", "zoe@example.com"]);
    for tail in
        ["Zo", "Zo\\", "Zo\\u00", "Zo%", "Zo%C3", "Zo&eum", "Zoë Mülle", "\\ud83d", "zoe%4", "Wm/"]
    {
        every_cut(&needles, &format!("x {tail}"), &format!("x {tail}"));
    }
    let mut redactor = Redactor::new(Arc::clone(&needles), Sought::Everything);
    let mut out = BytesMut::new();
    redactor.push(b"x Zo\xc3", &mut out);
    assert_eq!((&out[..], redactor.held()), (&b"x "[..], 3));
    redactor.finish(&mut out);
    assert_eq!((&out[..], redactor.held()), (&b"x Zo\xc3"[..], 0));
}

#[test]
fn no_event_waits_once_it_cannot_be_part_of_a_value() {
    let needles = needles(&VALUES);
    let mut redactor = Redactor::new(Arc::clone(&needles), Sought::Everything);
    let mut out = BytesMut::new();
    for event in [
        "data: {\"t\":\"Hello Zoë Mül\"}\n\n",
        "data: {\"t\":\"100%\"}\n\n",
        ": ping\n\n",
        "data: a\\\n\n",
    ] {
        redactor.push(event.as_bytes(), &mut out);
        assert_eq!(redactor.held(), 0, "{event}");
    }
}

#[test]
fn an_event_that_ends_with_a_value_does_not_wait_for_the_next() {
    let needles = needles(&["4917012345", "Al"]);
    for (event, wanted) in [
        ("data: 4917012345\n\n", "data: 1111111111\n\n"),
        ("data: \"Al\"\r\n\r\n", "data: \"[redacted]\"\r\n\r\n"),
    ] {
        let mut redactor = Redactor::new(Arc::clone(&needles), Sought::Everything);
        let mut out = BytesMut::new();
        redactor.push(event.as_bytes(), &mut out);
        assert_eq!((String::from_utf8_lossy(&out).as_ref(), redactor.held()), (wanted, 0));
        every_cut(&needles, event, wanted);
    }
}

#[test]
fn plain_text_holds_nothing_back_for_base64() {
    let needles = needles(&["Zoë Müller"]);
    let mut redactor = Redactor::new(needles, Sought::Text);
    let mut out = BytesMut::new();
    for slice in ["Hel", "lo Wm", "9 Z"] {
        redactor.push(slice.as_bytes(), &mut out);
    }
    assert_eq!(&out[..], b"Hello Wm9 ");
}

#[test]
fn what_is_held_stays_within_the_stated_bound() {
    let value = "😀".repeat(20);
    let needles = needles(&[&value]);
    let mut redactor = Redactor::new(Arc::clone(&needles), Sought::Everything);
    let mut out = BytesMut::new();
    let half = |code: &str| format!("&#x000005c;u{code}");
    let spelt = (half("d83d") + &half("de00")).repeat(19) + &half("d83d");
    redactor.push(spelt.as_bytes(), &mut out);
    assert!(out.is_empty());
    assert!(redactor.held() <= value.chars().count() * unit::UNIT_MAX);
    assert!(redactor.held() <= redactor.needles.held_max());
    redactor.push(half("de00").as_bytes(), &mut out);
    redactor.finish(&mut out);
    assert_eq!(&out[..], b"[redacted]");
}
