//! Programs that end with the test, however it ends, and folders that are removed with it.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Write as _},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{self, Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

/// Runs its arguments in the background, with as many open files as may be: every Durable Object has some. After a line of input it kills its process group; when its input ends
/// without one, which the system sees to when a test dies, it removes the folder `$0` before. The program's descriptor 3
/// is the output, everything else the log.
const KEEPER: &str = r#"ulimit -n "$(ulimit -Hn)"; "$@" 3>&1 1>&2 & exec >&-; read -r _ || rm -rf "$0"; kill -9 0"#;

/// What the program writes, in its folder.
const LOG: &str = "log";

/// A new folder, which is removed when it is dropped.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    within: Option<Arc<Self>>,
}

impl Folder {
    /// A folder of this process.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn new() -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("duractor-tests-{}-{number}", process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self { path, within: None })
    }

    /// A folder within another one, which lives as long.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn within(folder: &Arc<Self>, name: &str) -> io::Result<Self> {
        let path = folder.path.join(name);
        fs::create_dir_all(&path)?;
        Ok(Self { path, within: Some(Arc::clone(folder)) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder around all others.
    fn outermost(&self) -> &Path {
        self.within.as_ref().map_or(&self.path, |folder| folder.outermost())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A program that runs, with all that it has started.
#[derive(Debug)]
pub struct Running {
    keeper: Child,
    /// Closing it ends the program.
    input: ChildStdin,
    folder: Folder,
}

impl Running {
    /// Starts a program that writes its log in `folder`.
    ///
    /// # Errors
    ///
    /// If the program's keeper cannot be started.
    pub fn start<S: AsRef<OsStr>>(
        folder: Folder,
        program: impl IntoIterator<Item = S>,
        variables: &[(&str, &str)],
    ) -> io::Result<Self> {
        let log = File::create(folder.path().join(LOG))?;
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER])
            .arg(folder.outermost())
            .args(program)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .process_group(0)
            .spawn()?;
        let input = keeper.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { keeper, input, folder })
    }

    /// What the program writes to descriptor 3.
    ///
    /// # Panics
    ///
    /// The second time.
    pub fn output(&mut self) -> ChildStdout {
        self.keeper.stdout.take().expect("the output is taken once")
    }

    /// What the program and all that it has started have in memory, in bytes.
    ///
    /// # Panics
    ///
    /// If the system does not tell.
    pub fn resident_bytes(&self) -> u64 {
        self.processes().into_iter().filter_map(resident_bytes_of).sum()
    }

    /// How many files the program and all that it has started have open.
    ///
    /// # Panics
    ///
    /// If the system does not tell.
    pub fn open_files(&self) -> usize {
        let files = |number| fs::read_dir(format!("/proc/{number}/fd")).ok().map(Iterator::count);
        self.processes().into_iter().filter_map(files).sum()
    }

    /// The program and all that it has started.
    fn processes(&self) -> Vec<u32> {
        let group = self.keeper.id();
        let all = fs::read_dir("/proc").expect("the system tells of processes");
        let numbers = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        numbers.filter(|&number| group_of(number) == Some(group)).collect()
    }

    /// Kills the program by SIGKILL, so that it can do nothing about it.
    pub fn kill(&self) {
        // An error means that it was killed before.
        let _ = (&self.input).write_all(b"\n");
    }

    /// What the program has written so far.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.folder.path().join(LOG)).unwrap_or_default();
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

/// The process group, as `/proc` has it behind the program's name.
fn group_of(number: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(2)?.parse().ok()
}

fn resident_bytes_of(number: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{number}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
}

/// A test that fails shows the log's end.
impl Drop for Running {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.log_tail());
        }
        self.kill();
        let _ = self.keeper.wait();
    }
}
