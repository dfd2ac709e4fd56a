//! `duractor receive-dumps`: takes the dumps that workers send under `wrangler dev`, and puts them in a folder.
//!
//! `PUT /NAME.dump` with a dump as its body, its length told, is answered 201 once the file is in place. It speaks as much HTTP
//! as that needs, to one client after another, and only to this machine.

mod folder;
mod head;
mod refusal;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io::{self, ErrorKind, Read, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};

pub use folder::DumpFolder;

use crate::args::Receive;
use crate::dump::{DUMP_MAX_BYTES, MAGIC};
use crate::terminal::{plain, say, size};
use head::Head;
use refusal::{Refusal, reason};

/// How long a client may fall silent.
const READ_TIME_MAX: Duration = Duration::from_secs(30);
const WRITE_TIME_MAX: Duration = Duration::from_secs(30);

/// How long what a refused client still sends is read.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(5);
const DRAIN_SILENCE_MAX: Duration = Duration::from_secs(1);
const DRAIN_BYTES: usize = 64 << 10;

/// What is shown of a target that is refused.
const SHOWN_MAX_CHARS: usize = 120;

/// Receives dumps until the process ends.
///
/// # Errors
///
/// The port is in use, the folder cannot be written, or the system accepts no more connections.
pub fn receive(options: &Receive) -> Result<()> {
    let listener = bind(options.port)?;
    let folder = DumpFolder::open(&options.dir, options.max)?;
    let url = format!("http://{}", listener.local_addr()?);
    say(format_args!("receives dumps at {url} into {}, until Ctrl-C", folder.dir().display()));
    say(format_args!("a worker sends them under: wrangler dev --var DURACTOR_DUMP:{url}"));
    match serve(&listener, &folder)? {}
}

fn bind(port: u16) -> Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow!("port {port} is in use, perhaps by another `receive-dumps`; --port takes another")
        }
        _ => anyhow!(error).context(format!("cannot listen on port {port}; --port takes another")),
    })
}

/// Receives dumps from a listener into a folder, forever.
///
/// # Examples
///
/// ```no_run
/// use std::net::TcpListener;
/// use std::num::NonZeroUsize;
/// use std::thread;
///
/// use duractor_cli::receive::{DumpFolder, serve};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let url = format!("http://{}", listener.local_addr()?);
/// let folder = DumpFolder::open("dumps".as_ref(), NonZeroUsize::MIN)?;
/// thread::spawn(move || serve(&listener, &folder));
/// // A worker whose DURACTOR_DUMP is `url` sends its dumps here.
/// # Ok::<(), anyhow::Error>(())
/// ```
///
/// # Errors
///
/// The system accepts no more connections. What goes wrong with one of them is said, and the next is served.
pub fn serve(listener: &TcpListener, folder: &DumpFolder) -> Result<Infallible> {
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                // A client that is gone needs no answer.
                let _ = answer(&stream, folder);
            }
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
            Err(error) => return Err(error).context("cannot accept connections"),
        }
    }
}

fn answer(stream: &TcpStream, folder: &DumpFolder) -> io::Result<()> {
    stream.set_read_timeout(Some(READ_TIME_MAX))?;
    stream.set_write_timeout(Some(WRITE_TIME_MAX))?;
    match take(stream, folder) {
        Ok(Some((path, bytes))) => {
            let path = path.display();
            say(format_args!("wrote {path} ({}): duractor inspect-dump {path}", size(bytes as usize)));
            respond(stream, 201, "")
        }
        Ok(None) => Ok(()),
        Err(Refusal { status, why }) => {
            say(format_args!("refused a dump: {why}"));
            respond(stream, status, &why)?;
            drain(stream)
        }
    }
}

fn respond(mut stream: &TcpStream, status: u16, why: &str) -> io::Result<()> {
    let allow = if status == 405 { "allow: PUT\r\n" } else { "" };
    let body = if why.is_empty() { String::new() } else { format!("{why}\n") };
    let text = format!(
        "HTTP/1.1 {status} {}\r\n{allow}content-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        reason(status),
        body.len()
    );
    stream.write_all(text.as_bytes())
}

/// A connection that is closed while bytes come in is reset, and the client may never see the answer.
fn drain(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(DRAIN_SILENCE_MAX))?;
    let end = Instant::now() + DRAIN_TIME_MAX;
    let mut chunk = vec![0; DRAIN_BYTES];
    while Instant::now() < end && stream.read(&mut chunk)? > 0 {}
    Ok(())
}

/// The file that a request's dump was put into, and its size; `None` if no request came.
fn take(mut stream: &TcpStream, folder: &DumpFolder) -> Result<Option<(PathBuf, u64)>, Refusal> {
    let Some((head, start)) = head::read(&mut stream)? else {
        return Ok(None);
    };
    let (name, bytes) = check(&head)?;
    if head.waits && start.is_empty() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").map_err(|error| Refusal::lost(&error))?;
    }
    let mut body = start.chain(stream).take(bytes);
    let mut magic = [0; MAGIC.len()];
    read_magic(&mut body, &mut magic)?;
    let path = folder.keep(name, magic.chain(body), bytes)?;
    if let Err(error) = folder.delete_oldest(&path) {
        say(format_args!("warning: cannot delete old dumps: {error}"));
    }
    Ok(Some((path, bytes)))
}

/// The name and the size of what is sent, if it may be sent.
fn check(head: &Head) -> Result<(&str, u64), Refusal> {
    if head.method != "PUT" {
        return Err(Refusal::new(405, format!("a dump comes by PUT, not {}", plain(&head.method, SHOWN_MAX_CHARS))));
    }
    let Some(name) = folder::name_of(&head.target) else {
        let target = plain(&head.target, SHOWN_MAX_CHARS);
        return Err(Refusal::new(400, format!("{target} does not end in the name of a dump, as /trap-1.dump does")));
    };
    match head.length {
        None => Err(Refusal::new(411, "the length of a dump has to be told by content-length")),
        Some(length) if length > DUMP_MAX_BYTES => {
            Err(Refusal::new(413, format!("a dump has at most {} MiB", DUMP_MAX_BYTES >> 20)))
        }
        Some(length) => Ok((name, length)),
    }
}

/// What does not begin as a dump never gets to the disk.
fn read_magic(body: &mut impl Read, magic: &mut [u8; MAGIC.len()]) -> Result<(), Refusal> {
    let wrong = || Refusal::new(400, "the body is no dump");
    match body.read_exact(magic) {
        Ok(()) if magic == MAGIC => Ok(()),
        Ok(()) => Err(wrong()),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(wrong()),
        Err(error) => Err(Refusal::lost(&error)),
    }
}
