//! A file that somebody cuts under the process that writes it: what is written next does
//! not heal it.

use std::path::Path;

use super::{Audited, lines, verify, whole};
use crate::support::house::start_text;
use crate::support::{Running, SECRET, Vendor};

async fn issue(audited: &Audited, count: usize) {
    for _ in 0..count {
        assert_eq!(audited.issue(r#"{"payload":{}}"#).await.status, 201);
    }
}

async fn audited() -> Audited {
    Audited::start(&Vendor::start().await, "sync = \"every\"").await
}

#[tokio::test]
async fn a_running_process_does_not_heal_a_file_that_fifty_lines_were_cut_off() {
    let audited = audited().await;
    issue(&audited, 80).await;
    let text = std::fs::read_to_string(audited.path()).unwrap();
    let kept: Vec<_> = text.lines().collect();
    let len = kept[..kept.len() - 50].iter().map(|line| line.len() + 1).sum::<usize>();
    let file = std::fs::OpenOptions::new().write(true).open(audited.path()).unwrap();
    file.set_len(len.try_into().unwrap()).unwrap();
    issue(&audited, 3).await;
    audited.lines();
    let output = verify(&[audited.path()], &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(65), "{said}");
    let (expected, found) = (kept.len() - 50 + 1, kept.len() + 1);
    let wanted = format!("removed: number {expected} should stand here, and {found} does");
    assert!(said.contains(&wanted), "{said}");
}

#[tokio::test]
async fn a_file_that_was_emptied_under_its_process_says_what_number_it_begins_with() {
    let audited = audited().await;
    issue(&audited, 20).await;
    let before = lines(&audited.path()).len();
    let all = whole(&[audited.path()]);
    assert!(all.contains("the first is number 1, the last"), "{all}");
    let old = std::fs::read(audited.path()).unwrap();
    std::fs::OpenOptions::new().write(true).open(audited.path()).unwrap().set_len(0).unwrap();
    issue(&audited, 3).await;
    let after = audited.lines();
    assert_eq!(after[0]["event"], "open");
    assert_eq!(after[0]["seq"], before + 1);
    let said = whole(&[audited.path()]);
    let wanted = format!(
        "the first is number {} (not 1: what came before is not in these files, {before} lines)",
        before + 1
    );
    assert!(said.contains(&wanted), "{said}");
    // With what was taken it is one chain.
    let taken = audited.folder.path().join("taken");
    std::fs::write(&taken, old).unwrap();
    whole(&[taken, audited.path()]);
}

/// Leaves so many lines.
fn cut(path: &Path, keep: usize) {
    let text = std::fs::read_to_string(path).unwrap();
    let len = text.lines().take(keep).map(|line| line.len() + 1).sum::<usize>();
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(len.try_into().unwrap()).unwrap();
}

/// What a process says that was started on the same file after this one, and writes so many lines.
async fn another(audited: &Audited, count: usize) -> Running {
    let other = start_text(&audited.text, audited.folder.path()).await;
    for _ in 0..count {
        assert_eq!(
            other.control("POST", "/v1/handles", SECRET, r#"{"payload":{}}"#).await.status,
            201
        );
    }
    other
}

#[tokio::test]
async fn a_cut_is_not_hidden_by_what_another_process_wrote_after_it() {
    let audited = audited().await;
    issue(&audited, 30).await;
    cut(&audited.path(), 10);
    // It knows of no cut, and gets past the number that the first one had reached.
    let other = another(&audited, 40).await;
    let so_far = whole(&[audited.path()]);
    assert!(so_far.contains("ok: "), "without the first one's word: {so_far}");
    issue(&audited, 1).await;
    audited.lines();
    other.house.close();
    let output = verify(&[audited.path()], &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(65), "{said}");
    assert!(said.contains("reordered or repeated"), "{said}");
    // That is said once: both go on with one chain.
    let numbers: Vec<_> =
        lines(&audited.path()).iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    let breaks = numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
    assert!((1..=2).contains(&breaks), "{numbers:?}");
}

#[tokio::test]
async fn a_cut_is_not_hidden_by_another_process_that_has_begun_a_new_file_since() {
    for taken in [false, true] {
        let audited =
            Audited::start(&Vendor::start().await, "sync = \"every\"\nsize_max = \"64KiB\"").await;
        issue(&audited, 30).await;
        if taken {
            std::fs::rename(audited.path(), audited.folder.path().join("taken")).unwrap();
        } else {
            cut(&audited.path(), 10);
        }
        let other = another(&audited, if taken { 60 } else { 250 }).await;
        let full = audited.folder.path().join("audit.jsonl.000001");
        assert_ne!(full.exists(), taken, "the other one has begun a new file");
        issue(&audited, 1).await;
        audited.lines();
        other.house.close();
        let files = if taken { vec![audited.path()] } else { vec![full, audited.path()] };
        let output = verify(&files, &[]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(65), "{taken}: {said}");
    }
}

#[tokio::test]
async fn a_file_that_is_moved_away_whole_is_gone_on_from_by_two_processes() {
    let audited = audited().await;
    issue(&audited, 10).await;
    let other = another(&audited, 10).await;
    issue(&audited, 1).await;
    let moved = audited.folder.path().join("moved");
    std::fs::rename(audited.path(), &moved).unwrap();
    for _ in 0..3 {
        assert_eq!(
            other.control("POST", "/v1/handles", SECRET, r#"{"payload":{}}"#).await.status,
            201
        );
        issue(&audited, 1).await;
    }
    other.house.close();
    audited.lines();
    whole(&[moved, audited.path()]);
}
