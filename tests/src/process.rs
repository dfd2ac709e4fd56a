//! Programs that end with the test, however it ends.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{self, Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

/// Runs its arguments in the background. When its input ends, which the system sees to when a test dies, it removes
/// the folder `$0` and kills its process group. The program's descriptor 3 is the output, everything else the log.
const KEEPER: &str = r#""$@" 3>&1 1>&2 & exec >&-; read -r _; rm -rf "$0"; kill -9 0"#;

/// What the program writes, in its folder.
const LOG: &str = "log";

/// A program that runs, with all that it has started.
#[derive(Debug)]
pub struct Running {
    keeper: Child,
    /// Closing it ends the program.
    input: Option<ChildStdin>,
    folder: PathBuf,
}

impl Running {
    /// Starts a program whose folder is `folder`, which is removed at the end.
    ///
    /// # Errors
    ///
    /// If the program's keeper cannot be started.
    pub fn start<S: AsRef<OsStr>>(
        folder: &Path,
        program: impl IntoIterator<Item = S>,
        variables: &[(&str, &str)],
    ) -> io::Result<Self> {
        let log = File::create(folder.join(LOG))?;
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER])
            .arg(folder)
            .args(program)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .process_group(0)
            .spawn()?;
        let input = keeper.stdin.take();
        Ok(Self { keeper, input, folder: folder.to_owned() })
    }

    /// What the program writes to descriptor 3.
    ///
    /// # Panics
    ///
    /// The second time.
    pub fn output(&mut self) -> ChildStdout {
        self.keeper.stdout.take().expect("the output is taken once")
    }

    /// What the program has written so far.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.folder.join(LOG)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The last lines of what the program has written so far.
    pub fn log_tail(&self) -> String {
        const LINES_MAX: usize = 40;
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        format!("the program's log ends with:\n{}", lines[lines.len().saturating_sub(LINES_MAX)..].join("\n"))
    }
}

/// A test that fails shows the log's end.
impl Drop for Running {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.log_tail());
        }
        drop(self.input.take());
        let _ = self.keeper.wait();
        // The program may have written something after the keeper had removed the folder.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A new folder of this process.
///
/// # Errors
///
/// If it cannot be made.
pub fn folder() -> io::Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("duractor-tests-{}-{number}", process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
