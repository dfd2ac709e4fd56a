//! The folder that dumps are kept in.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result};

use super::refusal::Refusal;
use crate::dump::MAGIC;

const ENDING: &str = ".dump";
const NAME_MAX_BYTES: usize = 100;
const COPY_BYTES: usize = 64 << 10;

/// A folder of dumps, of which the newest are kept.
#[derive(Debug)]
pub struct DumpFolder {
    dir: PathBuf,
    files_max: NonZeroUsize,
}

impl DumpFolder {
    /// The folder at `dir`, of which the newest `files_max` dumps are kept. It is made if it is not there, and then as one
    /// that git ignores: memory can hold secrets.
    ///
    /// # Errors
    ///
    /// The folder cannot be made.
    pub fn open(dir: &Path, files_max: NonZeroUsize) -> Result<Self> {
        let make = || -> io::Result<()> {
            if !dir.is_dir() {
                fs::create_dir_all(dir)?;
                fs::write(dir.join(".gitignore"), "*\n")?;
            }
            Ok(())
        };
        make().with_context(|| format!("cannot write to {}", dir.display()))?;
        Ok(Self { dir: dir.to_owned(), files_max })
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Keeps a dump of so many bytes, as a whole or not at all, in place of one of the same name.
    pub(super) fn keep(&self, name: &str, content: impl Read, bytes: u64) -> Result<PathBuf, Refusal> {
        let path = self.dir.join(name);
        let prepared = tempfile::Builder::new().prefix(".receiving-").tempfile_in(&self.dir);
        let mut file = prepared.map_err(|error| Refusal::disk(&error))?;
        copy(content.take(bytes), file.as_file_mut(), bytes)?;
        file.persist(&path).map_err(|error| Refusal::disk(&error.error))?;
        Ok(path)
    }

    /// Deletes the oldest dumps beyond the number that is kept, but never `newest`. Files that do not begin as a dump are
    /// left alone.
    pub(super) fn delete_oldest(&self, newest: &Path) -> io::Result<()> {
        let mut others = self.dumps()?;
        others.retain(|(_, path)| path != newest);
        others.sort();
        let excess = (others.len() + 1).saturating_sub(self.files_max.get());
        others.iter().take(excess).try_for_each(|(_, path)| fs::remove_file(path))
    }

    /// The dumps and when each was written.
    fn dumps(&self) -> io::Result<Vec<(SystemTime, PathBuf)>> {
        let mut dumps = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let is_named = entry.file_name().to_str().is_some_and(is_name);
            if is_named && entry.file_type()?.is_file() && is_dump(&entry.path()) {
                dumps.push((entry.metadata()?.modified()?, entry.path()));
            }
        }
        Ok(dumps)
    }
}

/// The file name in a request's target: its last segment, if it can be nothing but the name of a dump.
///
/// No segment can begin with a dot, or hold anything that has a meaning in paths, URLs or shells.
pub(super) fn name_of(target: &str) -> Option<&str> {
    let mut segments = target.strip_prefix('/')?.split('/');
    let name = segments.next_back().filter(|name| is_name(name))?;
    segments.all(is_segment).then_some(name)
}

fn is_name(name: &str) -> bool {
    is_segment(name) && name.ends_with(ENDING) && name.len() <= NAME_MAX_BYTES
}

fn is_segment(text: &str) -> bool {
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
    !text.is_empty() && !text.starts_with('.') && text.bytes().all(is_plain)
}

fn is_dump(path: &Path) -> bool {
    let mut start = [0; MAGIC.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok_and(|()| start == *MAGIC)
}

/// As `io::copy`, but tells the client's failures from the disk's.
fn copy(mut from: impl Read, to: &mut File, bytes: u64) -> Result<(), Refusal> {
    let mut chunk = vec![0; COPY_BYTES];
    let mut copied = 0;
    loop {
        match from.read(&mut chunk) {
            Ok(0) if copied == bytes => return Ok(()),
            Ok(0) => return Err(Refusal::new(400, format!("the body ended after {copied} of {bytes} bytes"))),
            Ok(count) => {
                to.write_all(&chunk[..count]).map_err(|error| Refusal::disk(&error))?;
                copied += count as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Refusal::lost(&error)),
        }
    }
}
