//! That no damage to an audit passes: every byte, every line, any order.

use proptest::prelude::*;

use super::super::chain::line;
use super::super::{Entry, Event, Scene};
use super::*;
use crate::domain::{HandleId, Keyring, RootKey, TenantId, Timestamp};

fn keys(fill: u8) -> Vec<AuditKey> {
    let root = RootKey::from_bytes([fill; 32]).unwrap();
    Keyring::new((KeyId::new(1).unwrap(), root), Vec::new()).unwrap().audit_keys()
}

/// A file of `count` lines, continuing `last`.
fn lines(count: u8, last: &mut Link, key: &AuditKey) -> Vec<Vec<u8>> {
    let events = [Event::Issue, Event::Redeem, Event::Refuse, Event::Alarm, Event::Revoke];
    let all = (0..count).map(|n| {
        let event = if n == 0 { Event::Open } else { events[usize::from(n) % events.len()] };
        let entry =
            Entry::new(Timestamp::from_millis(1_900_000_000_000 + u64::from(n)), event, "ok")
                .of(&TenantId::parse("acme").unwrap(), Some(HandleId::from_random([n; 16])))
                .at(Some(Scene { route: "web", exchange: "send" }))
                .by((n % 2 == 0).then_some("crm"));
        let (text, link) = line(&entry, last, key);
        *last = link;
        text.into_bytes()
    });
    all.collect()
}

fn file(count: u8) -> Vec<Vec<u8>> {
    lines(count, &mut Link::NONE.clone(), &keys(7)[0])
}

fn check(lines: &[Vec<u8>], keys: Option<Vec<AuditKey>>) -> Result<Checked, Wrong> {
    let mut verifier = Verifier::new(keys);
    let text = lines.concat();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        verifier.line(line)?;
    }
    verifier.end()
}

#[test]
fn every_flipped_bit_of_every_byte_is_found_without_a_key() {
    let file = file(5);
    for (nth, line) in file.iter().enumerate() {
        for at in 0..line.len() {
            for bit in 0..8 {
                let mut changed = file.clone();
                changed[nth][at] ^= 1 << bit;
                let found = check(&changed, None);
                assert!(found.is_err(), "line {nth}, byte {at}, bit {bit}");
            }
        }
    }
}

#[test]
fn every_cut_within_a_line_is_found_and_an_end_that_was_cut_off_by_its_anchor() {
    let file = file(4);
    let text = file.concat();
    for end in 1..text.len() {
        if text[end - 1] != b'\n' {
            assert!(check(&[text[..end].to_vec()], None).is_err(), "{end}");
        }
    }
    assert_eq!(check(&[], None), Err(Wrong::Empty));
    let head = check(&file, None).unwrap().head.hex();
    assert_eq!(check(&file[..2], None).unwrap().lines, 2, "the file alone cannot tell");
    for (lines, short) in [(&file[..3], true), (&file[..], false)] {
        let mut verifier = Verifier::new(None).expect(Some(head[..12].to_owned()));
        lines.iter().for_each(|line| verifier.line(line).unwrap());
        assert_eq!(verifier.end().is_err(), short);
    }
}

#[test]
fn a_chain_that_was_made_anew_without_the_key_shows_to_whoever_has_it() {
    let forged = lines(5, &mut Link::NONE.clone(), &keys(8)[0]);
    assert!(check(&forged, None).is_ok(), "a chain of hashes anybody can make");
    assert_eq!(check(&forged, Some(keys(7))), Err(Wrong::Forged(KeyId::new(1).unwrap())));
    assert_eq!(check(&forged, Some(Vec::new())), Err(Wrong::KeyUnknown(KeyId::new(1).unwrap())));
    assert_eq!(check(&file(5), Some(keys(7))).unwrap().lines, 5);
}

#[test]
fn files_of_one_chain_are_checked_as_one_and_a_missing_one_shows() {
    let (mut last, key) = (Link::NONE, &keys(7)[0]);
    let files: Vec<_> = (0..3).map(|_| lines(4, &mut last, key)).collect();
    assert_eq!(check(&files.concat(), Some(keys(7))).unwrap().lines, 12);
    assert_eq!(check(&files[1], None).unwrap().lines, 4, "a later file stands for itself");
    let gap = [files[0].clone(), files[2].clone()].concat();
    assert_eq!(check(&gap, None), Err(Wrong::Removed { expected: 5, found: 9 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_removed_repeated_moved_or_foreign_line_is_found(
        count in 3..30_u8, from in 0..30_usize, to in 0..30_usize, how in 0..4_u8,
    ) {
        let good = file(count);
        let len = good.len();
        let (from, to) = (from % len, to % len);
        let mut bad = good.clone();
        match how {
            // The last line's absence shows by the anchor alone.
            0 => { bad.remove(from % (len - 1)); }
            1 => { bad.insert(to, good[from].clone()); }
            2 => { let line = bad.remove(from); bad.insert(to, line); }
            // Another chain's line, with the number that belongs here.
            _ => {
                let mut other = Link { seq: 0, hash: [9; 32] };
                bad[from] = lines(count, &mut other, &keys(7)[0])[from].clone();
            }
        }
        let single = how == 3 && len == 1;
        prop_assume!(bad != good && !single);
        let checked = check(&bad, None);
        // A first line's `prev` is what another file ended with, so a foreign one shows at the second.
        prop_assert!(checked.is_err(), "{how} {from} {to}: {checked:?}");
    }

    #[test]
    fn no_bytes_make_it_panic(junk in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = check(&[junk], Some(keys(7)));
    }
}
