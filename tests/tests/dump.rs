//! What a trap leaves for a developer.

use std::{
    fs,
    net::TcpListener,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    thread,
};

use duractor_cli::{
    dump::{self, Dump},
    frames::{self, Frame},
    receive::{DumpFolder, serve},
};
use duractor_tests::{process::Folder, wait_until, workerd::Workerd};

/// A workerd that develops, and where its dumps are written.
fn start() -> (Workerd, Folder) {
    let folder = Folder::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let dumps = DumpFolder::open(folder.path(), NonZeroUsize::new(2).unwrap()).unwrap();
    thread::spawn(move || serve(&listener, &dumps));
    (Workerd::developing(&url).unwrap(), folder)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|end| end == "dump")).collect()
}

/// The dump of what a request does.
fn dump_of(workerd: &Workerd, folder: &Path, method: &str, target: &str) -> Vec<u8> {
    let before = files(folder);
    let answer = workerd.request(method, target).header("x-word", "needle").body("a body in a frame").send();
    let problem = answer.assert_problem(500, "internal");
    assert!(problem["debug"].is_string(), "in development a client reads why");
    let new = wait_until("a dump is written", || files(folder).into_iter().find(|file| !before.contains(file)));
    fs::read(new).unwrap()
}

/// The number of the only request to this path whose frame is in memory.
fn request_in(dump: &Dump<'_>, path: &str) -> u64 {
    let of_path = |frame: Frame<'_>| match frame {
        Frame::Request { call, path: found, .. } if found == path && call > 0 => Some(call),
        _ => None,
    };
    frames::scan(dump.memory).find_map(|found| of_path(found.frame)).expect("the request's frame is in memory")
}

#[test]
fn a_trap_leaves_its_memory_with_all_that_is_known_of_it() {
    let (workerd, folder) = start();
    let bytes = dump_of(&workerd, folder.path(), "POST", "/traps/ann/panic?why=not");
    let dump = dump::parse(&bytes).unwrap();
    let header = &dump.header;
    assert!(header.message.contains("traps.rs:") && header.message.contains("a secret reason"), "{}", header.message);
    assert_eq!(header.actor.as_deref(), Some("Traps/ann"));
    let call = header.call.as_ref().unwrap();
    assert_eq!((call.method.as_deref(), call.target.as_deref()), (Some("POST"), Some("/traps/ann/panic?why=not")));
    assert_eq!((call.rust.as_deref(), call.turn.as_deref()), (Some("panic"), Some("exclusive")));
    assert_eq!(call.number, i64::try_from(request_in(&dump, "/traps/ann/panic?why=not")).ok());
    assert!(dump.memory.windows(6).any(|bytes| bytes == b"needle"));
}

#[test]
fn a_dump_tells_who_waited_and_for_what() {
    let (workerd, folder) = start();
    let waiting = workerd.request("GET", "/turns/ann/read/gate").start();
    let sleeping = workerd.request("GET", "/probe/bob/sleep/20000").start();
    wait_until("both wait", || {
        let bytes = dump_of(&workerd, folder.path(), "POST", "/traps/eve/panic-later");
        let dump = dump::parse(&bytes).unwrap();
        let calls = dump.header.calls.as_ref().unwrap();
        let of = |actor: &str| calls.iter().find(|call| call.actor.as_deref() == Some(actor));
        let sleeps = of("Probe/bob")?;
        let operation = &sleeps.operations.as_ref().unwrap()[0];
        assert_eq!((operation.kind.as_deref(), operation.state.as_deref()), (Some("sleep"), Some("under way")));
        assert_eq!(sleeps.request.as_deref(), Some("GET /probe/bob/sleep/20000"));
        assert_eq!(of("Traps/eve").unwrap().request.as_deref(), Some("POST /traps/eve/panic-later"));
        Some(())
    });
    drop((waiting, sleeping));
    assert!(files(folder.path()).len() <= 2, "older dumps are deleted");
}

#[test]
fn a_trap_while_nobody_listens_is_a_trap() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let workerd = Workerd::developing(&url).unwrap();
    workerd.post("/traps/ann/panic").assert_problem(500, "internal");
    assert_eq!(workerd.post("/traps/ann/add/one").ok(), "1");
    wait_until("the log tells", || workerd.log().contains("duractor receive-dumps").then_some(()));
}
