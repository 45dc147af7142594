//! One file of the audit, opened: how it begins and ends, and whether what this process
//! wrote last still stands in it.
//!
//! Never writes: what another process appended is read, what was cut off is noticed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::vault::audit::chain::{LINE_MAX, Link, read};

/// As for keys: others have no business with it, and the group none but reading.
const LOOSE: u32 = 0o027;

pub(super) struct Open {
    pub(super) file: File,
    identity: (u64, u64),
    /// As long as this process left it.
    pub(super) len: u64,
    /// What this process wrote last, if it stands in this file.
    mark: Option<Mark>,
}

/// A line of this process's, and where it ends.
struct Mark {
    line: Vec<u8>,
    end: u64,
}

impl Open {
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).mode(0o600).open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        if about.mode() & LOOSE != 0 {
            return Err(io::Error::other("others than the owner have access to it; chmod 600"));
        }
        let identity = (about.dev(), about.ino());
        // No length fits: what stands in it is looked at before anything is written.
        Ok(Self { file, identity, len: u64::MAX, mark: None })
    }

    /// Whether the path still means this file.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|about| (about.dev(), about.ino()) == self.identity)
    }

    /// What this process knew of the same file, from when it had it open before.
    pub(super) fn inherit(&mut self, earlier: &mut Option<Self>) {
        if earlier.as_ref().is_some_and(|it| it.identity == self.identity) {
            self.mark = earlier.take().and_then(|it| it.mark);
        }
    }

    /// Whether this process's last line was written here.
    pub(super) fn has_ours(&self) -> bool {
        self.mark.is_some()
    }

    /// This process has written these lines, up to `len`.
    pub(super) fn wrote(&mut self, lines: &str, len: u64) {
        self.len = len;
        if let Some(last) = lines.split_inclusive('\n').next_back() {
            self.mark = Some(Mark { line: last.as_bytes().to_vec(), end: len });
        }
    }

    /// Whether what this process wrote last stands where it was written. That holds where
    /// it wrote nothing.
    pub(super) fn is_intact(&self) -> io::Result<bool> {
        let Some(mark) = &self.mark else { return Ok(true) };
        let mut found = vec![0; mark.line.len()];
        let from = u64::try_from(found.len()).ok().and_then(|len| mark.end.checked_sub(len));
        match self.file.read_exact_at(&mut found, from.unwrap_or(u64::MAX)) {
            Ok(()) => Ok(found == mark.line),
            Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(why) => Err(why),
        }
    }
}

/// The end of a file: how much of it is whole lines, and the last of them.
pub(super) struct Tail {
    pub(super) whole: u64,
    pub(super) last: Option<Link>,
}

pub(super) fn tail(file: &mut File, len: u64) -> io::Result<Tail> {
    let most = u64::try_from(LINE_MAX.saturating_mul(2)).unwrap_or(u64::MAX);
    let from = len.saturating_sub(most);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(len - from).read_to_end(&mut bytes)?;
    let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
        let nothing = Tail { whole: 0, last: None };
        return if from == 0 { Ok(nothing) } else { Err(io::Error::other("it is no audit")) };
    };
    let lines = bytes.get(..end).unwrap_or_default();
    let last = lines.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let last = read(last).map_err(|flaw| {
        io::Error::other(format!("its last line is damaged ({flaw}); look at it and move it away"))
    })?;
    let rest = u64::try_from(bytes.len() - end - 1).unwrap_or(0);
    Ok(Tail { whole: len - rest, last: Some(last.link) })
}

/// What a file's first line is, and what it continues; nothing while it has none.
pub(super) struct Beginning {
    pub(super) seq: u64,
    pub(super) prev: [u8; 32],
}

pub(super) fn beginning(path: &Path) -> io::Result<Option<Beginning>> {
    let (mut bytes, most) = (Vec::new(), u64::try_from(LINE_MAX).unwrap_or(u64::MAX));
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    let first = bytes.split_inclusive(|byte| *byte == b'\n').next();
    let first = first.and_then(|line| line.strip_suffix(b"\n"));
    let first = first.and_then(|line| read(line).ok());
    Ok(first.map(|first| Beginning { seq: first.link.seq, prev: first.prev }))
}
