//! The output folder: one build at a time, put in place file by file, skipped when nothing changed.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::terminal::say;

const ENTRY: &str = "worker.js";
const LOCK: &str = ".lock";
const STAGE: &str = ".stage";
const STAMP: &str = ".stamp";

/// An output folder that no other build writes to.
#[derive(Debug)]
pub struct Output {
    dir: PathBuf,
    _lock: File,
}

/// What a build is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(u64);

impl Stamp {
    /// The stamp of all inputs.
    pub fn of(inputs: &impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        inputs.hash(&mut hasher);
        Self(hasher.finish())
    }
}

impl Output {
    /// Makes the folder if it is not there, and waits until no other build has it.
    ///
    /// # Errors
    ///
    /// The folder cannot be written.
    pub fn lock(dir: &Path) -> Result<Self> {
        let lock = || -> Result<File> {
            fs::create_dir_all(dir)?;
            let file = File::create(dir.join(LOCK))?;
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => say(format_args!("waiting for another build of {}", dir.display())),
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
            file.lock()?;
            Ok(file)
        };
        let lock = lock().with_context(|| format!("cannot write to {}", dir.display()))?;
        Ok(Self { dir: dir.to_owned(), _lock: lock })
    }

    /// Whether the folder holds the whole build of `stamp`.
    pub fn is_current(&self, stamp: Stamp) -> bool {
        let (found, files) = self.read_stamp();
        found == Some(stamp) && files.iter().all(|file| self.dir.join(file).is_file())
    }

    /// An empty folder for the next build, on the same disk.
    ///
    /// # Errors
    ///
    /// The folder cannot be written.
    pub fn stage(&self) -> Result<PathBuf> {
        let stage = self.dir.join(STAGE);
        remove_dir(&stage)?;
        fs::create_dir_all(&stage).with_context(|| format!("cannot write to {}", stage.display()))?;
        Ok(stage)
    }

    /// Puts the staged files in place, the entry last, and removes those of the build before that are gone.
    ///
    /// Each file is replaced by a rename, so whoever reads one meanwhile reads a whole file; a file that did not change
    /// is left alone, so that nobody who watches it wakes up.
    ///
    /// # Errors
    ///
    /// The folder cannot be written.
    pub fn publish(&self, stamp: Stamp) -> Result<()> {
        self.try_publish(stamp).with_context(|| format!("cannot write to {}", self.dir.display()))
    }

    fn try_publish(&self, stamp: Stamp) -> Result<()> {
        let stage = self.dir.join(STAGE);
        let mut files = files_under(&stage)?;
        files.sort_by_key(|file| (file == Path::new(ENTRY), file.clone()));
        let (_, before) = self.read_stamp();
        remove_file(&self.dir.join(STAMP))?;
        for file in &files {
            replace(&stage.join(file), &self.dir.join(file))?;
        }
        let kept: BTreeSet<&PathBuf> = files.iter().collect();
        for gone in before.iter().filter(|file| !kept.contains(file)) {
            remove_file(&self.dir.join(gone))?;
            // Fails where other files are left, which is meant.
            let _ = gone.parent().map(|parent| fs::remove_dir(self.dir.join(parent)));
        }
        remove_dir(&stage)?;
        fs::write(self.dir.join(STAMP), stamp_text(stamp, &files))?;
        Ok(())
    }

    fn read_stamp(&self) -> (Option<Stamp>, Vec<PathBuf>) {
        let text = fs::read_to_string(self.dir.join(STAMP)).unwrap_or_default();
        let mut lines = text.lines();
        let stamp = lines.next().and_then(|line| u64::from_str_radix(line, 16).ok());
        (stamp.map(Stamp), lines.map(PathBuf::from).collect())
    }
}

fn stamp_text(stamp: Stamp, files: &[PathBuf]) -> String {
    let mut text = format!("{:016x}\n", stamp.0);
    for file in files {
        text.push_str(&file.to_string_lossy());
        text.push('\n');
    }
    text
}

fn replace(from: &Path, to: &Path) -> Result<()> {
    if let (Ok(new), Ok(old)) = (fs::read(from), fs::read(to))
        && new == old
    {
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::rename(from, to)?;
    Ok(())
}

/// Files below `dir`, as paths from it.
fn files_under(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(relative) = pending.pop() {
        for entry in fs::read_dir(dir.join(&relative))? {
            let entry = entry?;
            let path = relative.join(entry.file_name());
            if entry.file_type()?.is_dir() { pending.push(path) } else { files.push(path) }
        }
    }
    Ok(files)
}

fn remove_dir(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

fn remove_file(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", file.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(output: &Output, stamp: Stamp, files: &[(&str, &str)]) {
        let stage = output.stage().unwrap();
        for (name, text) in files {
            fs::create_dir_all(stage.join(name).parent().unwrap()).unwrap();
            fs::write(stage.join(name), text).unwrap();
        }
        output.publish(stamp).unwrap();
    }

    #[test]
    fn a_build_is_current_until_an_input_changes_or_a_file_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let output = Output::lock(dir.path()).unwrap();
        let stamp = Stamp::of(&("wasm", "options"));
        assert!(!output.is_current(stamp));
        publish(&output, stamp, &[("worker.js", "w"), ("index.js", "i")]);
        assert!(output.is_current(stamp));
        assert!(!output.is_current(Stamp::of(&("wasm", "other"))));
        fs::remove_file(dir.path().join("index.js")).unwrap();
        assert!(!output.is_current(stamp));
    }

    #[test]
    fn files_of_the_build_before_go_and_strangers_stay() {
        let dir = tempfile::tempdir().unwrap();
        let output = Output::lock(dir.path()).unwrap();
        fs::write(dir.path().join("mine.txt"), "").unwrap();
        publish(&output, Stamp::of(&1), &[("worker.js", "1"), ("snippets/a-1/host.js", "1")]);
        publish(&output, Stamp::of(&2), &[("worker.js", "2"), ("snippets/a-2/host.js", "2")]);
        let mut files = files_under(dir.path()).unwrap();
        files.sort();
        let expected = [".lock", ".stamp", "mine.txt", "snippets/a-2/host.js", "worker.js"];
        assert_eq!(files, expected.map(PathBuf::from));
        assert!(!dir.path().join("snippets/a-1").exists());
    }

    #[test]
    fn a_file_that_did_not_change_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let output = Output::lock(dir.path()).unwrap();
        let modified = || fs::metadata(dir.path().join("index.js")).unwrap().modified().unwrap();
        publish(&output, Stamp::of(&1), &[("index.js", "same")]);
        let before = modified();
        publish(&output, Stamp::of(&2), &[("index.js", "same")]);
        assert_eq!(modified(), before);
    }

    #[test]
    fn a_second_build_waits_for_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = Output::lock(dir.path()).unwrap();
        let file = File::create(dir.path().join(LOCK)).unwrap();
        assert!(matches!(file.try_lock(), Err(TryLockError::WouldBlock)));
        drop(first);
        assert!(file.try_lock().is_ok());
    }
}
