//! Libraries that stand before the system's own: they make its calls fail, hang or leave a trace.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds one, for `LD_PRELOAD`, of a source beside the tests.
pub(crate) fn built(source: &str, folder: &Path) -> PathBuf {
    let source = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it")).join(source);
    let library = folder.join(source.file_name().unwrap()).with_extension("so");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source);
    let built = compiler.output().expect("a C compiler, which building SQLite took too");
    assert!(built.status.success(), "{built:?}");
    library
}
