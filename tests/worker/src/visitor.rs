//! One actor for each visitor, named by a cookie.

use duractor::{Session, prelude::*};

/// The visitor's cookie.
pub(crate) const VISITOR: Session = Session::cookie("visitor");

#[derive(Default, Actor)]
pub(crate) struct Visitor {
    words: Vec<String>,
}

#[methods]
impl Visitor {
    #[get]
    fn words(&self) -> String {
        self.words.join(" ")
    }

    #[get("/name")]
    fn name(cx: &Cx) -> String {
        cx.name().to_owned()
    }

    /// Once, however often it is asked for.
    #[post("/add/{word}")]
    fn add(&mut self, word: String) -> String {
        if !self.words.contains(&word) {
            self.words.push(word);
        }
        self.words()
    }

    /// Says the words with an encoding of its own, which must stay as it is on the way.
    #[get("/encoded")]
    fn encoded() -> impl IntoResponse {
        ([("content-encoding", "gzip")], "no gzip at all")
    }

    #[post("/leave")]
    fn leave(&mut self, cx: &Cx) -> Result<impl IntoResponse> {
        self.words.clear();
        cx.destroy()?;
        Ok(([VISITOR.expired()], "gone"))
    }

    /// Does not leave after all.
    #[post("/stay")]
    fn stay(&mut self, cx: &Cx) -> Result<()> {
        cx.destroy()?;
        Err(Problem::new(409, "on-purpose", "this turn fails"))?
    }

    #[post("/wait/{gate}")]
    async fn wait(me: Me<Self>, gate: &str, cx: &Cx) -> Result<u64> {
        cx.get(format!("{}/gate/{gate}", crate::UPSTREAM)).await?;
        Ok(me.read(|visitor| visitor.words.len() as u64).await)
    }
}

/// Its file is larger: a workerd has room for fewer of these.
#[derive(Default, Actor)]
pub(crate) struct Household {
    words: Vec<String>,
    items: Arena<String>,
    is_created: bool,
}

#[methods]
impl Household {
    #[created]
    fn create(&mut self, sql: &mut Sql) -> Result<()> {
        self.is_created = true;
        sql.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)", ())?;
        sql.execute("CREATE TABLE children (parent INTEGER REFERENCES parents (id))", ())?;
        sql.execute("CREATE VIEW families AS SELECT * FROM parents, children", ())?;
        sql.execute("CREATE TRIGGER born AFTER INSERT ON children BEGIN SELECT 1; END", ())?;
        sql.execute("CREATE INDEX by_parent ON children (parent)", ())?;
        sql.execute("INSERT INTO parents VALUES (1)", ())?;
        sql.execute("INSERT INTO children VALUES (1)", ())?;
        Ok(())
    }

    #[get("/counts")]
    fn counts(&self, cx: &Cx) -> Result<String> {
        let children: u64 = cx.sql("SELECT count(*) FROM children", ()).one()?;
        Ok(format!("{} {} {children} {}", self.words.len(), self.items.len(), self.is_created))
    }

    #[post("/add/{word}")]
    fn add(&mut self, word: String) {
        self.items.insert(word.clone());
        self.words.push(word);
    }

    #[post("/leave")]
    fn leave(&mut self, cx: &Cx) -> Result<()> {
        self.words.clear();
        cx.destroy()
    }
}
