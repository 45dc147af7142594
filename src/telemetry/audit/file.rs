//! The audit's file: appended to under a lock, so that during a hand-over two processes
//! write one chain, and begun anew when it is full.
//!
//! Before each write it looks whether another process has written or rotated, and goes on
//! from there. Never changes a line that is whole; half a line at the end, which a crash
//! leaves, is cut off, and that is said.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::AuditSettings;
use crate::domain::{AuditKey, Timestamp};
use crate::vault::audit::chain::{LINE_MAX, Link, line, read};
use crate::vault::audit::{Entry, Event};

/// Rotations by somebody else that one write puts up with.
const TRIES_MAX: usize = 16;

/// As for keys: others have no business with it, and the group none but reading.
const LOOSE: u32 = 0o027;

pub(super) struct LogFile {
    settings: AuditSettings,
    open: Option<Open>,
    last: Link,
}

struct Open {
    file: File,
    identity: (u64, u64),
    /// As long as this process left it.
    len: u64,
}

/// What became of a write under the lock.
enum Wrote {
    /// So many lines.
    Lines(u64),
    /// Nothing: the file was full and another is to be begun.
    Rotated,
}

impl LogFile {
    pub(super) fn new(settings: AuditSettings) -> Self {
        Self { settings, open: None, last: Link::NONE }
    }

    /// The chain's end, as far as this process has written or read it.
    pub(super) fn end(&self) -> Link {
        self.last
    }

    /// Writes all of the entries, or none; how many lines that were.
    pub(super) fn append(
        &mut self,
        entries: &[Entry],
        key: &AuditKey,
        now: Timestamp,
    ) -> io::Result<u64> {
        for _ in 0..TRIES_MAX {
            let mut open = match self.open.take() {
                Some(open) => open,
                None => Open::at(&self.settings.path)?,
            };
            open.file.lock()?;
            if !open.is_at(&self.settings.path) {
                continue;
            }
            // Whatever goes wrong: dropping the file unlocks it, and the next write looks anew.
            if let Wrote::Lines(count) = self.write(&mut open, entries, key, now)? {
                open.file.unlock()?;
                self.open = Some(open);
                return Ok(count);
            }
        }
        Err(io::Error::other("it is rotated again and again"))
    }

    /// Makes what was written last.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        let synced = self.open.as_ref().map_or(Ok(()), |open| open.file.sync_data());
        if synced.is_err() {
            // What the system holds of it is not to be relied on: look anew.
            self.open = None;
        }
        synced
    }

    fn write(
        &mut self,
        open: &mut Open,
        entries: &[Entry],
        key: &AuditKey,
        now: Timestamp,
    ) -> io::Result<Wrote> {
        let mut len = open.file.metadata()?.len();
        let mut first = None;
        if len > 0 && len != open.len {
            let tail = tail(&mut open.file, len)?;
            if tail.whole != len {
                open.file.set_len(tail.whole)?;
                let cut = len - tail.whole;
                first = Some(Entry::new(now, Event::Recover, "cut-off").counting(cut));
                len = tail.whole;
            }
            if let Some(last) = tail.last {
                self.go_on_from(last);
            }
        }
        if len == 0 {
            self.continue_from_before()?;
        }
        let head = (len == 0).then(|| Entry::new(now, Event::Open, "begun"));
        let (mut text, mut end, mut count) = (String::new(), self.last, 0);
        for entry in head.iter().chain(&first).chain(entries) {
            let (written, link) = line(entry, &end, key);
            text.push_str(&written);
            (end, count) = (link, count + 1);
        }
        let added = u64::try_from(text.len()).unwrap_or(u64::MAX);
        if len > 0 && len.saturating_add(added) > self.settings.size_max {
            open.file.sync_data()?;
            self.rotate()?;
            return Ok(Wrote::Rotated);
        }
        if let Err(why) = open.file.write_all(text.as_bytes()) {
            // A part of it may stand there. If it stays, the next write cuts it off.
            let _ = open.file.set_len(len);
            return Err(why);
        }
        open.len = len.saturating_add(added);
        self.last = end;
        Ok(Wrote::Lines(count))
    }

    /// Another process's end is taken over. One behind what this process wrote is not:
    /// somebody cut the file, and a chain that went on from there would hide that.
    fn go_on_from(&mut self, found: Link) {
        let behind = found.seq < self.last.seq;
        if behind || found.seq == self.last.seq && found.hash != self.last.hash {
            tracing::error!(
                was = self.last.seq,
                is = found.seq,
                "lines of the audit are gone, and the next one shows it"
            );
            return;
        }
        self.last = found;
    }

    /// A new file goes on where the newest full one ends, whoever wrote that; or where this
    /// process ended, if that is later: then a file was emptied or taken away.
    fn continue_from_before(&mut self) -> io::Result<()> {
        sync_folder(&self.settings.path)?;
        let mut before = Link::NONE;
        if let Some((_, path)) = self.full()?.pop() {
            let mut file = File::open(&path)?;
            let len = file.metadata()?.len();
            before = tail(&mut file, len)?.last.unwrap_or(Link::NONE);
        }
        self.go_on_from(before);
        tracing::info!(sequence = self.last.seq, head = self.last.hex(), "an audit file begins");
        Ok(())
    }

    /// Gives the full file a number, and deletes what is too much. The lock is held.
    fn rotate(&self) -> io::Result<()> {
        let mut full = self.full()?;
        let next = full.last().map_or(1, |(number, _)| number.saturating_add(1));
        let mut name = self.settings.path.clone().into_os_string();
        name.push(format!(".{next:06}"));
        let name = PathBuf::from(name);
        fs::rename(&self.settings.path, &name)?;
        full.push((next, name));
        if let Some(max) = self.settings.files_max {
            let max = usize::try_from(max).unwrap_or(usize::MAX);
            for (_, old) in full.iter().take(full.len().saturating_sub(max)) {
                fs::remove_file(old)?;
            }
        }
        sync_folder(&self.settings.path)
    }

    /// The full files, the newest last.
    fn full(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        let path = &self.settings.path;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let mut found = Vec::new();
        for entry in fs::read_dir(folder(path))? {
            let entry = entry?;
            let file = entry.file_name();
            let number = file.to_str().and_then(|file| file.strip_prefix(name)?.strip_prefix('.'));
            if let Some(number) = number.and_then(|number| number.parse().ok()) {
                found.push((number, entry.path()));
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

impl Open {
    fn at(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).mode(0o600).open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        if about.mode() & LOOSE != 0 {
            return Err(io::Error::other("others than the owner have access to it; chmod 600"));
        }
        // No length fits: what stands in it is looked at before anything is written.
        Ok(Self { file, identity: (about.dev(), about.ino()), len: u64::MAX })
    }

    /// Whether the path still means this file.
    fn is_at(&self, path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|about| (about.dev(), about.ino()) == self.identity)
    }
}

/// The end of a file: how much of it is whole lines, and the last of them.
struct Tail {
    whole: u64,
    last: Option<Link>,
}

fn tail(file: &mut File, len: u64) -> io::Result<Tail> {
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

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name that is not on the disk loses its file with the power.
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}
