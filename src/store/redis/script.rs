//! The server-side scripts: one atomic step each, on the keys of one slot.
//!
//! Never sent in full while the server knows them by their digest. Each may be delivered twice (a connection breaks
//! after the server has run it) without a handle being used twice for it.

use std::sync::LazyLock;

use redis::{Cmd, Script};

static LEASE: LazyLock<Text> = LazyLock::new(|| Text::new(include_str!("lease.lua")));
static PUT: LazyLock<Text> = LazyLock::new(|| Text::new(include_str!("put.lua")));
static REMOVE: LazyLock<Text> = LazyLock::new(|| Text::new(include_str!("remove.lua")));
static INDEX: LazyLock<Text> = LazyLock::new(|| Text::new(include_str!("index.lua")));
static CENSUS: LazyLock<Text> = LazyLock::new(|| Text::new(include_str!("census.lua")));

struct Text {
    source: &'static str,
    digest: String,
}

impl Text {
    fn new(source: &'static str) -> Self {
        Self { source, digest: Script::new(source).get_hash().to_owned() }
    }
}

/// A script and what it works on.
#[derive(Clone)]
pub(super) struct Call {
    text: &'static Text,
    keys: Vec<Vec<u8>>,
    args: Vec<Vec<u8>>,
}

impl Call {
    /// Reserve, commit or release.
    pub(super) fn lease(record: Vec<u8>, op: &str) -> Self {
        Self::new(&LEASE, vec![record]).arg(op)
    }

    /// Keep one record.
    pub(super) fn put(record: Vec<u8>) -> Self {
        Self::new(&PUT, vec![record])
    }

    /// Forget one record.
    pub(super) fn remove(record: Vec<u8>, children: Vec<u8>) -> Self {
        Self::new(&REMOVE, vec![record, children])
    }

    /// Enter ids in an index.
    pub(super) fn index(index: Vec<u8>) -> Self {
        Self::new(&INDEX, vec![index])
    }

    /// Count records.
    pub(super) fn census(keys: [Vec<u8>; 3], op: &str) -> Self {
        Self::new(&CENSUS, keys.into()).arg(op)
    }

    fn new(text: &'static Text, keys: Vec<Vec<u8>>) -> Self {
        Self { text, keys, args: Vec::new() }
    }

    /// Adds an argument.
    #[must_use]
    pub(super) fn arg(mut self, arg: impl AsRef<[u8]>) -> Self {
        self.args.push(arg.as_ref().to_vec());
        self
    }

    /// Adds a number, in decimal.
    #[must_use]
    pub(super) fn number(self, number: u64) -> Self {
        self.arg(number.to_string())
    }

    /// The key whose slot decides where it runs.
    pub(super) fn route(&self) -> &[u8] {
        self.keys.first().map_or(&[], Vec::as_slice)
    }

    /// By its digest.
    pub(super) fn short(&self) -> Cmd {
        self.command("EVALSHA", &self.text.digest)
    }

    /// In full, for a server that was restarted or has failed over.
    pub(super) fn full(&self) -> Cmd {
        self.command("EVAL", self.text.source)
    }

    fn command(&self, name: &str, what: &str) -> Cmd {
        let mut cmd = redis::cmd(name);
        cmd.arg(what).arg(self.keys.len());
        for part in self.keys.iter().chain(&self.args) {
            cmd.arg(part.as_slice());
        }
        cmd
    }
}
