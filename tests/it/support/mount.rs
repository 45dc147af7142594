//! A file system of a test's own, to be filled or to be made read-only.
//!
//! A test that cannot have one fails, unless `CLOAKROOM_TEST_MAY_SKIP` says `mount`: a check that is not made must not
//! look like one that was passed.

use std::path::{Path, PathBuf};
use std::process::Command;

const APART: &str = "CLOAKROOM_TEST_APART";
const MAY_SKIP: &str = "CLOAKROOM_TEST_MAY_SKIP";

/// A small file system of its own.
pub(crate) struct Mount(pub(crate) PathBuf);

impl Mount {
    /// Mounted here; or nothing, when `test` was run to its end by a process in a namespace of its own, where it may mount.
    pub(crate) fn on(folder: &Path, size: &str, test: &str) -> Option<Mount> {
        let mounted = mount(folder, size);
        if mounted.is_none() && std::env::var_os(APART).is_none() && !runs_apart(test) {
            let may_skip = std::env::var(MAY_SKIP).is_ok_and(|what| what == "mount");
            assert!(
                may_skip,
                "NOT CHECKED: {test} needs the right to mount a tmpfs, and neither `mount` nor `unshare -Urm` gives it; \
                 {MAY_SKIP}=mount lets it pass unchecked"
            );
            eprintln!("NOT CHECKED, as {MAY_SKIP} allows: {test} has no right to mount");
        }
        assert!(
            mounted.is_some() || std::env::var_os(APART).is_none(),
            "no tmpfs in a namespace of one's own"
        );
        mounted
    }

    /// This mount alone, and not its file system: so much a namespace of one's own may.
    pub(crate) fn remount(&self, how: &str) {
        let options = format!("remount,bind,{how}");
        let done = Command::new("mount").args(["-o", &options]).arg(&self.0).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // A folder in use cannot be taken away; it is temporary anyway.
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

fn mount(folder: &Path, size: &str) -> Option<Mount> {
    let options = format!("size={size}");
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder);
    mount.output().is_ok_and(|out| out.status.success()).then(|| Mount(folder.to_owned()))
}

/// Runs the test in a user and mount namespace; whether there can be one. A test that fails there fails here.
fn runs_apart(test: &str) -> bool {
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount"]);
        command
    };
    if !unshare().arg("true").output().is_ok_and(|out| out.status.success()) {
        return false;
    }
    let mut again = unshare();
    again
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(APART, "1");
    let ran = again.output().unwrap();
    let said = String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap();
    assert!(
        ran.status.success() && said.contains("1 passed"),
        "{test} in a namespace of its own: {said}"
    );
    true
}
