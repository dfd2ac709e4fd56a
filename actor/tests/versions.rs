//! State of one version under the code of another: migrated whole, or refused and left as it is.
use duractor::{
    native::{Fault, Native},
    prelude::*,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Each version as it was deployed.
mod v1 {
    use duractor::prelude::*;

    #[derive(Default, Actor)]
    pub(crate) struct Todo {
        pub(crate) title: String,
        pub(crate) items: Arena<String>,
        pub(crate) forgotten: Arena<u8>,
    }

    #[methods]
    impl Todo {
        #[post("/add/{text}")]
        fn add(&mut self, text: &str) -> String {
            self.title.push('1');
            self.forgotten.insert(7);
            self.items.insert(text.to_owned()).to_string()
        }

        #[post("/remove/{key}")]
        fn remove(&mut self, key: Key<String>) -> Option<String> {
            self.items.remove(key)
        }
    }

    pub(crate) fn routes() -> Router {
        Router::new().mount::<Todo>("/todo", "todo")
    }
}

mod v2 {
    use duractor::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::v1;

    #[derive(Debug, Deserialize, Serialize)]
    pub(crate) struct Item {
        pub(crate) text: String,
        pub(crate) done: bool,
    }

    #[derive(Default, Actor)]
    #[actor(version = 2, from = v1::Todo)]
    pub(crate) struct Todo {
        pub(crate) title: String,
        pub(crate) tags: Vec<String>,
        pub(crate) items: Arena<Item>,
    }

    impl From<v1::Todo> for Todo {
        fn from(old: v1::Todo) -> Self {
            let items = old.items.map(|text| Item { text, done: false });
            Self { title: old.title + " of v1", tags: vec!["old".into()], items }
        }
    }

    #[methods]
    impl Todo {
        #[post("/add/{text}")]
        fn add(&mut self, text: &str) -> String {
            self.title.push('2');
            self.items.insert(Item { text: text.to_owned(), done: true }).to_string()
        }

        #[get]
        fn all(&self) -> String {
            let items = self.items.iter().map(|(key, item)| format!("{key} {} {}", item.text, item.done));
            format!("{} {:?} {:?}", self.title, self.tags, items.collect::<Vec<_>>())
        }
    }

    pub(crate) fn routes() -> Router {
        Router::new().mount::<Todo>("/todo", "todo")
    }
}

mod v3 {
    use duractor::prelude::*;

    use super::v2;

    #[derive(Default, Actor)]
    #[actor(version = 3, from = v2::Todo)]
    pub(crate) struct Todo {
        pub(crate) title: String,
        /// Was called `items`.
        pub(crate) entries: Arena<v2::Item>,
    }

    impl From<v2::Todo> for Todo {
        fn from(old: v2::Todo) -> Self {
            Self { title: format!("{} of v2 {:?}", old.title, old.tags), entries: old.items }
        }
    }

    #[methods]
    impl Todo {
        #[get]
        fn all(&self) -> String {
            let items = self.entries.iter().map(|(key, item)| format!("{key} {} {}", item.text, item.done));
            format!("{} {:?}", self.title, items.collect::<Vec<_>>())
        }

        #[post("/touch")]
        fn touch(&mut self) {
            self.title.push('3');
        }

        #[get("/boom")]
        fn boom(&self) -> u32 {
            0
        }
    }

    pub(crate) fn routes() -> Router {
        Router::new().mount::<Todo>("/todo", "todo")
    }
}

/// What nobody should deploy.
mod wrong {
    use duractor::prelude::*;

    use super::v1;

    pub(crate) mod layout {
        use duractor::prelude::*;

        /// As version 1, with another type in a field.
        #[derive(Default, Actor)]
        pub(crate) struct Todo {
            pub(crate) title: Option<String>,
            pub(crate) items: Arena<String>,
        }

        #[methods]
        impl Todo {
            #[get]
            fn all(&self) -> String {
                format!("{:?}", self.title)
            }
        }
    }

    pub(crate) mod entries {
        use duractor::prelude::*;

        /// As version 1, with another type in a container.
        #[derive(Default, Actor)]
        pub(crate) struct Todo {
            pub(crate) title: String,
            pub(crate) items: Arena<Vec<u8>>,
        }

        #[methods]
        impl Todo {
            #[get]
            fn all(&self) -> usize {
                self.items.len()
            }
        }
    }

    pub(crate) mod gap {
        use duractor::prelude::*;

        /// Version 3, that knows no other.
        #[derive(Default, Actor)]
        #[actor(version = 3)]
        pub(crate) struct Todo {
            pub(crate) title: String,
        }

        #[methods]
        impl Todo {
            #[get]
            fn all(&self) -> &str {
                &self.title
            }
        }
    }

    /// A migration that panics.
    #[derive(Default, Actor)]
    #[actor(version = 2, from = v1::Todo)]
    pub(crate) struct Todo {
        pub(crate) title: String,
    }

    impl From<v1::Todo> for Todo {
        fn from(old: v1::Todo) -> Self {
            panic!("what is this: {}?", old.title)
        }
    }

    #[methods]
    impl Todo {
        #[get]
        fn all(&self) -> &str {
            &self.title
        }
    }

    macro_rules! routes {
        ($($module:ident)*) => {
            $(pub(crate) fn $module() -> Router {
                Router::new().mount::<$module::Todo>("/todo", "todo")
            })*
        };
    }
    routes!(layout entries gap);

    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn panics() -> Router {
        Router::new().mount::<Todo>("/todo", "todo")
    }
}

/// Fields that come and go in one version.
mod fields {
    use duractor::prelude::*;

    pub(crate) mod more {
        use duractor::prelude::*;

        #[derive(Default, Actor)]
        pub(crate) struct Todo {
            pub(crate) new: Option<u32>,
            pub(crate) items: Arena<String>,
            pub(crate) title: String,
            pub(crate) others: Arena<u64>,
        }

        #[methods]
        impl Todo {
            #[post("/both")]
            fn both(&mut self) -> String {
                self.others.insert(1);
                self.new = Some(self.new.unwrap_or_default() + 1);
                format!("{} {:?} {} {}", self.title, self.new, self.items.len(), self.others.len())
            }
        }
    }

    pub(crate) fn routes() -> Router {
        Router::new().mount::<more::Todo>("/todo", "todo")
    }
}

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

fn stored(native: &Native) -> Rows {
    native.stored("Todo", "todo")
}

fn names(rows: &Rows) -> Vec<String> {
    let mut names: Vec<_> = rows
        .iter()
        .filter_map(|(key, _)| key.split(|byte| *byte == 0).next())
        .map(|name| String::from_utf8(name.to_vec()).unwrap())
        .filter(|name| !name.is_empty())
        .collect();
    names.dedup();
    names
}

fn all(native: &Native) -> String {
    native.get("/todo").send().text().into_owned()
}

/// Three added by version 1, the second removed: the keys are told by what follows.
fn first() -> (Native, Vec<String>) {
    let native = Native::new().routes(v1::routes());
    let keys = ["a", "b", "c"].map(|text| native.post(&format!("/todo/add/{text}")).send().text().into_owned());
    assert_eq!(native.post(&format!("/todo/remove/{}", keys[1])).send().text(), "b");
    (native, keys.to_vec())
}

#[test]
fn a_migration_runs_once_and_keeps_what_it_says() {
    let (native, keys) = first();
    let native = native.routes(v2::routes());
    let (a, c) = (&keys[0], &keys[2]);
    let migrated = format!("111 of v1 [\"old\"] [\"{a} a false\", \"{c} c false\"]");
    assert_eq!(all(&native), migrated);
    let after = stored(&native);
    assert_eq!(names(&after), ["items"], "what no field declares any more is gone");
    native.evict("Todo", "todo");
    assert_eq!(all(&native), migrated);
    assert_eq!(stored(&native), after, "it is of version 2 now");
    let new = native.post("/todo/add/d").send().text().into_owned();
    assert!(!keys.contains(&new), "the key of an entry that was removed is not used again");
    native.evict("Todo", "todo");
    assert!(all(&native).contains(&format!("{new} d true")));
}

#[test]
fn migrations_are_chained() {
    let (native, keys) = first();
    let native = native.routes(v3::routes());
    let (a, c) = (&keys[0], &keys[2]);
    let migrated = format!("111 of v1 of v2 [\"old\"] [\"{a} a false\", \"{c} c false\"]");
    assert_eq!(all(&native), migrated);
    assert_eq!(names(&stored(&native)), ["entries"]);
    native.evict("Todo", "todo");
    assert_eq!(all(&native), migrated);
}

#[test]
fn migrations_one_by_one_come_to_the_same() {
    let whole = all(&first().0.routes(v3::routes()));
    let native = first().0.routes(v2::routes());
    all(&native);
    let native = native.routes(v3::routes());
    assert_eq!(all(&native), whole);
}

#[test]
fn a_failed_migration_leaves_storage_as_it_was_and_is_tried_again() {
    for fault in [Fault::FailCommit, Fault::LoseCommit, Fault::CrashBefore, Fault::CrashDuring] {
        let (native, _) = first();
        let before = stored(&native);
        let native = native.routes(v3::routes());
        native.inject(fault);
        assert_eq!(native.get("/todo").send().status, 503, "{fault:?}");
        assert_eq!(stored(&native), before, "{fault:?}");
        assert_eq!(native.post("/todo/touch").send().status, 204);
        assert_eq!(names(&stored(&native)), ["entries"]);
    }
    let native = first().0.routes(v3::routes());
    native.inject(Fault::CrashAfter);
    assert_eq!(native.get("/todo").send().status, 503);
    assert_eq!(names(&stored(&native)), ["entries"]);
    assert_eq!(native.get("/todo/boom").send().status, 200);
}

/// Who is refused reads nothing of why; the log says what to do.
fn check_refused(native: Native, routes: Router, says: &[&str]) {
    let before = stored(&native);
    let native = native.routes(routes);
    for _ in 0..2 {
        let reply = native.get("/todo").send();
        assert_eq!(reply.status, 500, "{}", reply.text());
        assert!(!says.iter().any(|words| reply.text().contains(words)), "{}", reply.text());
        assert_eq!(stored(&native), before);
    }
    let log = native.log().join("\n");
    assert!(says.iter().all(|words| log.contains(words)), "{log}");
}

#[test]
fn state_of_a_newer_version_is_refused() {
    let (native, _) = first();
    let native = native.routes(v2::routes());
    all(&native);
    check_refused(native, v1_reads(), &["Todo/todo", "version 2", "version 1", "nothing was changed"]);
}

/// Version 1 with something to GET.
fn v1_reads() -> Router {
    Router::new().mount::<wrong::layout::Todo>("/todo", "todo")
}

#[test]
fn state_of_a_version_that_no_migration_starts_at_is_refused() {
    check_refused(first().0, wrong::gap(), &["Todo/todo", "version 1", "version 3", "no migration leads"]);
}

#[test]
fn a_changed_layout_in_the_same_version_is_refused() {
    check_refused(first().0, wrong::layout(), &["Todo/todo", "field `title`", "version 1", "version = 2"]);
    check_refused(first().0, wrong::entries(), &["Todo/todo", "field `items`", "version 1", "version = 2"]);
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn a_migration_that_panics_leaves_storage_as_it_was() {
    let (native, _) = first();
    let before = stored(&native);
    let native = native.routes(wrong::panics());
    assert_eq!(native.get("/todo").send().status, 500);
    assert_eq!(stored(&native), before);
    let native = native.routes(v2::routes());
    assert!(all(&native).starts_with("111 of v1"));
}

#[test]
fn fields_may_be_added_moved_and_put_back_in_one_version() {
    let (native, _) = first();
    let native = native.routes(fields::routes());
    assert_eq!(native.post("/todo/both").send().text(), "111 Some(1) 2 1");
    let native = native.routes(v1::routes());
    native.post("/todo/add/e").send();
    let native = native.routes(fields::routes());
    assert_eq!(native.post("/todo/both").send().text(), "1111 Some(2) 3 2", "what was not declared was kept");
}
