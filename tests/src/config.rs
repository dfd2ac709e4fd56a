//! How workerd is configured to run the worker of the tests.

use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

/// Where outbound requests go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Internet {
    /// To `tests/upstream/upstream.js`, whatever the host.
    Upstream,
    /// To sockets of this machine and its network.
    Sockets,
}

/// What a worker of development is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Development<'d> {
    /// It is a release.
    None,
    /// Where dumps go.
    Dumps(&'d str),
    /// The module that answers for the internet.
    Mock(&'d Path),
}

impl Development<'_> {
    fn binding(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Dumps(url) => format!(r#"(name = "DURACTOR_DUMP", text = "{url}"), "#),
            Self::Mock(_) => r#"(name = "DURACTOR_UPSTREAM", service = "mock"), "#.to_owned(),
        }
    }

    /// The mock, of which there is always one.
    fn module(self) -> &'static str {
        if let Self::Mock(_) = self { r#"embed "mock.js""# } else { r#""export default {};""# }
    }
}

impl Internet {
    fn service(self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::Sockets => "sockets",
        }
    }
}

/// The built worker's entry, and what a release has in it.
const ENTRY: &str = "worker.js";
const RELEASED: &str = "development:!1";

/// The classes whose objects leave memory after some time without a call.
const EVICTED: [&str; 2] = ["Keeper", "Visitor"];

/// The keys of sessions: the one that signs, and one that is on its way out.
const SESSION_KEYS: [&str; 2] = ["the-first-key-of-the-tests-no-secret", "another-key-of-the-tests-no-secret"];

/// The workspace's folder.
pub fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

/// Writes the configuration into a folder, which gets links to all that it names, and returns its path.
///
pub(crate) fn write(
    folder: &Path,
    internet: Internet,
    objects: &Path,
    development: Development<'_>,
) -> Result<PathBuf> {
    link(folder)?;
    if development != Development::None {
        develop(folder)?;
    }
    if let Development::Mock(upstream) = development {
        fs::copy(upstream, folder.join("mock.js"))?;
    }
    let config = folder.join("config.capnp");
    fs::write(&config, text(internet, objects, development)?)?;
    Ok(config)
}

/// Replaces the link to the build by a copy whose entry says that it is of development.
fn develop(folder: &Path) -> Result<()> {
    let (from, to) = (build()?, folder.join("build"));
    let entry = fs::read_to_string(from.join(ENTRY))?;
    ensure!(entry.contains(RELEASED), "the worker's entry does not say that it is a release");
    fs::remove_file(&to)?;
    fs::create_dir(&to)?;
    fs::copy(from.join("index_bg.wasm"), to.join("index_bg.wasm"))?;
    fs::write(to.join(ENTRY), entry.replace(RELEASED, "development:!0"))?;
    Ok(())
}

pub(crate) fn binary() -> Result<PathBuf> {
    let binary = root().join("node_modules/.bin/workerd");
    ensure!(binary.exists(), "workerd is not installed: run `npm ci`, or `cargo xtask test`");
    Ok(binary)
}

fn build() -> Result<PathBuf> {
    let build = root().join("tests/worker/build");
    let command = "cargo run -p duractor-cli -- build --package duractor-test-worker \
                   --wrangler tests/worker/wrangler.toml --out tests/worker/build";
    ensure!(build.join(ENTRY).exists(), "the worker is not built: run `cargo xtask test`, or `{command}`");
    Ok(build)
}

/// Cap'n Proto embeds files by paths that are relative to the configuration.
fn link(folder: &Path) -> Result<()> {
    symlink(build()?, folder.join("build"))?;
    symlink(root().join("tests/upstream"), folder.join("upstream"))?;
    Ok(())
}

fn text(internet: Internet, disk: &Path, development: Development<'_>) -> Result<String> {
    let modules = modules()?;
    let (namespaces, bindings) = objects()?;
    let outbound = internet.service();
    let mock = development.module();
    let disk = disk.display();
    let keys = SESSION_KEYS.join(",");
    let development = development.binding();
    Ok(format!(
        r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = ["--expose-gc"],
  services = [
    (name = "worker", worker = .worker),
    (name = "upstream", worker = .upstream),
    (name = "kv", worker = .kv),
    (name = "mock", worker = .mock),
    (name = "sockets", network = (allow = ["public", "private"])),
    (name = "disk", disk = (path = "{disk}", writable = true)),
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
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "KV", kvNamespace = "kv"), (name = "SESSION_KEYS", text = "{keys}"), {development}{bindings}],
  globalOutbound = "{outbound}",
);
const upstream :Workerd.Worker = (
  modules = [(name = "upstream.js", esModule = embed "upstream/upstream.js")],
  compatibilityDate = "2026-04-01",
  compatibilityFlags = ["enable_request_signal"],
);
const mock :Workerd.Worker = (
  modules = [(name = "mock.js", esModule = {mock})],
  compatibilityDate = "2026-04-01",
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
    files.sort_by_key(|file| (file != ENTRY, file.clone()));
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
        let stays = !EVICTED.contains(&class);
        write!(
            namespaces,
            r#"(className = "{class}", uniqueKey = "{class}", enableSql = true, preventEviction = {stays}), "#
        )?;
        write!(bindings, r#"(name = "{name}", durableObjectNamespace = "{class}"), "#)?;
    }
    Ok((namespaces, bindings))
}
