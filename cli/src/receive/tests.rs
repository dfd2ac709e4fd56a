//! Dumps over a real connection.

use std::fs::{self, File};
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;
use std::time::SystemTime;

use tempfile::TempDir;

use super::head::HEAD_MAX_BYTES;
use super::*;
use crate::dump::{Header, PAGE_BYTES, write};

/// A receiver with a folder of its own.
struct Receiver {
    dir: TempDir,
    address: SocketAddr,
}

impl Receiver {
    fn new(files_max: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = DumpFolder::open(&dir.path().join("dumps"), NonZeroUsize::new(files_max).unwrap()).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        // It ends with the tests' process.
        thread::spawn(move || serve(&listener, &folder));
        Self { dir, address }
    }

    /// What is answered to these bytes, sent in pieces of `piece` bytes.
    fn send(&self, bytes: &[u8], piece: usize) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        for piece in bytes.chunks(piece) {
            stream.write_all(piece).unwrap();
        }
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// The status of the answer to a dump that is sent to `target`.
    fn put(&self, target: &str, body: &[u8]) -> u16 {
        let head = format!("PUT {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
        status(&self.send(&[head.as_bytes(), body].concat(), usize::MAX))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("dumps").join(name)
    }

    /// Everything in the folder but what keeps git out.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name != ".gitignore").collect();
        names.sort();
        names
    }
}

fn status(answer: &str) -> u16 {
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    status.unwrap_or_else(|| panic!("no answer: {answer}")).parse().unwrap()
}

fn dump(message: &str) -> Vec<u8> {
    write(&Header { message: message.into(), ..Header::default() }, &[7; 3 * PAGE_BYTES])
}

#[test]
fn a_dump_is_kept_under_its_name() {
    let receiver = Receiver::new(20);
    assert_eq!(receiver.put("/trap-1795600000000-1.dump", &dump("one")), 201);
    assert_eq!(receiver.put("/some/where/trap-2.dump", &dump("two")), 201);
    assert_eq!(receiver.names(), ["trap-1795600000000-1.dump", "trap-2.dump"]);
    assert_eq!(fs::read(receiver.path("trap-2.dump")).unwrap(), dump("two"));
    assert_eq!(fs::read_to_string(receiver.path(".gitignore")).unwrap(), "*\n");
}

#[test]
fn a_dump_replaces_one_of_the_same_name() {
    let receiver = Receiver::new(20);
    assert_eq!([receiver.put("/a.dump", &dump("old")), receiver.put("/a.dump", &dump("new"))], [201, 201]);
    assert_eq!(fs::read(receiver.path("a.dump")).unwrap(), dump("new"));
}

#[test]
fn a_request_may_come_in_pieces() {
    let receiver = Receiver::new(20);
    let body = dump("slow");
    let head = format!("PUT /a.dump HTTP/1.1\r\nhost: x\r\nCONTENT-LENGTH: {}\r\n\r\n", body.len());
    let answer = receiver.send(&[head.as_bytes(), &body].concat(), 100);
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n") && answer.contains("connection: close\r\n"), "{answer}");
    assert_eq!(fs::read(receiver.path("a.dump")).unwrap(), body);
}

#[test]
fn a_client_that_waits_is_told_to_continue() {
    let receiver = Receiver::new(20);
    let body = dump("waits");
    let mut stream = TcpStream::connect(receiver.address).unwrap();
    let head = format!("PUT /a.dump HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    let mut word = [0; 25];
    stream.read_exact(&mut word).unwrap();
    assert_eq!(&word, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(status(&answer), 201);
}

#[test]
fn names_that_are_none_are_refused() {
    let receiver = Receiver::new(20);
    let long = format!("/{}.dump", "x".repeat(96));
    for target in [
        "/../x.dump",
        "/a/../x.dump",
        "/.hidden.dump",
        "/..dump",
        "/.dump",
        "/%2e%2e",
        "/%2e%2e%2fx.dump",
        "/x%00.dump",
        "/",
        "/x.txt",
        "/x.dump/",
        "/x.dump?y",
        "/x.dump#y",
        "//x.dump",
        "/a\\x.dump",
        "/c:x.dump",
        "/é.dump",
        "*",
        &long,
        "http://localhost/x.dump",
    ] {
        assert_eq!(receiver.put(target, &dump("x")), 400, "{target}");
    }
    assert_eq!(receiver.names(), [""; 0]);
    assert_eq!(fs::read_dir(receiver.dir.path()).unwrap().count(), 1);
    assert_eq!(receiver.put(&long.replacen('x', "", 1), &dump("x")), 201);
}

#[test]
fn a_length_has_to_be_told_once_and_within_the_bound() {
    let receiver = Receiver::new(20);
    let answer =
        |headers: &str| status(&receiver.send(format!("PUT /x.dump HTTP/1.1\r\n{headers}\r\n").as_bytes(), 4096));
    assert_eq!(answer(""), 411);
    assert_eq!(answer("transfer-encoding: chunked\r\n"), 411);
    assert_eq!(answer("transfer-encoding: chunked\r\ncontent-length: 5\r\n"), 411);
    assert_eq!(answer(&format!("content-length: {}\r\n", DUMP_MAX_BYTES + 1)), 413);
    assert_eq!(answer(&format!("content-length: {}\r\n", "9".repeat(40))), 413);
    for length in ["", "-1", "+1", "0x10", "1 2", "1\r\ncontent-length: 2"] {
        assert_eq!(answer(&format!("content-length: {length}\r\n")), 400, "{length}");
    }
}

#[test]
fn what_is_no_dump_is_refused() {
    let receiver = Receiver::new(20);
    assert_eq!(receiver.put("/x.dump", b""), 400);
    assert_eq!(receiver.put("/x.dump", b"duractor-dump-1"), 400);
    assert_eq!(receiver.put("/x.dump", &[b'x'; 3 << 20]), 400);
    assert_eq!(receiver.names(), [""; 0]);
}

#[test]
fn a_dump_that_ends_early_leaves_nothing() {
    let receiver = Receiver::new(20);
    let body = dump("cut");
    let head = format!("PUT /x.dump HTTP/1.1\r\ncontent-length: {}\r\n\r\n", body.len() + 1);
    assert_eq!(status(&receiver.send(&[head.as_bytes(), &body].concat(), usize::MAX)), 400);
    assert_eq!(receiver.names(), [""; 0]);
}

#[test]
fn other_methods_and_heads_are_refused() {
    let receiver = Receiver::new(20);
    for method in ["GET", "POST", "DELETE", "OPTIONS"] {
        let answer = receiver.send(format!("{method} /x.dump HTTP/1.1\r\n\r\n").as_bytes(), usize::MAX);
        assert!(answer.starts_with("HTTP/1.1 405 ") && answer.contains("\r\nallow: PUT\r\n"), "{answer}");
    }
    let long = format!("PUT /x.dump HTTP/1.1\r\nx: {}", "x".repeat(2 * HEAD_MAX_BYTES));
    assert_eq!(status(&receiver.send(long.as_bytes(), usize::MAX)), 431);
    assert_eq!(status(&receiver.send(b"PUT /x.dump HTTP/1.1\r\nx", usize::MAX)), 400);
    assert_eq!(status(&receiver.send(b"\x16\x03\x01\x02\x00\x01", usize::MAX)), 400);
    assert_eq!(receiver.send(b"", usize::MAX), "");
}

/// Makes a file so many seconds old.
fn age(path: &Path, seconds: u64) {
    let time = SystemTime::now() - Duration::from_secs(seconds);
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn the_oldest_dumps_go_and_strangers_stay() {
    let receiver = Receiver::new(3);
    fs::write(receiver.path("heap.dump"), "not ours").unwrap();
    fs::write(receiver.path("notes.txt"), *MAGIC).unwrap();
    for (name, seconds) in [("heap.dump", 1_000), ("notes.txt", 1_000)] {
        age(&receiver.path(name), seconds);
    }
    for (name, seconds) in [("c.dump", 300), ("a.dump", 200), ("b.dump", 100)] {
        assert_eq!(receiver.put(&format!("/{name}"), &dump(name)), 201);
        age(&receiver.path(name), seconds);
    }
    assert_eq!(receiver.names(), ["a.dump", "b.dump", "c.dump", "heap.dump", "notes.txt"]);
    assert_eq!(receiver.put("/d.dump", &dump("d")), 201);
    assert_eq!(receiver.names(), ["a.dump", "b.dump", "d.dump", "heap.dump", "notes.txt"]);
    assert_eq!(receiver.put("/a.dump", &dump("again")), 201);
    assert_eq!(receiver.names(), ["a.dump", "b.dump", "d.dump", "heap.dump", "notes.txt"]);
}

#[test]
fn a_port_in_use_is_told_with_the_way_out() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = bind(port).unwrap_err().to_string();
    assert!(error.contains(&port.to_string()) && error.contains("--port"), "{error}");
}
