//! Files of an audit: one after the other, and written by two processes at once.

use std::path::{Path, PathBuf};

use super::{Audited, lines, verify, whole};
use crate::support::house::start_text;
use crate::support::{Running, SECRET, Vendor};

/// Every file of the audit, the oldest first.
fn files(folder: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut full: Vec<_> = all
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("audit.jsonl."))
        .collect();
    full.sort();
    full.push(folder.join("audit.jsonl"));
    full
}

async fn issue_many(running: &Running, batches: usize) {
    let batch = format!("[{}]", vec![r#"{"payload":{}}"#; 100].join(","));
    for _ in 0..batches {
        let answer = running.control("POST", "/v1/handles", SECRET, &batch).await;
        assert_eq!(answer.status, 201);
    }
}

#[tokio::test]
async fn a_full_file_is_followed_by_one_whose_first_line_names_its_last() {
    let vendor = Vendor::start().await;
    let audited = Audited::start(&vendor, "size_max = \"64KiB\"\nsync = \"every\"").await;
    issue_many(&audited.running, 9).await;
    audited.lines();
    let files = files(audited.folder.path());
    assert!(files.len() >= 4, "{files:?}");
    for pair in files.windows(2) {
        let (before, after) = (lines(&pair[0]), lines(&pair[1]));
        assert_eq!(after[0]["event"], "open");
        assert_eq!(after[0]["prev"], before.last().unwrap()["hash"]);
        assert!(std::fs::metadata(&pair[0]).unwrap().len() <= 64 * 1024);
        whole(&pair[1..]);
    }
    assert!(whole(&files).contains("ok: 9"), "all of them as one");
    let gap = [files[0].clone(), files[2].clone()];
    assert_eq!(verify(&gap, &[]).status.code(), Some(65));

    // A restart goes on with the chain, and so does one whose current file is gone.
    for gone in [false, true] {
        if gone {
            std::fs::remove_file(audited.path()).unwrap();
        }
        let again = start_text(&audited.text, audited.folder.path()).await;
        again.house.close();
    }
    let full = files.len() - 1;
    whole(&[files[full - 1].clone(), audited.path()]);
}

#[tokio::test]
async fn of_full_files_the_oldest_go_first() {
    let vendor = Vendor::start().await;
    let more = "size_max = \"64KiB\"\nsync = \"every\"\nfiles_max = 2";
    let audited = Audited::start(&vendor, more).await;
    issue_many(&audited.running, 12).await;
    audited.lines();
    let files = files(audited.folder.path());
    assert_eq!(files.len(), 3, "{files:?}");
    assert!(!files[0].ends_with("audit.jsonl.000001"));
    whole(&files);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_write_one_chain_while_the_files_rotate() {
    let vendor = Vendor::start().await;
    let audited = Audited::start(&vendor, "size_max = \"64KiB\"").await;
    let second = start_text(&audited.text, audited.folder.path()).await;
    let (first, second) = (&audited.running, &second);
    tokio::join!(issue_many(first, 15), issue_many(second, 15));
    second.house.close();
    audited.lines();
    let files = files(audited.folder.path());
    assert!(files.len() >= 4, "{files:?}");
    whole(&files);
    let all: Vec<_> = files.iter().flat_map(|file| lines(file)).collect();
    let count = |event: &str| all.iter().filter(|line| line["event"] == event).count();
    assert_eq!((count("issue"), count("start"), count("stop")), (3000, 2, 2));
}
