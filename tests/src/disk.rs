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

    /// The database of the only actor of a class. Whoever alters it has killed workerd before.
    ///
    /// # Errors
    ///
    /// If there is none, or more than one.
    pub fn database(&self, class: &str) -> Result<PathBuf> {
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

fn is_database(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "sqlite") && !path.ends_with(ALARMS)
}
