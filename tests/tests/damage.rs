//! Stored bytes that are not what was written: an error that names them, and nothing is overwritten.

use duractor_tests::workerd::{Internet, Workerd};
use rusqlite::{Connection, types::Value};

const MIB: usize = 1 << 20;

const RECORD: &[u8] = b"\0record";

/// A row's key, its value, and into how many parts it is cut.
type Row = (Vec<u8>, Value, i64);

fn start() -> Workerd {
    let workerd = Workerd::start(Internet::Upstream).unwrap();
    for word in ["one", "two", "three"] {
        assert_eq!(workerd.post(format!("/keeper/ann/put/{word}")).status, 204);
    }
    workerd
}

fn open(workerd: &Workerd) -> Connection {
    workerd.disk().open("Keeper").unwrap()
}

/// All rows. workerd was killed before.
fn rows(workerd: &Workerd) -> Vec<Row> {
    let database = open(workerd);
    let mut query = database.prepare("SELECT key, value, parts FROM _duractor ORDER BY key").unwrap();
    let rows = query.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn set(workerd: &Workerd, key: &[u8], value: &Value) {
    let changed = open(workerd).execute("UPDATE _duractor SET value = ? WHERE key = ?", (value, key)).unwrap();
    assert_eq!(changed, 1);
}

/// What the log calls the owner of a row.
fn owner(key: &[u8]) -> String {
    match key.split(|byte| *byte == 0).next() {
        Some([]) | None => "the record".into(),
        Some(name) => format!("field `{}`", String::from_utf8_lossy(name)),
    }
}

/// What may be found in place of a value.
fn damages(value: &Value) -> Vec<Value> {
    let Value::Blob(bytes) = value else { panic!("{value:?} is stored") };
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    let longer = [bytes.as_slice(), b"0"].concat();
    let cut = bytes[..bytes.len() - 1].to_vec();
    let blobs = [flipped, longer, cut, Vec::new(), b"foreign".to_vec()].map(Value::Blob);
    blobs.into_iter().chain([Value::Text("foreign".into()), Value::Integer(7), Value::Null]).collect()
}

/// Looks at all that there is, which fails, and tries to change it.
fn assert_unreadable(workerd: &Workerd, owner: &str) {
    let answer = workerd.get("/keeper/ann");
    answer.assert_problem(500, "state-unreadable");
    for secret in ["checksum", "key", "field", "Keeper"] {
        assert!(!answer.text().contains(secret), "{}", answer.text());
    }
    let log = workerd.log();
    assert!(log.contains("Keeper/ann") && log.contains(owner), "the log does not name {owner}:\n{log}");
}

#[test]
fn damaged_rows_are_named_and_never_overwritten() {
    let mut workerd = start();
    let whole = workerd.get("/keeper/ann").json();
    workerd.kill();
    let rows_before = rows(&workerd);
    assert!(rows_before.len() > 10, "each kind of field has rows: {rows_before:?}");
    // One row of each field, with another damage each.
    let mut seen = Vec::new();
    for (key, value, _) in &rows_before {
        let owner = owner(key);
        if seen.contains(&owner) {
            continue;
        }
        let damage = damages(value).swap_remove(seen.len());
        set(&workerd, key, &damage);
        let damaged = rows(&workerd);

        workerd = workerd.restart().unwrap();
        assert_unreadable(&workerd, &owner);
        workerd.kill();
        let mut found = rows(&workerd);
        if key != RECORD {
            // An activation counts itself there.
            found[0] = damaged[0].clone();
        }
        assert_eq!(found, damaged, "{owner} with {damage:?}");
        set(&workerd, key, value);
        seen.push(owner);
    }
    assert_eq!(seen.len(), 5, "{seen:?}");
    let workerd = workerd.restart().unwrap();
    assert_eq!(workerd.get("/keeper/ann").json(), whole, "what is whole again is read again");
}

#[test]
fn every_damage_of_the_record_is_noticed() {
    let mut workerd = start();
    workerd.kill();
    let (key, value, _) = rows(&workerd).swap_remove(0);
    for damage in damages(&value) {
        set(&workerd, &key, &damage);
        workerd = workerd.restart().unwrap();
        assert_unreadable(&workerd, "the record");
        workerd.post("/keeper/ann/put/four").assert_problem(500, "state-unreadable");
        workerd.kill();
        let found = rows(&workerd).swap_remove(0).1;
        assert_eq!(found, damage);
    }
}

#[test]
fn a_lost_part_of_a_large_value_is_noticed() {
    let workerd = start();
    assert_eq!(workerd.post(format!("/keeper/ann/large/{}", 3 * MIB)).status, 204);
    workerd.kill();
    let lost = "DELETE FROM _duractor_parts WHERE part = 1 AND key = ?";
    assert_eq!(open(&workerd).execute(lost, (RECORD,)).unwrap(), 1);
    let workerd = workerd.restart().unwrap();
    assert_unreadable(&workerd, "the record");
}

#[test]
fn a_row_that_is_nowhere_stays_unseen_and_others_stay_readable() {
    let workerd = start();
    workerd.kill();
    let foreign = "INSERT INTO _duractor VALUES (CAST('foreign' AS BLOB), x'00', 0)";
    open(&workerd).execute(foreign, ()).unwrap();
    let workerd = workerd.restart().unwrap();
    assert_eq!(workerd.get("/keeper/ann/words").ok(), "one two three");
}
