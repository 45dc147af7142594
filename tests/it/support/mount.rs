//! A file system of a test's own, to be filled or to be made read-only.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A small file system of its own, where the tests run with the right to mount one.
pub(crate) struct Mount(pub(crate) PathBuf);

impl Mount {
    pub(crate) fn on(folder: &Path, size: &str) -> Option<Mount> {
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder);
        let mounted = mount.output().is_ok_and(|out| out.status.success());
        if !mounted {
            println!("not checked here: there is no right to mount");
        }
        mounted.then(|| Mount(folder.to_owned()))
    }

    pub(crate) fn remount(&self, how: &str) {
        let options = format!("remount,{how}");
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
