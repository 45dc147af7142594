//! Acknowledged is on disk: between the last write of what is acknowledged and its acknowledgement the
//! log is synced. A kill cannot show that, since what was written and not synced outlives it.

use std::fs;
use std::process::Command;

use super::child::Player;
use crate::support::preload::built;

/// Entries that are put, reserved and committed, one after the other.
const ENTRIES: usize = 50;

/// Acknowledgements in a trace before which nothing was written since the one before, or not synced.
fn unsynced(trace: &str) -> usize {
    let (mut wrote, mut dirty, mut bad) = (false, false, 0);
    for event in trace.chars() {
        match event {
            'w' => (wrote, dirty) = (true, true),
            's' => dirty = false,
            'a' => {
                bad += usize::from(dirty || !wrote);
                wrote = false;
            }
            other => panic!("{other}"),
        }
    }
    bad
}

#[test]
fn a_trace_in_which_something_is_acknowledged_unsynced_is_told() {
    assert_eq!(unsynced("wwsawsa"), 0);
    for (trace, bad) in [("wwa", 1), ("wsawa", 1), ("wswa", 1), ("wasa", 2), ("a", 1), ("swa", 1)] {
        assert_eq!(unsynced(trace), bad, "{trace}");
    }
}

#[test]
fn nothing_is_acknowledged_before_it_is_synced() {
    let folder = tempfile::tempdir().unwrap();
    let library = built("disk_store/trace.c", folder.path());
    let traced = folder.path().join("trace");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env("LD_PRELOAD", &library).env("TRACE_TO", &traced);
    let mut child = Player::start_through(command, "alone", &folder.path().join("store"), 0);
    for _ in 0..ENTRIES {
        for word in ["+put", "+reserved", "+spent"] {
            assert_eq!(child.line().unwrap().0, word);
        }
    }
    child.kill();
    let trace = fs::read_to_string(&traced).unwrap();
    let said = trace.matches('a').count();
    assert!(said >= 3 * ENTRIES, "{said}: {trace}");
    assert_eq!(unsynced(&trace), 0, "{trace}");
    // A store that does not sync leaves the same trace without these.
    let unsafe_trace = trace.replace('s', "");
    assert_eq!(unsynced(&unsafe_trace), said, "the checker sees it");
}
