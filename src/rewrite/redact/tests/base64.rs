//! Values within base64.

use super::{VALUES, every_cut, needles, whole};
use ::base64::Engine;
use ::base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

#[test]
fn escaped_slashes_do_not_hide_base64() {
    let value = "oh?oh?oh?>>>>???";
    let needles = needles(&[value]);
    let text = STANDARD.encode(value);
    assert!(text.contains('/'));
    for spelt in [text.replace('/', "\\/"), text.replace('/', "%2F").replace('+', "%2B")] {
        let got = whole(&needles, &spelt);
        assert_ne!(got, spelt);
        assert_eq!(got.len(), spelt.len());
    }
}

#[test]
fn base64_is_overwritten_in_place_at_every_alignment_and_cut() {
    for value in VALUES {
        let needles = needles(&[value]);
        for before in ["", "x", "yy", "zzz", "{\"n\":\""] {
            for after in ["", "x", "yy", "\"}?>~"] {
                let plain = format!("{before}{value}{after}");
                let starred = format!("{before}{}{after}", "*".repeat(value.len()));
                for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                    let (text, wanted) = (engine.encode(&plain), engine.encode(&starred));
                    every_cut(&needles, &format!("=.{text}.="), &format!("=.{wanted}.="));
                }
            }
        }
    }
}

#[test]
fn base64_behind_a_lone_backslash_is_found() {
    // `\b` is an escape in JSON, and only a backslash elsewhere.
    let text = "C:\\bmFuY3k= and so on";
    every_cut(&needles(&["nancy"]), text, "C:*KioqKio= and so on");
}
