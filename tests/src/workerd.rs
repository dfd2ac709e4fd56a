//! workerd with the worker of the tests, an upstream, and a KV namespace.

use std::{
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    panic,
    path::Path,
    sync::{OnceLock, mpsc},
    thread::{self, JoinHandle},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

pub use crate::config::{Internet, root};
use crate::{
    config::{self, Development},
    disk::Disk,
    http::{Answer, Request},
    process::Running,
    wait::{DEADLINE, wait_until},
};

/// A workerd that runs.
#[derive(Debug)]
pub struct Workerd {
    running: Running,
    /// Ends when workerd has.
    reader: JoinHandle<()>,
    worker: u16,
    upstream: u16,
    internet: Internet,
    disk: Disk,
}

/// The one workerd of this test file, with the usual upstream. A test that fails shows its log.
///
/// # Panics
///
/// If workerd cannot be started, with what to do about it.
pub fn workerd() -> &'static Workerd {
    shared(Internet::Upstream)
}

/// The one workerd of this test file, with an internet that the first call chooses.
///
/// # Panics
///
/// If workerd cannot be started, with what to do about it.
pub fn shared(internet: Internet) -> &'static Workerd {
    static WORKERD: OnceLock<Workerd> = OnceLock::new();
    WORKERD.get_or_init(|| {
        let workerd = Workerd::start(internet).unwrap_or_else(|error| panic!("{error:?}"));
        show_log_at_panic(&WORKERD);
        workerd
    })
}

fn show_log_at_panic(workerd: &'static OnceLock<Workerd>) {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        usual(info);
        if let Some(workerd) = workerd.get() {
            eprintln!("{}", workerd.running.log_tail());
        }
    }));
}

impl Workerd {
    /// Starts workerd on an empty disk and waits until it listens.
    ///
    /// # Errors
    ///
    /// If the worker is not built, if workerd is not installed, or if it does not start.
    pub fn start(internet: Internet) -> Result<Self> {
        Self::on(&Disk::new()?, internet)
    }

    /// Starts workerd on a disk that may have been another's, and waits until it listens.
    ///
    /// # Errors
    ///
    /// If the worker is not built, if workerd is not installed, or if it does not start.
    pub fn on(disk: &Disk, internet: Internet) -> Result<Self> {
        Self::run(disk, internet, Development::None)
    }

    /// Starts workerd on an empty disk as `wrangler dev` does, with the internet of this machine. Dumps go to a URL.
    ///
    /// # Errors
    ///
    /// If the worker is not built, if workerd is not installed, or if it does not start.
    pub fn developing(dumps: &str) -> Result<Self> {
        Self::run(&Disk::new()?, Internet::Sockets, Development::Dumps(dumps))
    }

    /// Starts workerd on an empty disk as `wrangler dev` does, with a module that answers for the internet.
    ///
    /// # Errors
    ///
    /// If the worker is not built, if workerd is not installed, or if it does not start.
    pub fn mocked(upstream: &Path) -> Result<Self> {
        Self::run(&Disk::new()?, Internet::Sockets, Development::Mock(upstream))
    }

    fn run(disk: &Disk, internet: Internet, development: Development<'_>) -> Result<Self> {
        let folder = disk.run()?;
        let config = config::write(folder.path(), internet, &disk.objects(), development)?;
        let program = [config::binary()?, "serve".into(), "--experimental".into(), "--control-fd=3".into(), config];
        let mut running = Running::start(folder, program, &[]).context("cannot start workerd")?;
        let (events, reader) = events(&mut running);
        let (worker, upstream) =
            ports(&events).map_err(|error| error.context(format!("workerd says:\n{}", running.log())))?;
        Ok(Self { running, reader, worker, upstream, internet, disk: disk.clone() })
    }

    /// The disk that it runs on.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Kills it by SIGKILL, with all that it has under way.
    pub fn kill(&self) {
        self.running.kill();
        wait_until("workerd is gone", || self.reader.is_finished().then_some(()));
    }

    /// Kills it and starts another one on its disk.
    ///
    /// # Errors
    ///
    /// If that does not start.
    pub fn restart(self) -> Result<Self> {
        self.kill();
        Self::on(&self.disk, self.internet)
    }

    /// Where the worker listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.worker))
    }

    /// A request that is yet to be sent.
    pub fn request(&self, method: &str, target: impl Into<String>) -> Request {
        Request::new(self.address(), method, target)
    }

    /// Sends a GET.
    pub fn get(&self, target: impl Into<String>) -> Answer {
        self.request("GET", target).send()
    }

    /// Sends a POST without a body.
    pub fn post(&self, target: impl Into<String>) -> Answer {
        self.request("POST", target).send()
    }

    /// Sends a POST with a JSON body.
    pub fn post_json(&self, target: impl Into<String>, body: &Value) -> Answer {
        self.request("POST", target).json(body).send()
    }

    /// Asks the upstream itself.
    pub fn upstream(&self, target: impl Into<String>) -> Answer {
        let upstream = SocketAddr::from((Ipv4Addr::LOCALHOST, self.upstream));
        Request::new(upstream, "GET", target).send()
    }

    /// How often the upstream was asked for a path.
    pub fn asked(&self, path: &str) -> u64 {
        self.upstream(format!("/count?path={path}")).text().parse().expect("the upstream counts")
    }

    /// How many requests wait at one of the upstream's gates.
    pub fn waiting_at(&self, gate: &str) -> u64 {
        self.upstream(format!("/state/{gate}")).json()["waiting"].as_u64().unwrap_or_default()
    }

    /// Opens one of the upstream's gates.
    pub fn open(&self, gate: &str) {
        self.upstream(format!("/open/{gate}"));
    }

    /// What the worker has logged.
    pub fn log(&self) -> String {
        self.running.log()
    }

    /// What workerd has in memory, in bytes.
    pub fn resident_bytes(&self) -> u64 {
        self.running.resident_bytes()
    }

    /// How many files workerd has open: each open Durable Object has some.
    pub fn open_files(&self) -> usize {
        self.running.open_files()
    }

    /// The last of what the worker has logged.
    pub fn log_tail(&self) -> String {
        self.running.log_tail()
    }
}

/// What workerd writes to its control descriptor, and a thread that reads it until workerd is no more.
fn events(running: &mut Running) -> (mpsc::Receiver<String>, JoinHandle<()>) {
    let (send, lines) = mpsc::channel();
    let output = BufReader::new(running.output());
    let reader = thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            // Only the first lines are of interest.
            let _ = send.send(line);
        }
    });
    (lines, reader)
}

/// The ports that workerd has chosen, for the worker and for the upstream.
fn ports(events: &mpsc::Receiver<String>) -> Result<(u16, u16)> {
    let (mut worker, mut upstream) = (None, None);
    loop {
        if let (Some(worker), Some(upstream)) = (worker, upstream) {
            return Ok((worker, upstream));
        }
        let Ok(line) = events.recv_timeout(DEADLINE) else { bail!("workerd does not listen") };
        let event: Value = serde_json::from_str(&line).with_context(|| format!("workerd's control says {line}"))?;
        let port = event["port"].as_u64().and_then(|port| u16::try_from(port).ok());
        match event["socket"].as_str() {
            Some("worker") => worker = port,
            Some("upstream") => upstream = port,
            _ => {}
        }
    }
}
