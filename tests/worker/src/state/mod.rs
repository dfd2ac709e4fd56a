//! State that outlives its object.

mod versions;

use std::time::Duration;

use duractor::prelude::*;
use serde::Serialize;

pub(crate) use self::versions::{New, Old, Other};
use crate::journal;

/// More than one commit may write.
const HUGE_ENTRIES: u32 = 40;
const HUGE_ENTRY_BYTES: usize = 1 << 20;

/// One of each kind of field.
#[derive(Default, Actor)]
pub(crate) struct Keeper {
    created: u32,
    activated: u32,
    words: Vec<String>,
    arena: Arena<String>,
    table: Table<String, u32>,
    log: Log<String>,
    column: Column,
    #[actor(transient)]
    calls: u32,
}

/// All that is kept.
#[derive(Serialize)]
pub(crate) struct Kept<'a> {
    words: &'a [String],
    arena: Vec<(Key<String>, &'a str)>,
    table: Vec<(String, u32)>,
    log: Vec<String>,
    column: Vec<f64>,
    notes: Vec<String>,
}

#[methods]
impl Keeper {
    #[created]
    fn create(&mut self, sql: &mut Sql) -> Result<()> {
        self.created += 1;
        sql.execute("CREATE TABLE notes (word TEXT UNIQUE)", ())?;
        Ok(())
    }

    #[activated]
    fn activate(&mut self) {
        self.activated += 1;
    }

    #[get("/")]
    fn kept(&self, cx: &Cx) -> Result<Json<Kept<'_>>> {
        Ok(Json(Kept {
            words: &self.words,
            arena: self.arena.iter().map(|(key, word)| (key, word.as_str())).collect(),
            table: self.table.iter().collect::<Result<_>>()?,
            log: self.log.range(..).map(|entry| Ok(entry?.1)).collect::<Result<_>>()?,
            column: self.column.iter(..)?.collect(),
            notes: cx.sql("SELECT word FROM notes ORDER BY word", ()).all()?,
        }))
    }

    #[get("/words")]
    fn words(&self) -> String {
        self.words.join(" ")
    }

    /// How often the hooks and this method have run.
    #[post("/lives")]
    fn lives(&mut self) -> Json<[u32; 3]> {
        self.calls += 1;
        Json([self.created, self.activated, self.calls])
    }

    #[post("/put/{word}")]
    fn put(&mut self, word: &str, sql: &mut Sql) -> Result<()> {
        self.change(word)?;
        sql.execute("INSERT INTO notes VALUES (?)", (word,))?;
        Ok(())
    }

    /// Its statement is part of the commit.
    #[post("/queue/{word}")]
    fn queue(&mut self, word: &str, cx: &Cx) -> Result<()> {
        self.change(word)?;
        cx.sql("INSERT INTO notes VALUES (?)", (word,)).execute()?;
        Ok(())
    }

    #[post("/fail/{word}")]
    fn fail(&mut self, word: &str, sql: &mut Sql) -> Result<()> {
        self.put(word, sql)?;
        self.arena.clear();
        self.table.clear();
        Err(Problem::new(409, "on-purpose", "this turn fails"))?
    }

    #[post("/panic/{word}")]
    fn panic(&mut self, word: &str, sql: &mut Sql) -> Result<()> {
        self.put(word, sql)?;
        panic!("on purpose")
    }

    #[post("/fail-later/{word}")]
    async fn fail_later(&mut self, word: &str, cx: &Cx) -> Result<()> {
        self.queue(word, cx)?;
        cx.sleep(Duration::from_millis(1)).await;
        Err(Problem::new(409, "on-purpose", "this turn fails"))?
    }

    #[post("/panic-later/{word}")]
    async fn panic_later(&mut self, word: &str, cx: &Cx) -> Result<()> {
        self.queue(word, cx)?;
        cx.sleep(Duration::from_millis(1)).await;
        panic!("on purpose")
    }

    /// Makes one word of each field that long.
    #[post("/large/{bytes}")]
    fn large(&mut self, bytes: usize) -> Result<()> {
        let word = large(bytes);
        self.words.push(word.clone());
        self.log.push(&word)?;
        self.arena.insert(word);
        Ok(())
    }

    /// How long the last words are, if they are whole.
    #[get("/large")]
    fn large_bytes(&self) -> Result<Json<Vec<usize>>> {
        let logged = self.log.get(self.log.end().saturating_sub(1))?;
        let words = [self.words.last().cloned(), logged, self.arena.values().last().cloned()];
        let whole = words.into_iter().flatten().filter(|word| *word == large(word.len()));
        Ok(Json(whole.map(|word| word.len()).collect()))
    }

    #[post("/huge/{word}")]
    fn huge(&mut self, word: &str) -> Result<()> {
        self.change(word)?;
        for _ in 0..HUGE_ENTRIES {
            self.log.push(large(HUGE_ENTRY_BYTES))?;
        }
        Ok(())
    }

    #[post("/effect/{word}")]
    fn effect(&mut self, word: String, cx: &Cx) -> Result<()> {
        let is_refused = word == "refused";
        self.change(&word)?;
        cx.after_commit(async move |cx| {
            journal::note(cx.name(), format!("effect of {word}"));
            Ok(())
        })?;
        if is_refused { Err(Problem::new(409, "on-purpose", "this turn fails"))? } else { Ok(()) }
    }

    #[get("/journal")]
    fn journal(cx: &Cx) -> Json<Vec<String>> {
        Json(journal::read(cx.name()))
    }
}

impl Keeper {
    /// Changes something in each field.
    fn change(&mut self, word: &str) -> Result<()> {
        self.words.push(word.to_owned());
        self.arena.insert(word.to_owned());
        *self.table.get_or_insert_with(word.to_owned(), || 0)? += 1;
        self.log.push(word.to_owned())?;
        self.column.push(self.words.len() as f64);
        Ok(())
    }
}

/// A text that is not the same everywhere.
fn large(bytes: usize) -> String {
    (0..bytes).map(|at| char::from(b'a' + (at % 251 % 26) as u8)).collect()
}
