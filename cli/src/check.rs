//! Whether wrangler's configuration and the actors agree.
//!
//! Wrangler and the platform would refuse most of this too, but later, and without saying what to write.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use crate::config::{Binding, Config, Environment, Storage, storage_after};
use crate::snippet::{self, Snippet};

/// The date that a new worker starts with.
pub const COMPATIBILITY_DATE: &str = "2026-04-01";

const ABORT_FLAGS: [&str; 2] = ["enable_request_signal", "disable_request_signal"];

/// What was found, each as one paragraph.
#[derive(Debug, Default)]
pub struct Report {
    /// What must be mended.
    pub errors: Vec<String>,
    /// What should be looked at.
    pub warnings: Vec<String>,
}

/// Compares a configuration with the actors of the wasm and with where `worker.js` is written.
pub fn check(config: &Config, actors: &[String], worker_js: &Path) -> Report {
    let mut report = Report::default();
    check_main(config, worker_js, &mut report);
    check_compatibility(config, &mut report);
    for env in config.environments() {
        check_bindings(config, &env, actors, &mut report);
        if env.name.is_none() || env.owns_migrations {
            check_migrations(config, &env, actors, &mut report);
        }
    }
    report
}

fn check_main(config: &Config, worker_js: &Path, report: &mut Report) {
    let relative = relative_to(config.dir(), worker_js);
    let Some(main) = &config.top.main else {
        let lines = snippet::top_level(config.format, "main", &relative);
        return report.errors.push(advice("there is no `main`", lines));
    };
    if normal(&config.dir().join(main)) != normal(worker_js) {
        let other = main.strip_suffix("/worker.js").map(|dir| format!(", or build with `--out {dir}`"));
        report.errors.push(format!(
            "`main` is \"{main}\", but this build writes \"{relative}\": set `main` to that{}",
            other.unwrap_or_default()
        ));
    }
}

fn check_compatibility(config: &Config, report: &mut Report) {
    if config.top.compatibility_date.is_none() {
        let lines = snippet::top_level(config.format, "compatibility_date", COMPATIBILITY_DATE);
        report.errors.push(advice("there is no `compatibility_date`", lines));
    }
    if !config.top.compatibility_flags.iter().any(|flag| ABORT_FLAGS.contains(&flag.as_str())) {
        report.warnings.push(
            "without \"enable_request_signal\" in `compatibility_flags`, calls are not cancelled when their client goes away"
                .into(),
        );
    }
}

fn check_bindings(config: &Config, env: &Environment<'_>, actors: &[String], report: &mut Report) {
    let local: Vec<&Binding> = env.bindings.iter().filter(|binding| config.is_local(binding)).collect();
    let is_bound = |class: &str| local.iter().any(|binding| binding.class_name == class);
    let missing: Vec<&str> = actors.iter().map(String::as_str).filter(|class| !is_bound(class)).collect();
    if !missing.is_empty() {
        let what = format!("no binding{} for {}", scope_words(env.name), list(&missing));
        report.errors.push(advice(&what, snippet::bindings(config, env, &missing)));
    }
    for binding in local.iter().filter(|binding| !actors.contains(&binding.class_name)) {
        report.errors.push(format!(
            "the binding {}{} is for a class `{}`, which no `#[methods]` block declares; there are {}",
            binding.name,
            scope_words(env.name),
            binding.class_name,
            list(actors),
        ));
    }
}

fn check_migrations(config: &Config, env: &Environment<'_>, actors: &[String], report: &mut Report) {
    let stored = storage_after(env.migrations);
    let missing: Vec<&str> = actors.iter().map(String::as_str).filter(|class| !stored.contains_key(class)).collect();
    if !missing.is_empty() {
        let what = format!("no migration{} makes {}", scope_words(env.name), list(&missing));
        report.errors.push(advice(&what, snippet::migration(config, env, &missing)));
    }
    for (class, storage) in stored {
        let is_actor = actors.iter().any(|actor| actor == class);
        if is_actor && storage == Storage::KeyValue {
            report.errors.push(format!(
                "`{class}` is in `new_classes`, but an actor's state is in SQLite: move it to `new_sqlite_classes`, \
                 or, if it was deployed that way, give the struct a new name"
            ));
        } else if !is_actor {
            report.warnings.push(format!(
                "migrations still have a class `{class}` that is no actor: before the next deploy, name it in \
                 `renamed_classes` or, to delete all its state, in `deleted_classes` of a new migration"
            ));
        }
    }
}

fn advice(what: &str, snippet: Snippet) -> String {
    let mut text = format!("{what}; add {}:\n", snippet.place);
    for line in snippet.lines.lines() {
        let _ = if line.is_empty() { writeln!(text) } else { writeln!(text, "    {line}") };
    }
    text.truncate(text.trim_end().len());
    text
}

fn scope_words(env: Option<&str>) -> String {
    env.map_or_else(String::new, |name| format!(" in the environment `{name}`"))
}

fn list(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// `path` as `main` would name it, with `/` on every system.
fn relative_to(dir: &Path, path: &Path) -> String {
    let (dir, path) = (normal(dir), normal(path));
    let path = path.strip_prefix(&dir).unwrap_or(&path);
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The path without `.` and `..`, as far as that is known without looking at links.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if normal.file_name().is_some() => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Format;

    const HEAD: &str = "main = \"./build/worker.js\"\ncompatibility_date = \"2026-04-01\"\n\
        compatibility_flags = [\"enable_request_signal\"]\n";

    fn report(text: &str, actors: &[&str]) -> Report {
        let config = Config::parse("/app/wrangler.toml".into(), Format::Toml, text.into()).unwrap();
        let actors: Vec<String> = actors.iter().map(|&actor| actor.into()).collect();
        check(&config, &actors, Path::new("/app/build/worker.js"))
    }

    fn bound(class: &str) -> String {
        format!("[[durable_objects.bindings]]\nname = \"X\"\nclass_name = \"{class}\"\n")
    }

    fn made(list: &str, class: &str) -> String {
        format!("[[migrations]]\ntag = \"v1\"\n{list} = [\"{class}\"]\n")
    }

    fn only_error(text: &str, actors: &[&str]) -> String {
        let report = report(text, actors);
        assert_eq!(report.errors.len(), 1, "{report:?}");
        report.errors[0].clone()
    }

    #[test]
    fn a_complete_configuration_passes() {
        let report = report(&[HEAD, &bound("A"), &made("new_sqlite_classes", "A")].concat(), &["A"]);
        assert!(report.errors.is_empty() && report.warnings.is_empty(), "{report:?}");
    }

    #[test]
    fn a_class_without_a_binding_gets_the_lines_to_add() {
        let error = only_error(&[HEAD, &made("new_sqlite_classes", "ChatRoom")].concat(), &["ChatRoom"]);
        assert_eq!(
            error,
            "no binding for `ChatRoom`; add at the end:\n    [[durable_objects.bindings]]\n    name = \"CHAT_ROOM\"\n    \
             class_name = \"ChatRoom\""
        );
    }

    #[test]
    fn a_class_without_a_migration_gets_the_lines_to_add() {
        let error = only_error(&[HEAD, &bound("A")].concat(), &["A"]);
        assert!(error.ends_with("[[migrations]]\n    tag = \"v1\"\n    new_sqlite_classes = [\"A\"]"), "{error}");
    }

    #[test]
    fn a_class_in_key_value_storage_is_refused() {
        let error = only_error(&[HEAD, &bound("A"), &made("new_classes", "A")].concat(), &["A"]);
        assert!(error.contains("SQLite"), "{error}");
    }

    #[test]
    fn a_binding_without_an_actor_is_refused_unless_another_worker_has_it() {
        let text = [HEAD, &bound("A"), &made("new_sqlite_classes", "A")].concat();
        let stranger = "[[durable_objects.bindings]]\nname = \"Y\"\nclass_name = \"B\"\n";
        let error = only_error(&[&text, stranger].concat(), &["A"]);
        assert!(error.contains("a class `B`, which no `#[methods]` block declares; there are `A`"), "{error}");
        let elsewhere = [&text, stranger, "script_name = \"other\"\n"].concat();
        assert!(report(&elsewhere, &["A"]).errors.is_empty());
    }

    #[test]
    fn a_class_that_is_gone_is_warned_about_until_a_migration_deletes_it() {
        let text = [HEAD, &bound("A"), &made("new_sqlite_classes", "A")].concat();
        let text = [&text, "[[migrations]]\ntag = \"v2\"\nnew_sqlite_classes = [\"Old\"]\n"].concat();
        assert!(report(&text, &["A"]).warnings[0].contains("`Old`"));
        let text = [&text, "[[migrations]]\ntag = \"v3\"\ndeleted_classes = [\"Old\"]\n"].concat();
        assert!(report(&text, &["A"]).warnings.is_empty());
    }

    #[test]
    fn an_environment_with_bindings_of_its_own_needs_all_of_them() {
        let text = [HEAD, &bound("A"), &made("new_sqlite_classes", "A"), "[env.eu.durable_objects]\n"].concat();
        let error = only_error(&text, &["A"]);
        assert!(error.contains("environment `eu`") && error.contains("[[env.eu.durable_objects.bindings]]"), "{error}");
    }

    #[test]
    fn another_main_is_refused() {
        let text = [&HEAD.replace("build/", "src/"), &*bound("A"), &made("new_sqlite_classes", "A")].concat();
        assert!(only_error(&text, &["A"]).contains("\"build/worker.js\""));
    }

    #[test]
    fn a_missing_head_gets_the_lines_to_add() {
        let report = report(&[bound("A"), made("new_sqlite_classes", "A")].concat(), &["A"]);
        assert!(report.errors[0].ends_with("main = \"build/worker.js\""), "{report:?}");
        assert!(report.errors[1].contains("compatibility_date = "), "{report:?}");
        assert!(report.warnings[0].contains("enable_request_signal"), "{report:?}");
    }
}
