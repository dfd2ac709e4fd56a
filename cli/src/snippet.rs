//! The exact lines that a wrangler configuration lacks.

use std::collections::BTreeSet;

use crate::config::{Binding, Config, Environment, Format, Migration};

/// Lines and where they go.
#[derive(Debug, PartialEq)]
pub struct Snippet {
    /// Where, as the end of a sentence that begins with "add".
    pub place: String,
    /// The lines.
    pub lines: String,
}

/// Bindings for `classes`.
pub fn bindings(config: &Config, env: &Environment<'_>, classes: &[&str]) -> Snippet {
    let names = binding_names(env.bindings, classes);
    let pairs = || names.iter().zip(classes);
    let path = scoped(env.name, "durable_objects.bindings");
    let tables = pairs()
        .map(|(name, class)| format!("[[{path}]]\nname = \"{name}\"\nclass_name = \"{class}\"\n"))
        .collect::<Vec<_>>()
        .join("\n");
    let inline = pairs().map(|(name, class)| format!("{{ name = \"{name}\", class_name = \"{class}\" }},\n")).collect();
    let json =
        pairs().map(|(name, class)| format!("{{ \"name\": \"{name}\", \"class_name\": \"{class}\" }},\n")).collect();
    place(config, &path, tables, inline, json)
}

/// A migration that makes `classes`.
pub fn migration(config: &Config, env: &Environment<'_>, classes: &[&str]) -> Snippet {
    let tag = next_tag(env.migrations);
    let list = array(classes);
    let path = scoped(env.name.filter(|_| env.owns_migrations), "migrations");
    let table = format!("[[{path}]]\ntag = \"{tag}\"\nnew_sqlite_classes = {list}\n");
    let inline = format!("{{ tag = \"{tag}\", new_sqlite_classes = {list} }},\n");
    let json = format!("{{ \"tag\": \"{tag}\", \"new_sqlite_classes\": {list} }},\n");
    place(config, &path, table, inline, json)
}

/// A top-level key with its value, which must be plain text.
pub fn top_level(format: Format, key: &str, value: &str) -> Snippet {
    match format {
        Format::Toml => Snippet { place: "at the top".into(), lines: format!("{key} = \"{value}\"\n") },
        Format::Json => Snippet { place: "at the top level".into(), lines: format!("\"{key}\": \"{value}\",\n") },
    }
}

/// A whole configuration for a worker that has none.
pub fn starter(name: &str, date: &str, actors: &[String]) -> String {
    let classes: Vec<&str> = actors.iter().map(String::as_str).collect();
    let mut text = format!(
        "name = \"{name}\"\nmain = \"build/worker.js\"\ncompatibility_date = \"{date}\"\n\
         compatibility_flags = [\"enable_request_signal\"]\n\n[build]\ncommand = \"duractor build\"\nwatch_dir = \"src\"\n\n"
    );
    for (binding, class) in binding_names(&[], &classes).iter().zip(&classes) {
        text.push_str(&format!("[[durable_objects.bindings]]\nname = \"{binding}\"\nclass_name = \"{class}\"\n\n"));
    }
    text.push_str(&format!("[[migrations]]\ntag = \"v1\"\nnew_sqlite_classes = {}\n", array(&classes)));
    text
}

/// TOML forbids `[[a.b]]` where `b = [...]` was written, so the lines are tried on the file before they are advised.
fn place(config: &Config, path: &str, tables: String, inline: String, json: String) -> Snippet {
    let (place, lines) = match config.format {
        Format::Json => (format!("to the array `{path}`"), json),
        Format::Toml if can_append(&config.text, &tables) => ("at the end".to_owned(), tables),
        Format::Toml => (format!("to the array `{path}`"), inline),
    };
    Snippet { place, lines }
}

fn can_append(text: &str, addition: &str) -> bool {
    toml::from_str::<toml::Table>(&format!("{text}\n{addition}")).is_ok()
}

/// An array of plain strings, in TOML as in JSON.
fn array(items: &[&str]) -> String {
    format!("[{}]", items.iter().map(|item| format!("\"{item}\"")).collect::<Vec<_>>().join(", "))
}

fn scoped(env: Option<&str>, path: &str) -> String {
    match env {
        None => path.to_owned(),
        Some(env) => format!("env.{env}.{path}"),
    }
}

fn binding_names(taken: &[Binding], classes: &[&str]) -> Vec<String> {
    let mut taken: BTreeSet<String> = taken.iter().map(|binding| binding.name.clone()).collect();
    let mut names = Vec::with_capacity(classes.len());
    for class in classes {
        let mut name = screaming_snake(class);
        while !taken.insert(name.clone()) {
            name.push_str("_ACTOR");
        }
        names.push(name);
    }
    names
}

fn screaming_snake(class: &str) -> String {
    let mut name = String::with_capacity(class.len() + 4);
    let mut after_lower = false;
    for c in class.chars() {
        if c.is_uppercase() && after_lower {
            name.push('_');
        }
        after_lower = !c.is_uppercase() && c != '_';
        name.extend(c.to_uppercase());
    }
    name
}

/// The tag after the highest `v1`, `v2` …, and one that no migration has.
fn next_tag(migrations: &[Migration]) -> String {
    let number = |migration: &Migration| migration.tag.strip_prefix('v')?.parse::<u64>().ok();
    let highest = migrations.iter().filter_map(number).max().unwrap_or(migrations.len() as u64);
    format!("v{}", highest.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(format: Format, text: &str) -> Config {
        Config::parse("wrangler.toml".into(), format, text.into()).unwrap()
    }

    fn of_top(text: &str, make: impl Fn(&Config, &Environment<'_>, &[&str]) -> Snippet, classes: &[&str]) -> Snippet {
        let config = config(Format::Toml, text);
        make(&config, &config.environments()[0], classes)
    }

    #[test]
    fn bindings_are_tables_where_toml_allows_them() {
        let snippet = of_top("name = \"x\"\n", bindings, &["ChatRoom"]);
        let lines = "[[durable_objects.bindings]]\nname = \"CHAT_ROOM\"\nclass_name = \"ChatRoom\"\n";
        assert_eq!(snippet, Snippet { place: "at the end".into(), lines: lines.into() });
    }

    #[test]
    fn bindings_join_an_inline_array() {
        let text = "[durable_objects]\nbindings = [{ name = \"A\", class_name = \"A\" }]\n";
        let snippet = of_top(text, bindings, &["Echo"]);
        assert_eq!(snippet.lines, "{ name = \"ECHO\", class_name = \"Echo\" },\n");
        assert_eq!(snippet.place, "to the array `durable_objects.bindings`");
    }

    #[test]
    fn json_gets_json() {
        let config = config(Format::Json, "{}");
        let env = config.environments()[0];
        let lines = "{ \"name\": \"ECHO\", \"class_name\": \"Echo\" },\n";
        assert_eq!(bindings(&config, &env, &["Echo"]).lines, lines);
        assert_eq!(
            migration(&config, &env, &["Echo"]).lines,
            "{ \"tag\": \"v1\", \"new_sqlite_classes\": [\"Echo\"] },\n"
        );
    }

    #[test]
    fn a_migration_has_the_next_free_tag() {
        let text = "[[migrations]]\ntag = \"v9\"\n[[migrations]]\ntag = \"v10\"\n";
        assert!(of_top(text, migration, &["Echo"]).lines.contains("tag = \"v11\""));
        assert!(of_top("[[migrations]]\ntag = \"first\"\n", migration, &["Echo"]).lines.contains("tag = \"v2\""));
    }

    #[test]
    fn an_environment_is_told_its_own_tables() {
        let config = config(Format::Toml, "[env.eu.durable_objects]\n");
        let env = config.environments()[1];
        assert!(bindings(&config, &env, &["A"]).lines.starts_with("[[env.eu.durable_objects.bindings]]"));
        assert!(migration(&config, &env, &["A"]).lines.starts_with("[[migrations]]"));
    }

    #[test]
    fn a_binding_name_is_free() {
        let text = "[[durable_objects.bindings]]\nname = \"ECHO\"\nclass_name = \"Other\"\nscript_name = \"y\"\n";
        assert!(of_top(text, bindings, &["Echo"]).lines.contains("\"ECHO_ACTOR\""));
    }

    #[test]
    fn names_are_cut_where_words_begin() {
        for (class, name) in
            [("Counter", "COUNTER"), ("ChatRoom", "CHAT_ROOM"), ("HTTP", "HTTP"), ("Kv_Store", "KV_STORE")]
        {
            assert_eq!(screaming_snake(class), name);
        }
    }

    #[test]
    fn the_starter_is_a_configuration() {
        let text = starter("app", "2026-04-01", &["Home".into(), "Counter".into()]);
        let config = config(Format::Toml, &text);
        assert_eq!(config.bindings().len(), 2);
        assert_eq!(config.top.main.as_deref(), Some("build/worker.js"));
    }
}
