//! Migrations whose writes have all left, or never came, before the activation's own commit.

use duractor::native::Native;

mod v1 {
    use duractor::prelude::*;

    #[derive(Default, Actor)]
    pub(crate) struct Shelf {
        pub(crate) title: String,
        pub(crate) books: Table<u32, String>,
    }

    #[methods]
    impl Shelf {
        #[post("/{book}/{bytes}")]
        fn put(&mut self, book: u32, bytes: usize) {
            self.title.push('1');
            self.books.insert(book, "x".repeat(bytes));
        }

        #[post("/empty")]
        fn empty(&mut self) {
            self.title.push('1');
            self.books.clear();
        }
    }

    pub(crate) fn routes() -> Router {
        Router::new().mount::<Shelf>("/shelf", "shelf")
    }
}

mod v2 {
    use duractor::prelude::*;

    use super::v1;

    #[derive(Default, Actor)]
    #[actor(version = 2, from = v1::Shelf)]
    pub(crate) struct Shelf {
        title: String,
        books: Table<u32, (u8, String)>,
    }

    impl From<v1::Shelf> for Shelf {
        fn from(old: v1::Shelf) -> Self {
            Self { title: old.title, books: old.books.map(|text| (7, text)) }
        }
    }

    #[methods]
    impl Shelf {
        #[activated]
        fn activated(&mut self) {
            self.title.push('a');
        }

        #[get]
        fn title(&self) -> String {
            self.title.clone()
        }

        #[get("/{book}")]
        fn get(&self, book: u32) -> Result<Option<String>> {
            Ok(self.books.get(&book)?.map(|(copies, text)| format!("{copies} of {}", text.len())))
        }

        #[post("/{book}")]
        fn put(&mut self, book: u32) {
            self.books.insert(book, (9, "new".to_owned()));
        }

        #[post("/fail")]
        fn fail(&mut self) -> Result<()> {
            self.title.clear();
            Err(Problem::new(409, "no", ""))?
        }
    }

    pub(crate) fn routes() -> Router {
        Router::new().mount::<Shelf>("/shelf", "shelf")
    }
}

fn text(native: &Native, path: &str) -> String {
    native.get(path).send().text().into_owned()
}

/// The actor after its migration: what it reads, what a turn that fails leaves, and what a turn that commits does.
fn migrate(native: Native, book: &str) {
    let native = native.routes(v2::routes());
    assert_eq!(text(&native, "/shelf/1"), book);
    assert_eq!(native.post("/shelf/fail").send().status, 409);
    assert_eq!(text(&native, "/shelf"), "1a");
    assert_eq!(native.post("/shelf/2").send().status, 204);
    for activated in ["1a", "1aa"] {
        assert_eq!((text(&native, "/shelf/1"), text(&native, "/shelf/2")), (book.to_owned(), "9 of 3".to_owned()));
        assert_eq!(text(&native, "/shelf"), activated);
        native.evict("Shelf", "shelf");
    }
}

#[test]
fn a_migration_is_over_when_its_last_piece_leaves_nothing_to_commit() {
    for bytes in [10, 2 << 20] {
        let native = Native::new().routes(v1::routes());
        assert_eq!(native.post(&format!("/shelf/1/{bytes}")).send().status, 204);
        migrate(native, &format!("7 of {bytes}"));
    }
}

#[test]
fn a_migration_of_an_empty_table_is_over_as_well() {
    let native = Native::new().routes(v1::routes());
    assert_eq!(native.post("/shelf/empty").send().status, 204);
    let native = native.routes(v2::routes());
    assert_eq!(native.get("/shelf/1").send().status, 404);
    assert_eq!(native.post("/shelf/fail").send().status, 409);
    assert_eq!(text(&native, "/shelf"), "1a");
}
