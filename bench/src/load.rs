//! A client of HTTP/1.1 that does no more than the measurements need: one request after another on a connection that
//! stays open, replies with a declared length.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::stats::percentile;

/// How long a reply may take: a turn that puts many entries waits for the disk.
const REPLY_MAX: Duration = Duration::from_secs(60);

/// The largest reply that is read.
const BODY_MAX_BYTES: usize = 1 << 20;

/// What clients ask again and again, and what they are to be answered.
pub(crate) trait Ask: Sync {
    /// Names it in errors.
    fn name(&self) -> &str;

    /// The bytes of a request.
    fn request(&self) -> Vec<u8>;

    /// Checks the body of a reply; `last` is what a counter told this client last.
    ///
    /// # Errors
    ///
    /// The body is not what the request asked for.
    fn check(&self, body: &[u8], last: &mut u64) -> Result<()>;
}

/// One client.
#[derive(Debug)]
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
    /// What the counter told last.
    last: u64,
}

/// What clients saw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) requests: usize,
    pub(crate) rps: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

impl Client {
    /// Connects to a port of this machine.
    ///
    /// # Errors
    ///
    /// Nobody listens there.
    pub(crate) fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(REPLY_MAX))?;
        Ok(Self { stream: BufReader::new(stream), line: String::new(), body: Vec::new(), last: 0 })
    }

    /// Sends one request and checks its reply.
    ///
    /// # Errors
    ///
    /// The connection is lost, or the reply is not the expected one.
    pub(crate) fn ask(&mut self, what: &dyn Ask, request: &[u8]) -> Result<()> {
        self.stream.get_mut().write_all(request)?;
        let status = self.read_reply()?;
        let text = String::from_utf8_lossy(&self.body);
        ensure!(status == 200, "{} answers {status}: {text}", what.name());
        what.check(&self.body, &mut self.last)
    }

    /// Sends a request that is to fail.
    ///
    /// # Errors
    ///
    /// The connection is lost, or the reply is no 500.
    pub(crate) fn fail(&mut self, request: &[u8]) -> Result<()> {
        self.stream.get_mut().write_all(request)?;
        let status = self.read_reply()?;
        ensure!(status == 500, "what is to fail answers {status}");
        Ok(())
    }

    /// What a counter told last.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Reads a whole reply into `self.body`, and returns its status.
    fn read_reply(&mut self) -> Result<u16> {
        let status = status(self.read_line()?)?;
        let mut length = None;
        loop {
            let line = self.read_line()?;
            if line.is_empty() {
                break;
            }
            length = content_length(line)?.or(length);
        }
        let length = length.context("a reply does not declare its length")?;
        ensure!(length <= BODY_MAX_BYTES, "a reply has {length} bytes");
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body)?;
        Ok(status)
    }

    fn read_line(&mut self) -> Result<&str> {
        self.line.clear();
        let length = self.stream.read_line(&mut self.line)?;
        ensure!(length > 0, "the connection was closed");
        Ok(self.line.trim_end_matches(['\r', '\n']))
    }
}

fn status(line: &str) -> Result<u16> {
    let code = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    code.and_then(|code| code.parse().ok()).with_context(|| format!("no reply begins with {line:?}"))
}

fn content_length(line: &str) -> Result<Option<usize>> {
    let Some((name, value)) = line.split_once(':') else {
        return Ok(None);
    };
    if !name.eq_ignore_ascii_case("content-length") {
        return Ok(None);
    }
    let length = value.trim().parse().with_context(|| format!("`{line}` is no length"))?;
    Ok(Some(length))
}

/// Lets all clients ask, each again as soon as it is answered, for that long.
///
/// # Errors
///
/// A client was not answered as expected.
pub(crate) fn drive(clients: &mut [Client], what: &dyn Ask, duration: Duration) -> Result<Sample> {
    let request = what.request();
    let start = Instant::now();
    let end = start + duration;
    let mut latencies = thread::scope(|scope| {
        let threads: Vec<_> =
            clients.iter_mut().map(|client| scope.spawn(|| ask_until(client, what, &request, end))).collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().expect("clients do not panic")?);
        }
        anyhow::Ok(all)
    })?;
    let seconds = start.elapsed().as_secs_f64();
    latencies.sort_unstable();
    Ok(Sample {
        requests: latencies.len(),
        rps: latencies.len() as f64 / seconds,
        p50_ms: percentile(&latencies, 50).as_secs_f64() * 1e3,
        p99_ms: percentile(&latencies, 99).as_secs_f64() * 1e3,
    })
}

/// Asks at least once; the time that each reply took.
fn ask_until(client: &mut Client, what: &dyn Ask, request: &[u8], end: Instant) -> Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    loop {
        let start = Instant::now();
        client.ask(what, request)?;
        let now = Instant::now();
        latencies.push(now - start);
        if now >= end {
            return Ok(latencies);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::scenario::Scenario;

    /// Answers one connection with the same bytes to each request.
    fn server(reply: &'static [u8]) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            while stream.read(&mut request).is_ok_and(|length| length > 0) {
                stream.write_all(reply).unwrap();
            }
        });
        port
    }

    fn asked(reply: &'static [u8]) -> Result<()> {
        let mut client = Client::connect(server(reply)).unwrap();
        client.ask(&Scenario::Hello, &Scenario::Hello.request())?;
        client.ask(&Scenario::Hello, &Scenario::Hello.request())
    }

    #[test]
    fn replies_follow_one_another_on_one_connection() {
        asked(b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\nHello from actor").unwrap();
    }

    #[test]
    fn other_replies_are_refused() {
        assert!(asked(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nHi").is_err());
        assert!(asked(b"HTTP/1.1 500 No\r\nContent-Length: 16\r\n\r\nHello from actor").is_err());
        assert!(asked(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(asked(b"Hello\r\n").is_err());
    }

    #[test]
    fn what_clients_saw_is_counted() {
        let port = server(b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\nHello from actor");
        let mut clients = [Client::connect(port).unwrap()];
        let sample = drive(&mut clients, &Scenario::Hello, Duration::from_millis(20)).unwrap();
        assert!(sample.requests > 0 && sample.rps > 0.0);
        assert!(sample.p50_ms <= sample.p99_ms);
    }
}
