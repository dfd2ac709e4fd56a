//! One workerd with all peers in it, each on a port of its own.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::build::modules;
use crate::load::{Ask, Client};

/// The same for every peer.
const SETTINGS: &str = r#"compatibilityDate = "2026-04-01", compatibilityFlags = ["enable_request_signal"],
  durableObjectStorage = (localDisk = "disk"), globalOutbound = "upstream""#;

const UPSTREAM: &str = "upstream.js";
const START_MAX: Duration = Duration::from_secs(30);
const START_POLL: Duration = Duration::from_millis(20);

/// A worker to be measured.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) name: String,
    /// Where its modules are.
    pub(crate) dir: PathBuf,
    /// Its Durable Objects; a binding has its class's name in capitals.
    pub(crate) classes: &'static [&'static str],
}

impl Peer {
    /// Its objects. Peers share a disk and no folder on it.
    fn objects(&self, at: usize) -> String {
        let namespace = |class| {
            format!("(className = \"{class}\", uniqueKey = \"{class}-{at}\", enableSql = true, preventEviction = true)")
        };
        let namespaces: Vec<String> = self.classes.iter().map(namespace).collect();
        let binding =
            |class: &&str| format!("(name = \"{}\", durableObjectNamespace = \"{class}\")", class.to_ascii_uppercase());
        let bindings: Vec<String> = self.classes.iter().map(binding).collect();
        format!("durableObjectNamespaces = [{}], bindings = [{}]", namespaces.join(", "), bindings.join(", "))
    }
}

/// A running workerd. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Workerd {
    child: Child,
    /// Of each peer.
    ports: Vec<u16>,
    /// Configuration, modules and storage.
    _dir: TempDir,
}

impl Workerd {
    /// Starts it and waits until every peer answers `greeting`. All that the peers fetch comes from the worker in `upstream`.
    ///
    /// # Errors
    ///
    /// It is not installed, does not start, or a peer does not answer.
    pub(crate) fn start(peers: &[Peer], upstream: &Path, greeting: &dyn Ask) -> Result<Self> {
        let dir = tempfile::tempdir().context("cannot make a temporary folder")?;
        let ports = free_ports(peers.len())?;
        fs::copy(upstream, dir.path().join(UPSTREAM)).context("cannot copy the upstream")?;
        fs::create_dir(dir.path().join("disk"))?;
        let config = config(peers, &ports, dir.path())?;
        fs::write(dir.path().join("config.capnp"), config)?;
        let child = Command::new(binary()?)
            .args(["serve", "--experimental", "config.capnp"])
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("cannot run workerd")?;
        let mut workerd = Self { child, ports, _dir: dir };
        workerd.wait(greeting)?;
        Ok(workerd)
    }

    /// The id of the process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Connects to a peer.
    ///
    /// # Errors
    ///
    /// The process has ended.
    pub(crate) fn connect(&self, peer: usize) -> Result<Client> {
        Client::connect(self.ports[peer])
    }

    fn wait(&mut self, greeting: &dyn Ask) -> Result<()> {
        let end = Instant::now() + START_MAX;
        for peer in 0..self.ports.len() {
            while let Err(error) = self.connect(peer).and_then(|mut client| client.ask(greeting, &greeting.request())) {
                if let Some(status) = self.child.try_wait()? {
                    bail!("workerd ended with {status}, see above");
                }
                ensure!(Instant::now() < end, "workerd does not answer: {error}");
                thread::sleep(START_POLL);
            }
        }
        Ok(())
    }
}

impl Drop for Workerd {
    fn drop(&mut self) {
        // It ignores gentler signals while sockets are open. An error means that it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program itself: what npm links as `workerd` may be a script around it, whose CPU time is not what counts.
fn binary() -> Result<PathBuf> {
    let output = Command::new("node")
        .args(["--print", "require('workerd').default"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .context("cannot run node; install Node.js 20 or newer")?;
    let path = String::from_utf8(output.stdout).unwrap_or_default();
    ensure!(output.status.success(), "workerd is not installed; run `npm ci`");
    Ok(path.trim().into())
}

/// Ports that nobody listens at. They are found together, so that all differ.
fn free_ports(count: usize) -> Result<Vec<u16>> {
    let listeners: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect::<Result<_, _>>()
        .context("there is no free port")?;
    let ports = listeners.iter().map(|listener| listener.local_addr());
    Ok(ports.map(|address| address.map(|address| address.port())).collect::<Result<_, _>>()?)
}

/// The configuration. Modules are embedded by paths from the configuration's folder, so they are copied there.
fn config(peers: &[Peer], ports: &[u16], dir: &Path) -> Result<String> {
    let (mut services, mut sockets, mut workers) = (String::new(), String::new(), String::new());
    for (at, (peer, port)) in peers.iter().zip(ports).enumerate() {
        let objects = peer.objects(at);
        let modules = copy_modules(&peer.dir, dir, &format!("peer{at}"))?;
        writeln!(services, "  (name = \"peer{at}\", worker = .peer{at}),")?;
        writeln!(
            sockets,
            "  (name = \"peer{at}\", address = \"127.0.0.1:{port}\", http = (), service = \"peer{at}\"),"
        )?;
        writeln!(
            workers,
            "const peer{at} :Workerd.Worker = (\n  modules = [\n{modules}  ],\n  {SETTINGS},\n  {objects}\n);"
        )?;
    }
    Ok(format!(
        r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [
  (name = "upstream", worker = .upstream),
  (name = "disk", disk = (path = "disk", writable = true)),
{services}], sockets = [
{sockets}]);
const upstream :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "{UPSTREAM}")], compatibilityDate = "2026-04-01"
);
{workers}"#
    ))
}

/// Copies a peer's modules to a folder beside the configuration, and lists them.
fn copy_modules(from: &Path, dir: &Path, name: &str) -> Result<String> {
    let mut list = String::new();
    for module in modules(from)? {
        let copy = dir.join(name).join(&module);
        fs::create_dir_all(copy.parent().unwrap_or(dir))?;
        fs::copy(from.join(&module), &copy).with_context(|| format!("cannot copy {}", module.display()))?;
        let kind = if module.extension().is_some_and(|end| end == "wasm") { "wasm" } else { "esModule" };
        let path = module.to_string_lossy().replace('\\', "/");
        writeln!(list, "    (name = \"{path}\", {kind} = embed \"{name}/{path}\"),")?;
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_peer_gets_its_modules_and_its_port() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for file in ["worker.js", "index_bg.wasm"] {
            fs::write(from.path().join(file), file).unwrap();
        }
        let peer = Peer { name: "a".into(), dir: from.path().into(), classes: &["Counter", "Big"] };
        let config = config(&[peer.clone(), peer], &[8001, 8002], to.path()).unwrap();
        let wasm = r#"(name = "index_bg.wasm", wasm = embed "peer1/index_bg.wasm")"#;
        assert!(config.contains(wasm), "{config}");
        assert!(config.contains(r#"address = "127.0.0.1:8002""#), "{config}");
        assert!(config.contains(r#"(name = "BIG", durableObjectNamespace = "Big")"#), "{config}");
        assert!(config.contains(r#"uniqueKey = "Big-1""#), "{config}");
        assert!(to.path().join("peer0/worker.js").is_file());
    }

    #[test]
    fn free_ports_differ() {
        let mut ports = free_ports(8).unwrap();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 8);
    }
}
