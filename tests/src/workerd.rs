//! workerd with the worker of the tests, an upstream, and a KV namespace.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::symlink,
    panic,
    path::{Path, PathBuf},
    sync::{OnceLock, mpsc},
    thread,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{
    http::{Answer, Request},
    process::{self, Running},
    wait::DEADLINE,
};

/// Where outbound requests go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Internet {
    /// To `tests/upstream/upstream.js`, whatever the host.
    Upstream,
    /// To sockets of this machine and its network.
    Sockets,
}

impl Internet {
    fn service(self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::Sockets => "sockets",
        }
    }
}

/// A workerd that runs.
#[derive(Debug)]
pub struct Workerd {
    running: Running,
    worker: u16,
    upstream: u16,
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
    /// Starts workerd and waits until it listens.
    ///
    /// # Errors
    ///
    /// If the worker is not built, if workerd is not installed, or if it does not start.
    pub fn start(internet: Internet) -> Result<Self> {
        let folder = process::folder().context("cannot make a folder for workerd")?;
        let config = folder.join("config.capnp");
        link(&folder)?;
        fs::write(&config, config_text(internet)?)?;
        let program = [binary()?, "serve".into(), "--experimental".into(), "--control-fd=3".into(), config];
        let mut running = Running::start(&folder, program, &[]).context("cannot start workerd")?;
        let ports = ports(&mut running).map_err(|error| error.context(format!("workerd says:\n{}", running.log())))?;
        Ok(Self { running, worker: ports.0, upstream: ports.1 })
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
}

/// The workspace's folder.
pub fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

fn binary() -> Result<PathBuf> {
    let binary = root().join("node_modules/.bin/workerd");
    ensure!(binary.exists(), "workerd is not installed: run `npm ci`, or `cargo xtask test`");
    Ok(binary)
}

fn build() -> Result<PathBuf> {
    let build = root().join("tests/worker/build");
    let command = "cargo run -p duractor-cli -- build --package duractor-test-worker \
                   --wrangler tests/worker/wrangler.toml --out tests/worker/build";
    ensure!(build.join("worker.js").exists(), "the worker is not built: run `cargo xtask test`, or `{command}`");
    Ok(build)
}

/// Cap'n Proto embeds files by paths that are relative to the configuration.
fn link(folder: &Path) -> Result<()> {
    symlink(build()?, folder.join("build"))?;
    symlink(root().join("tests/upstream"), folder.join("upstream"))?;
    Ok(())
}

fn config_text(internet: Internet) -> Result<String> {
    let modules = modules()?;
    let (namespaces, bindings) = objects()?;
    let outbound = internet.service();
    Ok(format!(
        r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "upstream", worker = .upstream),
    (name = "kv", worker = .kv),
    (name = "sockets", network = (allow = ["public", "private"])),
  ],
  sockets = [
    (name = "worker", address = "127.0.0.1:0", http = (), service = "worker"),
    (name = "upstream", address = "127.0.0.1:0", http = (), service = "upstream"),
  ],
);
const worker :Workerd.Worker = (
  modules = [{modules}],
  compatibilityDate = "2026-04-01",
  compatibilityFlags = ["enable_request_signal"],
  durableObjectNamespaces = [{namespaces}],
  durableObjectStorage = (inMemory = void),
  bindings = [(name = "KV", kvNamespace = "kv"), {bindings}],
  globalOutbound = "{outbound}",
);
const upstream :Workerd.Worker = (
  modules = [(name = "upstream.js", esModule = embed "upstream/upstream.js")],
  compatibilityDate = "2026-04-01",
  compatibilityFlags = ["enable_request_signal"],
);
const kv :Workerd.Worker = (
  modules = [(name = "kv.js", esModule = embed "upstream/kv.js")],
  compatibilityDate = "2026-04-01",
);
"#
    ))
}

/// The built worker's modules, its entry first.
fn modules() -> Result<String> {
    let build = build()?;
    let mut files = Vec::new();
    collect(&build, Path::new(""), &mut files)?;
    files.sort_by_key(|file| (file != "worker.js", file.clone()));
    let mut text = String::new();
    for file in files {
        let kind = match Path::new(&file).extension().and_then(|extension| extension.to_str()) {
            Some("js") => "esModule",
            Some("wasm") => "wasm",
            _ => continue,
        };
        write!(text, r#"(name = "{file}", {kind} = embed "build/{file}"), "#)?;
    }
    Ok(text)
}

fn collect(folder: &Path, below: &Path, files: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(folder, &path, files)?;
        } else {
            files.push(path.to_str().context("a file of the build has no UTF-8 name")?.to_owned());
        }
    }
    Ok(())
}

/// Namespaces and bindings of the classes in the worker's `wrangler.toml`.
fn objects() -> Result<(String, String)> {
    let text = fs::read_to_string(root().join("tests/worker/wrangler.toml"))?;
    let config: toml::Table = text.parse()?;
    let list = config["durable_objects"]["bindings"].as_array().context("there are no Durable Objects")?;
    let (mut namespaces, mut bindings) = (String::new(), String::new());
    for object in list {
        let (name, class) = (object["name"].as_str(), object["class_name"].as_str());
        let (name, class) = name.zip(class).context("a binding has no name or no class")?;
        write!(
            namespaces,
            r#"(className = "{class}", uniqueKey = "{class}", enableSql = true, preventEviction = true), "#
        )?;
        write!(bindings, r#"(name = "{name}", durableObjectNamespace = "{class}"), "#)?;
    }
    Ok((namespaces, bindings))
}

/// The ports that workerd has chosen, for the worker and for the upstream.
fn ports(running: &mut Running) -> Result<(u16, u16)> {
    let (send, receive) = mpsc::channel();
    let output = BufReader::new(running.output());
    // It ends when workerd does.
    thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
    let (mut worker, mut upstream) = (None, None);
    loop {
        if let (Some(worker), Some(upstream)) = (worker, upstream) {
            return Ok((worker, upstream));
        }
        let Ok(line) = receive.recv_timeout(DEADLINE) else { bail!("workerd does not listen") };
        let event: Value = serde_json::from_str(&line).with_context(|| format!("workerd's control says {line}"))?;
        let port = event["port"].as_u64().and_then(|port| u16::try_from(port).ok());
        match event["socket"].as_str() {
            Some("worker") => worker = port,
            Some("upstream") => upstream = port,
            _ => {}
        }
    }
}
