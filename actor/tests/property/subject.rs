//! The actor that is tried: two of each container, and plain data that belongs to them.
use std::{collections::BTreeMap, mem};

use duractor::{Column, Log, Sql, Table, prelude::*};
use serde::{Deserialize, Serialize};

use crate::model::{self, Half, Numbers, Op, Seen, Text, What, choose};

#[derive(Default, Actor)]
pub(crate) struct Subject {
    title: String,
    next: u32,
    /// The keys of the arena's entries, by what the entries are called.
    keys: BTreeMap<u32, Key<u32>>,
    other_keys: BTreeMap<u32, Key<u32>>,
    /// Keys whose entries were removed.
    dead: Vec<Key<u32>>,
    other_dead: Vec<Key<u32>>,
    arena: Arena<u32>,
    other_arena: Arena<u32>,
    table: Table<u8, String>,
    other_table: Table<u8, String>,
    log: Log<u32>,
    other_log: Log<u32>,
    column: Column,
    other_column: Column,
}

/// What a turn does, and how it ends.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Turn {
    pub(crate) ops: Vec<Op>,
    pub(crate) end: End,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum End {
    Keep,
    Error,
    Rollback,
    Panic,
}

#[methods]
impl Subject {
    #[created]
    fn create(&mut self, sql: &mut Sql) -> Result<()> {
        sql.execute("CREATE TABLE notes (text TEXT)", ())?;
        Ok(())
    }

    /// Everything, and how many notes there are.
    #[get]
    fn show(&self, cx: &Cx) -> Result<Json<(Seen, u32)>> {
        let (notes,): (u32,) = cx.sql("SELECT count(*) FROM notes", ()).one()?;
        Ok(Json((self.seen()?, notes)))
    }

    #[post("/now")]
    fn now(&mut self, Json(turn): Json<Turn>) -> Result<Response> {
        self.run(&turn)
    }

    #[post("/later")]
    async fn later(&mut self, cx: &Cx, Json(turn): Json<Turn>) -> Result<Response> {
        for op in &turn.ops {
            self.apply(op)?;
            cx.sleep(millis(1)).await;
        }
        self.finish(turn.end)
    }

    #[post("/me")]
    async fn me(me: Me<Self>, cx: &Cx, Json(turn): Json<Turn>) -> Result<Response> {
        cx.sleep(millis(1)).await;
        me.turn(|subject| subject.run(&turn)).await
    }

    #[post("/queued")]
    fn queued(&mut self, cx: &Cx, Json(turn): Json<Turn>) -> Result<Response> {
        cx.sql("INSERT INTO notes VALUES (?)", ("queued",)).execute()?;
        self.run(&turn)
    }

    #[post("/sql")]
    fn sql(&mut self, sql: &mut Sql, Json(turn): Json<Turn>) -> Result<Response> {
        sql.execute("INSERT INTO notes VALUES (?)", ("at once",))?;
        self.run(&turn)
    }
}

impl Subject {
    fn run(&mut self, turn: &Turn) -> Result<Response> {
        turn.ops.iter().try_for_each(|op| self.apply(op))?;
        self.finish(turn.end)
    }

    fn finish(&self, end: End) -> Result<Response> {
        match end {
            End::Keep => Ok(Response::json(&self.seen()?)),
            End::Error => Err(Problem::new(409, "no", "not today"))?,
            End::Rollback => Ok(Response::text("never mind").rollback()),
            End::Panic => panic!("on purpose"),
        }
    }

    fn apply(&mut self, op: &Op) -> Result<()> {
        match *op {
            Op::Title(letter) => self.title.push(char::from(b'a' + letter % 26)),
            Op::Append(count) => {
                let start = self.column.len() as usize;
                (start..start + usize::from(count)).for_each(|at| self.column.push(model::number(at)));
            }
            Op::ClearColumn => self.column.clear(),
            Op::Push(_) | Op::TruncateBefore(_) | Op::Truncate(_) | Op::ClearLog => self.apply_to_log(op)?,
            Op::Swap(what) => self.swap(what),
            Op::Take(what) => self.take(what),
            Op::Move(what) => self.relocate(what),
            Op::Put(..) | Op::Delete(_) | Op::Grow(_) | Op::GetOrPut(_) | Op::DeleteRange(..) | Op::ClearTable => {
                self.apply_to_table(op)?;
            }
            _ => self.apply_to_arena(op),
        }
        Ok(())
    }

    fn apply_to_arena(&mut self, op: &Op) {
        match *op {
            Op::Insert(value) => {
                self.keys.insert(self.next, self.arena.insert(value));
                self.next += 1;
            }
            Op::Set(nth, value) => {
                if let Some(entry) = self.chosen(nth).and_then(|(_, key)| self.arena.get_mut(key)) {
                    *entry = value;
                }
            }
            Op::Remove(nth) => {
                if let Some((id, key)) = self.chosen(nth) {
                    self.arena.remove(key).expect("it is there");
                    self.bury(id);
                }
            }
            Op::AddToAll(by) => {
                for (_, mut entry) in self.arena.iter_mut() {
                    *entry = entry.wrapping_add(by);
                }
            }
            Op::RetainEven => {
                let is_odd = |key: &Key<u32>| self.arena.get(*key).is_some_and(|value| value % 2 == 1);
                let odd: Vec<u32> = self.keys.iter().filter(|(_, key)| is_odd(key)).map(|(id, _)| *id).collect();
                self.arena.retain(|_, value| value % 2 == 0);
                odd.into_iter().for_each(|id| self.bury(id));
            }
            _ => {
                self.arena.clear();
                self.dead.extend(mem::take(&mut self.keys).into_values());
            }
        }
    }

    fn chosen(&self, nth: u8) -> Option<(u32, Key<u32>)> {
        choose(&self.keys, nth).map(|id| (id, self.keys[&id]))
    }

    fn bury(&mut self, id: u32) {
        self.dead.extend(self.keys.remove(&id));
    }

    fn apply_to_table(&mut self, op: &Op) -> Result<()> {
        let table = &mut self.table;
        match *op {
            Op::Put(key, length) => table.insert(key, model::text(key, length)),
            Op::Delete(key) => table.remove(&key),
            Op::Grow(key) => {
                if let Some(text) = table.get_mut(&key)? {
                    text.push('+');
                }
            }
            Op::GetOrPut(key) => table.get_or_insert_with(key, String::new)?.push('+'),
            Op::DeleteRange(from, to) => table.remove_range(from..to),
            _ => table.clear(),
        }
        Ok(())
    }

    fn apply_to_log(&mut self, op: &Op) -> Result<()> {
        let position = |log: &Log<u32>, at: u8| u64::from(at) % (log.end() + 2);
        match *op {
            Op::Push(count) => {
                for _ in 0..count {
                    self.log.push(self.log.end() as u32 * 3)?;
                }
            }
            Op::TruncateBefore(at) => self.log.truncate_before(position(&self.log, at)),
            Op::Truncate(at) => self.log.truncate(position(&self.log, at)),
            _ => self.log.clear(),
        }
        Ok(())
    }

    fn swap(&mut self, what: What) {
        match what {
            What::Arena => {
                mem::swap(&mut self.arena, &mut self.other_arena);
                mem::swap(&mut self.keys, &mut self.other_keys);
                mem::swap(&mut self.dead, &mut self.other_dead);
            }
            What::Table => mem::swap(&mut self.table, &mut self.other_table),
            What::Log => mem::swap(&mut self.log, &mut self.other_log),
            What::Column => mem::swap(&mut self.column, &mut self.other_column),
        }
    }

    fn take(&mut self, what: What) {
        match what {
            What::Arena => {
                drop((mem::take(&mut self.arena), mem::take(&mut self.keys), mem::take(&mut self.dead)));
            }
            What::Table => drop(mem::take(&mut self.table)),
            What::Log => drop(mem::take(&mut self.log)),
            What::Column => drop(mem::take(&mut self.column)),
        }
    }

    fn relocate(&mut self, what: What) {
        match what {
            What::Arena => {
                self.other_arena = mem::take(&mut self.arena);
                self.other_keys = mem::take(&mut self.keys);
                self.other_dead = mem::take(&mut self.dead);
            }
            What::Table => self.other_table = mem::take(&mut self.table),
            What::Log => self.other_log = mem::take(&mut self.log),
            What::Column => self.other_column = mem::take(&mut self.column),
        }
    }

    fn seen(&self) -> Result<Seen> {
        let halves = [
            half(&self.arena, &self.keys, &self.dead, &self.table, &self.log, &self.column)?,
            half(
                &self.other_arena,
                &self.other_keys,
                &self.other_dead,
                &self.other_table,
                &self.other_log,
                &self.other_column,
            )?,
        ];
        Ok(Seen { title: self.title.clone(), next: self.next, halves })
    }
}

fn half(
    arena: &Arena<u32>,
    keys: &BTreeMap<u32, Key<u32>>,
    dead: &[Key<u32>],
    table: &Table<u8, String>,
    log: &Log<u32>,
    column: &Column,
) -> Result<Half> {
    assert_eq!(arena.len(), keys.len());
    assert!(dead.iter().all(|key| arena.get(*key).is_none()), "a removed entry is back");
    let arena = keys.iter().map(|(id, key)| (*id, *arena.get(*key).expect("every key has its entry"))).collect();
    Ok(Half { arena, table: seen_table(table)?, log: seen_log(log)?, column: Numbers::of(column.iter(..)?) })
}

/// By iteration, with a look at each entry by its key.
fn seen_table(table: &Table<u8, String>) -> Result<BTreeMap<u8, Text>> {
    let mut seen = BTreeMap::new();
    for entry in table.iter() {
        let (key, text) = entry?;
        assert_eq!(table.get(&key)?, Some(&text));
        seen.insert(key, Text::of(&text));
    }
    assert_eq!(table.count(..)?, seen.len() as u64);
    assert_eq!(table.is_empty()?, seen.is_empty());
    assert_eq!(table.get(&255)?, None);
    let backwards = table.keys(..).rev().collect::<Result<Vec<_>>>()?;
    assert!(backwards.iter().rev().eq(seen.keys()));
    Ok(seen)
}

fn seen_log(log: &Log<u32>) -> Result<model::Log> {
    let entries = log.range(..).collect::<Result<BTreeMap<_, _>>>()?;
    assert_eq!(log.count(..)?, entries.len() as u64);
    for at in [log.first(), log.end() / 2, log.end()] {
        assert_eq!(log.get(at)?, entries.get(&at).copied());
    }
    Ok(model::Log { first: log.first(), end: log.end(), entries })
}
