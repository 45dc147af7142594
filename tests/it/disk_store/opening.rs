//! What is not opened, and what the operator is told.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use cloakroom::store::Store as _;
use cloakroom::store::disk::OpenFault;

use super::*;
use crate::support::mount::Mount;

fn refused(path: &Path) -> OpenFault {
    DiskStore::open(path, OPTIONS).map(drop).unwrap_err()
}

#[test]
fn a_missing_folder_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/store");
    assert!(matches!(refused(&path), OpenFault::FolderMissing(_)));
    assert!(!path.parent().unwrap().exists());
    let below_a_file = folder.path().join("file");
    fs::write(&below_a_file, "").unwrap();
    assert!(matches!(refused(&below_a_file.join("store")), OpenFault::FolderMissing(_)));
}

#[test]
fn a_folder_is_no_store() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(refused(folder.path()), OpenFault::NotAFile(_)));
}

#[test]
fn a_file_that_others_may_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    drop(open(&path));
    for mode in [0o640, 0o604, 0o666, 0o610] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let fault = refused(&path);
        assert!(matches!(fault, OpenFault::Loose { mode: found, .. } if found == mode));
        assert!(fault.to_string().contains(&format!("{mode:o}")), "{fault}");
    }
}

#[tokio::test]
async fn the_file_and_its_log_are_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("store"));
    store.put(vec![record(1)]).await.unwrap();
    for name in ["store", "store-wal", "store-shm"] {
        let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    drop(store);
    assert!(!folder.path().join("store-wal").exists(), "closing moves the log into the file");
}

#[test]
fn a_file_system_without_writing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let test = "disk_store::opening::a_file_system_without_writing_is_refused";
    let Some(mount) = Mount::on(folder.path(), "1m", test) else { return };
    drop(open(&mount.0.join("store")));
    mount.remount("ro");
    assert!(matches!(refused(&mount.0.join("store")), OpenFault::NotWritable(_)));
    assert!(matches!(refused(&mount.0.join("new")), OpenFault::NotWritable(_)));
}

#[test]
fn a_folder_without_writing_is_refused() {
    // Nobody, root included, may make a file in it.
    assert!(matches!(refused(Path::new("/sys/store")), OpenFault::NotWritable(_)));
}

#[test]
fn a_database_of_something_else_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE notes(text)").unwrap();
    drop(foreign);
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(refused(&path), OpenFault::Foreign(_)));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_of_another_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    drop(open(&path));
    let later = rusqlite::Connection::open(&path).unwrap();
    later.pragma_update(None, "user_version", 99).unwrap();
    drop(later);
    assert!(matches!(refused(&path), OpenFault::Version { found: 99, .. }));
}
