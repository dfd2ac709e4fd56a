//! The part of wrangler's configuration that concerns actors.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// File names in the order in which wrangler prefers them.
const FILE_NAMES: [&str; 3] = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/// How a configuration is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `wrangler.toml`
    Toml,
    /// `wrangler.json`, `wrangler.jsonc`
    Json,
}

/// A configuration file.
#[derive(Debug)]
pub struct Config {
    /// Where it is.
    pub path: PathBuf,
    /// How it is written.
    pub format: Format,
    /// The file's text.
    pub text: String,
    /// The top level.
    pub top: Scope,
}

/// The top level, or one of the environments.
#[derive(Debug, Default, Deserialize)]
pub struct Scope {
    /// The worker's name.
    pub name: Option<String>,
    /// The entry.
    pub main: Option<String>,
    /// The date whose behaviour the runtime keeps to.
    pub compatibility_date: Option<String>,
    /// Flags on top of the date.
    #[serde(default)]
    pub compatibility_flags: Vec<String>,
    /// Bindings; an environment does not inherit them.
    pub durable_objects: Option<DurableObjects>,
    /// What happened to classes; an environment inherits them.
    pub migrations: Option<Vec<Migration>>,
    /// Environments, only at the top level.
    #[serde(default)]
    pub env: BTreeMap<String, Scope>,
}

/// The table `durable_objects`.
#[derive(Debug, Default, Deserialize)]
pub struct DurableObjects {
    /// One entry for each name in `env`.
    #[serde(default)]
    pub bindings: Vec<Binding>,
}

/// One binding.
#[derive(Debug, Deserialize)]
pub struct Binding {
    /// The name in `env`.
    pub name: String,
    /// The class.
    pub class_name: String,
    /// The other worker that has the class.
    pub script_name: Option<String>,
}

/// One migration.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Migration {
    /// The migration's name.
    pub tag: String,
    /// Classes that keep their state in the old key-value storage.
    pub new_classes: Vec<String>,
    /// Classes that keep their state in SQLite.
    pub new_sqlite_classes: Vec<String>,
    /// Classes under a new name.
    pub renamed_classes: Vec<Rename>,
    /// Classes that are gone.
    pub deleted_classes: Vec<String>,
    /// Classes that came from another worker.
    pub transferred_classes: Vec<Rename>,
}

/// A class under a new name.
#[derive(Debug, Deserialize)]
pub struct Rename {
    /// The old name.
    pub from: String,
    /// The new name.
    pub to: String,
}

/// Where a class keeps its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// In SQLite.
    Sqlite,
    /// In the old key-value storage.
    KeyValue,
}

/// One set of bindings with the migrations that hold for it.
#[derive(Clone, Copy, Debug)]
pub struct Environment<'a> {
    /// The environment's name, none at the top level.
    pub name: Option<&'a str>,
    /// Its bindings.
    pub bindings: &'a [Binding],
    /// Its migrations.
    pub migrations: &'a [Migration],
    /// Whether the migrations are its own.
    pub owns_migrations: bool,
}

impl Config {
    /// The configuration that wrangler finds from `start` upward.
    pub fn find(start: &Path) -> Option<PathBuf> {
        FILE_NAMES.iter().find_map(|name| start.ancestors().map(|dir| dir.join(name)).find(|path| path.is_file()))
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    ///
    /// It cannot be read, or it is not what wrangler takes.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let format = if path.extension().is_some_and(|end| end == "toml") { Format::Toml } else { Format::Json };
        Self::parse(path.to_owned(), format, text)
    }

    /// Parses a configuration.
    ///
    /// # Errors
    ///
    /// It is not what wrangler takes.
    pub fn parse(path: PathBuf, format: Format, text: String) -> Result<Self> {
        let top: Result<Scope> = match format {
            Format::Toml => toml::from_str(&text).map_err(Into::into),
            Format::Json => jsonc_parser::parse_to_serde_value(&text, &Default::default()).map_err(Into::into),
        };
        let top = top.with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(
            top.env.values().all(|env| env.env.is_empty()),
            "{}: an environment inside an environment",
            path.display()
        );
        Ok(Self { path, format, text, top })
    }

    /// The folder that the file is in.
    pub fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The top level, then the environments that have bindings of their own.
    pub fn environments(&self) -> Vec<Environment<'_>> {
        let top = Environment {
            name: None,
            bindings: bindings_of(&self.top),
            migrations: self.top.migrations.as_deref().unwrap_or_default(),
            owns_migrations: true,
        };
        let named = self.top.env.iter().filter(|(_, scope)| scope.durable_objects.is_some());
        let named = named.map(|(name, scope)| Environment {
            name: Some(name),
            bindings: bindings_of(scope),
            migrations: scope.migrations.as_deref().unwrap_or(top.migrations),
            owns_migrations: scope.migrations.is_some(),
        });
        std::iter::once(top).chain(named).collect()
    }

    /// Whether a binding's class is in this worker.
    pub fn is_local(&self, binding: &Binding) -> bool {
        binding.script_name.is_none() || binding.script_name == self.top.name
    }

    /// For each class its bindings, those of the top level first.
    pub fn bindings(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for binding in self.environments().iter().flat_map(|env| env.bindings).filter(|binding| self.is_local(binding))
        {
            let names = found.entry(&binding.class_name).or_default();
            if !names.contains(&binding.name.as_str()) {
                names.push(&binding.name);
            }
        }
        found
    }
}

fn bindings_of(scope: &Scope) -> &[Binding] {
    scope.durable_objects.as_ref().map_or(&[], |table| &table.bindings)
}

/// Where each class keeps its state after all migrations.
pub fn storage_after(migrations: &[Migration]) -> BTreeMap<&str, Storage> {
    let mut classes: BTreeMap<&str, Storage> = BTreeMap::new();
    for migration in migrations {
        classes.extend(migration.new_classes.iter().map(|class| (class.as_str(), Storage::KeyValue)));
        classes.extend(migration.new_sqlite_classes.iter().map(|class| (class.as_str(), Storage::Sqlite)));
        for Rename { from, to } in &migration.renamed_classes {
            let storage = classes.remove(from.as_str()).unwrap_or(Storage::Sqlite);
            classes.insert(to, storage);
        }
        classes.extend(migration.transferred_classes.iter().map(|moved| (moved.to.as_str(), Storage::Sqlite)));
        for class in &migration.deleted_classes {
            classes.remove(class.as_str());
        }
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toml(text: &str) -> Config {
        Config::parse("wrangler.toml".into(), Format::Toml, text.into()).unwrap()
    }

    #[test]
    fn toml_and_jsonc_say_the_same() {
        let toml =
            toml("[[durable_objects.bindings]]\nname = \"A\"\nclass_name = \"Alpha\"\n[build]\ncommand = \"x\"\n");
        let json = r#"{ // a comment
            "durable_objects": { "bindings": [{ "name": "A", "class_name": "Alpha" }] }, "build": { "command": "x" }, }"#;
        let json = Config::parse("wrangler.jsonc".into(), Format::Json, json.into()).unwrap();
        assert_eq!(toml.bindings(), json.bindings());
    }

    #[test]
    fn a_mistake_names_the_file_and_the_line() {
        let error = Config::parse("wrangler.toml".into(), Format::Toml, "a = 1\nname = 2\n".into()).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains("wrangler.toml") && text.contains("line 2"), "{text}");
    }

    #[test]
    fn bindings_are_those_of_the_top_level_then_of_the_environments() {
        let config = toml(
            r#"name = "me"
            durable_objects.bindings = [{ name = "A", class_name = "Alpha" }, { name = "X", class_name = "Xi", script_name = "other" },
                { name = "B", class_name = "Beta", script_name = "me" }]
            [env.staging.durable_objects]
            bindings = [{ name = "A2", class_name = "Alpha" }, { name = "A", class_name = "Alpha" }]
            [env.plain]
            name = "plain""#,
        );
        assert_eq!(config.bindings(), BTreeMap::from([("Alpha", vec!["A", "A2"]), ("Beta", vec!["B"])]));
        assert_eq!(config.environments().len(), 2);
    }

    #[test]
    fn migrations_are_followed_to_their_end() {
        let config = toml(
            r#"migrations = [
                { tag = "v1", new_classes = ["Old"], new_sqlite_classes = ["A", "B"] },
                { tag = "v2", renamed_classes = [{ from = "A", to = "C" }], deleted_classes = ["B"] },
                { tag = "v3", transferred_classes = [{ from = "X", from_script = "other", to = "D" }] },
            ]"#,
        );
        let expected = BTreeMap::from([("C", Storage::Sqlite), ("D", Storage::Sqlite), ("Old", Storage::KeyValue)]);
        assert_eq!(storage_after(config.top.migrations.as_deref().unwrap()), expected);
    }
}
