//! The audit's file: appended to under a lock, so that during a hand-over two processes
//! write one chain, and begun anew when it is full.
//!
//! Before each write it looks whether another process has written or rotated, and goes on
//! from there, if its own last line still stands where it was written: what another has
//! written since must not hide that lines are gone. Never changes a line that is whole;
//! half a line at the end, which a crash leaves, is cut off, and that is said. Never waits for
//! a lock without an end.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::AuditSettings;
use super::lock::{LOCK_MAX, lock};
use super::opened::{Open, beginning, tail};
use crate::domain::{AuditKey, Timestamp};
use crate::vault::audit::chain::{Link, line};
use crate::vault::audit::{Entry, Event};

/// Rotations by somebody else that one write puts up with.
const TRIES_MAX: usize = 16;

pub(super) struct LogFile {
    settings: AuditSettings,
    open: Option<Open>,
    /// The file with this process's last line, when that is not the one it has open.
    left: Option<Open>,
    last: Link,
    /// How long a write waits for another process to let go of the file.
    patience: Duration,
}

/// Whether what this process wrote last is still there, and continued by what came after.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ours {
    Stands,
    Gone,
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
        Self { settings, open: None, left: None, last: Link::NONE, patience: LOCK_MAX }
    }

    /// The chain's end, as far as this process has written or read it.
    pub(super) fn end(&self) -> Link {
        self.last
    }

    /// How long the next writes wait for the lock: [`LOCK_MAX`], or less while none is written.
    pub(super) fn be_patient(&mut self, patience: Duration) {
        self.patience = patience.min(LOCK_MAX);
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
            open.inherit(&mut self.left);
            let wrote = self.write_locked(&mut open, entries, key, now);
            // Whatever went wrong: the next write looks anew.
            let unlocked = open.file.unlock();
            match wrote {
                Ok(Wrote::Lines(count)) => {
                    (self.open, self.left) = (Some(open), None);
                    return unlocked.map(|()| count);
                }
                Ok(Wrote::Rotated) => self.leave(open),
                Err(why) => {
                    self.leave(open);
                    return Err(why);
                }
            }
        }
        Err(io::Error::other("it is rotated again and again"))
    }

    /// Makes what was written last.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        let synced = self.open.as_ref().map_or(Ok(()), |open| open.file.sync_data());
        if synced.is_err() {
            // What the system holds of it is not to be relied on: look anew.
            self.open.take().into_iter().for_each(|open| self.leave(open));
        }
        synced
    }

    /// Keeps a file in sight for as long as this process's last line is in it.
    fn leave(&mut self, open: Open) {
        if open.has_ours() {
            self.left = Some(open);
        }
    }

    fn write_locked(
        &mut self,
        open: &mut Open,
        entries: &[Entry],
        key: &AuditKey,
        now: Timestamp,
    ) -> io::Result<Wrote> {
        lock(&open.file, self.patience)?;
        if open.is_at(&self.settings.path) {
            self.write(open, entries, key, now)
        } else {
            Ok(Wrote::Rotated)
        }
    }

    fn write(
        &mut self,
        open: &mut Open,
        entries: &[Entry],
        key: &AuditKey,
        now: Timestamp,
    ) -> io::Result<Wrote> {
        let mut len = open.file.metadata()?.len();
        let ours = self.ours(open)?;
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
                self.go_on_from(last, ours);
            }
        }
        if len == 0 {
            self.continue_from_before(ours)?;
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
        open.wrote(&text, len.saturating_add(added));
        self.last = end;
        Ok(Wrote::Lines(count))
    }

    /// Looks at this process's last line, in the file that it has open or in the one that
    /// it left, and at what follows that file.
    fn ours(&mut self, open: &Open) -> io::Result<Ours> {
        let mut left = self.left.take();
        let continued = match &mut left {
            Some(left) => self.is_continued(left),
            None => Ok(true),
        };
        self.left = left;
        if continued? && open.is_intact()? {
            return Ok(Ours::Stands);
        }
        tracing::error!(
            was = self.last.seq,
            "lines of the audit are gone, and the next one shows it"
        );
        Ok(Ours::Gone)
    }

    /// Whether the file after this one, which this process does not write any more, goes on
    /// from its end. One that was taken away may have others between. If nothing follows
    /// yet, this process will.
    fn is_continued(&mut self, left: &mut Open) -> io::Result<bool> {
        let len = left.file.metadata()?.len();
        let (true, Ok(end)) = (left.is_intact()?, tail(&mut left.file, len)) else {
            return Ok(false);
        };
        let Some(end) = end.last else { return Ok(false) };
        let full = self.full()?;
        let at = full.iter().position(|(_, path)| left.is_at(path));
        let next = at.and_then(|at| full.get(at + 1)).map_or(&self.settings.path, |(_, path)| path);
        let Some(next) = beginning(next)? else {
            self.go_on_from(end, Ours::Stands);
            return Ok(true);
        };
        let follows = next.seq == end.seq.saturating_add(1) && next.prev == end.hash;
        Ok(follows || at.is_none() && next.seq > end.seq)
    }

    /// Another process's end is taken over, unless lines of ours are gone or it is behind
    /// what this process wrote: somebody cut the file, and a chain that went on from there
    /// would hide that.
    fn go_on_from(&mut self, found: Link, ours: Ours) {
        if ours == Ours::Gone {
            return;
        }
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
    fn continue_from_before(&mut self, ours: Ours) -> io::Result<()> {
        sync_folder(&self.settings.path)?;
        let mut before = Link::NONE;
        if let Some((_, path)) = self.full()?.pop() {
            let mut file = File::open(&path)?;
            let len = file.metadata()?.len();
            before = tail(&mut file, len)?.last.unwrap_or(Link::NONE);
        }
        self.go_on_from(before, ours);
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

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name that is not on the disk loses its file with the power.
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}
