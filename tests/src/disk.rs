//! Where actors are stored: a folder that outlives the workerd that writes it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use anyhow::{Context, Result, bail};
use rusqlite::Connection;

use crate::process::Folder;

/// Within the folder of the class: the alarms of all its actors.
const ALARMS: &str = "metadata.sqlite";

/// Storage of actors, on disk. It is removed with the last that uses it.
#[derive(Clone, Debug)]
pub struct Disk {
    folder: Arc<Folder>,
    runs: Arc<AtomicU32>,
}

impl Disk {
    /// An empty one.
    ///
    /// # Errors
    ///
    /// If its folder cannot be made.
    pub fn new() -> Result<Self> {
        let folder = Folder::new().context("cannot make a folder for actors")?;
        fs::create_dir(folder.path().join("objects"))?;
        Ok(Self { folder: Arc::new(folder), runs: Arc::default() })
    }

    /// Where workerd stores actors.
    pub fn objects(&self) -> PathBuf {
        self.folder.path().join("objects")
    }

    /// Opens the database of the only actor of a class. Whoever does so has killed workerd before.
    ///
    /// # Errors
    ///
    /// If there is none, or more than one.
    pub fn open(&self, class: &str) -> Result<Connection> {
        Ok(Connection::open(self.database(class)?)?)
    }

    /// Gives the only actor of one class what that of another has stored, in place of what it had.
    ///
    /// # Errors
    ///
    /// If one of them is not the only one of its class.
    pub fn copy(&self, from: &str, to: &str) -> Result<()> {
        let target = self.database(to)?;
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(with_end(&target, end));
        }
        let target = target.to_str().context("the temporary folder has no UTF-8 name")?;
        self.open(from)?.execute("VACUUM INTO ?", (target,))?;
        Ok(())
    }

    /// Whether workerd has the only actor of a class in memory: whoever opens a database keeps a file beside it.
    ///
    /// # Errors
    ///
    /// If there is none, or more than one.
    pub fn is_open(&self, class: &str) -> Result<bool> {
        Ok(with_end(&self.database(class)?, "-wal").exists())
    }

    /// The database of the only actor of a class.
    fn database(&self, class: &str) -> Result<PathBuf> {
        let folder = self.objects().join(class);
        let files = fs::read_dir(&folder).with_context(|| format!("no {class} was ever stored"))?;
        let mut found = None;
        for file in files {
            let path = file?.path();
            if is_database(&path) && found.replace(path).is_some() {
                bail!("more than one {class} is stored");
            }
        }
        found.with_context(|| format!("no {class} is stored"))
    }

    /// A folder for a workerd that is to run on this disk.
    pub(crate) fn run(&self) -> Result<Folder> {
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        Folder::within(&self.folder, &format!("run-{number}")).context("cannot make a folder for workerd")
    }
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn is_database(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "sqlite") && !path.ends_with(ALARMS)
}
