//! What a configuration points at: other files, and the environment.
//!
//! The only file here that touches either. Never prints what it read.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::at::{At, Span};
use super::notes::Notes;

/// No key, certificate bundle or dialect comes near it; a device file does.
const FILE_LEN_MAX: u64 = 4 * 1024 * 1024;

/// Others have no business with a key, and the group none but reading it, which is
/// how orchestrators mount secrets.
const LOOSE: u32 = 0o027;

/// The world that a file's relative names are read in.
pub(crate) struct Outside<'w> {
    /// Where relative paths start: the file's own directory.
    pub(crate) base: &'w Path,
    /// The environment.
    pub(crate) env: &'w dyn Fn(&str) -> Option<String>,
}

/// Where a secret is kept.
pub(crate) enum Source<'r> {
    File(&'r At<String>),
    Env(&'r At<String>),
}

impl<'r> Source<'r> {
    /// Exactly one of both keys of a table.
    pub(crate) fn of(
        file: &'r Option<At<String>>,
        env: &'r Option<At<String>>,
        table: &Span,
        notes: &mut Notes<'_>,
    ) -> Option<Self> {
        match (file, env) {
            (Some(file), None) => Some(Self::File(file)),
            (None, Some(env)) => Some(Self::Env(env)),
            (Some(_), Some(env)) => {
                notes.wrong(&env.span(), "give \"file\" or \"env\", not both");
                None
            }
            // A key of the wrong type was told before.
            (None, None) if notes.document().has(table, "env") => None,
            (None, None) if notes.misspelled(table, "env") => None,
            (None, None) => {
                let hint = "or \"env\" with the name of an environment variable";
                notes.missing(table, "file", hint);
                None
            }
        }
    }
}

impl Outside<'_> {
    pub(crate) fn path(&self, text: &str) -> PathBuf {
        self.base.join(text)
    }

    /// A whole file, bounded.
    pub(crate) fn bytes(&self, file: &At<String>, notes: &mut Notes<'_>) -> Option<Vec<u8>> {
        self.wiped(file, notes).map(|bytes| bytes.to_vec())
    }

    /// The same of a file that may be a secret.
    fn wiped(&self, file: &At<String>, notes: &mut Notes<'_>) -> Option<Zeroizing<Vec<u8>>> {
        let path = self.path(file);
        match slurp(&path) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                let hint = "relative paths start at this file's directory";
                notes.fix(&file.span(), format!("cannot read {}: {error}", path.display()), hint);
                None
            }
        }
    }

    /// A secret's text; a file of it must be its owner's alone.
    pub(crate) fn secret(
        &self,
        source: &Source<'_>,
        notes: &mut Notes<'_>,
    ) -> Option<Zeroizing<String>> {
        let text = self.text(source, notes)?;
        if let Source::File(file) = source {
            let path = self.path(file);
            let mode = fs::metadata(&path).map(|metadata| metadata.permissions().mode());
            if mode.is_ok_and(|mode| mode & LOOSE != 0) {
                let message = "others than the owner have access to this key file";
                notes.fix(&file.span(), message, format!("run: chmod 600 {}", path.display()));
            }
        }
        Some(text)
    }

    /// A file that will be appended to, which need not be there yet; its folder must.
    pub(crate) fn appendable(&self, file: &At<String>, notes: &mut Notes<'_>) -> Option<PathBuf> {
        let path = self.path(file);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = fs::metadata(folder.unwrap_or(Path::new(".")));
        match fs::metadata(&path) {
            _ if file.is_empty() => notes.wrong(&file.span(), "must be the path of a file"),
            _ if !folder.is_ok_and(|folder| folder.is_dir()) => {
                let hint = "make it, for the proxy's user alone";
                notes.fix(&file.span(), format!("there is no folder for {}", path.display()), hint);
            }
            Ok(about) if !about.is_file() => {
                notes.wrong(&file.span(), format!("{} is no file", path.display()));
            }
            Ok(about) if about.permissions().mode() & LOOSE != 0 => {
                let message = "others than the owner have access to this file";
                notes.fix(&file.span(), message, format!("run: chmod 600 {}", path.display()));
            }
            Ok(_) | Err(_) => {}
        }
        Some(path)
    }

    /// A text, without the line end that editors put after it.
    pub(crate) fn text(
        &self,
        source: &Source<'_>,
        notes: &mut Notes<'_>,
    ) -> Option<Zeroizing<String>> {
        match source {
            Source::File(file) => {
                let bytes = self.wiped(file, notes)?;
                let Ok(text) = str::from_utf8(&bytes) else {
                    notes.wrong(&file.span(), "this file is not text");
                    return None;
                };
                Some(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
            }
            Source::Env(name) => {
                let value = (self.env)(name).filter(|value| !value.is_empty());
                if value.is_none() {
                    let message =
                        format!("the environment variable {:?} is not set", name.as_str());
                    notes.wrong(&name.span(), message);
                }
                value.map(Zeroizing::new)
            }
        }
    }
}

/// Reads a file, or says why not. It may be a key: no piece of it stays behind in memory
/// that was given back, as a buffer that grows would leave them.
pub(crate) fn slurp(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut file = File::open(path)?;
    // One more than is expected: the end is seen without room for more being made.
    let expected = file.metadata()?.len().min(FILE_LEN_MAX).saturating_add(1);
    let mut bytes = Zeroizing::new(vec![0; usize::try_from(expected).unwrap_or(usize::MAX)]);
    let mut len = 0;
    loop {
        let read = match file.read(bytes.get_mut(len..).unwrap_or_default()) {
            Err(why) if why.kind() == std::io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        len = len.saturating_add(read);
        if u64::try_from(len).is_ok_and(|len| len > FILE_LEN_MAX) {
            return Err(std::io::Error::other(format!("it is larger than {FILE_LEN_MAX} bytes")));
        }
        if read == 0 {
            bytes.truncate(len);
            return Ok(bytes);
        }
        if len == bytes.len() {
            let mut wider = Zeroizing::new(vec![0; len.saturating_mul(2)]);
            wider.iter_mut().zip(bytes.iter()).for_each(|(to, from)| *to = *from);
            bytes = wider;
        }
    }
}
