//! A file that somebody cuts under the process that writes it: what is written next does
//! not heal it.

use super::{Audited, lines, verify, whole};
use crate::support::Vendor;

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
