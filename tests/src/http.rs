//! A client over plain sockets: one connection for each request, and nothing is checked on the way out.

use std::{
    borrow::Cow,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;
use socket2::SockRef;

use crate::wait::DEADLINE;

/// A request that is yet to be sent.
#[derive(Clone, Debug)]
pub struct Request {
    to: SocketAddr,
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
    chunk_bytes: Option<usize>,
}

impl Request {
    /// A request without headers of its own and without a body.
    pub fn new(to: SocketAddr, method: &str, target: impl Into<String>) -> Self {
        let target = target.into();
        Self { to, method: method.to_owned(), target, headers: Vec::new(), body: None, chunk_bytes: None }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Sets the body, with its length declared.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends the body in chunks of this size, its length undeclared.
    #[must_use]
    pub fn chunks(mut self, bytes: usize) -> Self {
        self.chunk_bytes = Some(bytes);
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, value: &Value) -> Self {
        self.header("content-type", "application/json").body(value.to_string())
    }

    /// Sends it and reads the answer.
    ///
    /// # Panics
    ///
    /// If there is no whole answer in time.
    #[track_caller]
    pub fn send(&self) -> Answer {
        match self.try_send() {
            Ok(answer) => answer,
            Err(error) => panic!("{} {}: no answer: {error}", self.method, brief(&self.target)),
        }
    }

    /// Sends it and reads the answer.
    ///
    /// # Errors
    ///
    /// If there is no whole answer in time.
    pub fn try_send(&self) -> io::Result<Answer> {
        self.start()?.answer()
    }

    /// Sends it and does not wait.
    ///
    /// # Errors
    ///
    /// If there is no connection.
    pub fn start(&self) -> io::Result<Exchange> {
        let mut exchange = Exchange::connect(self.to)?;
        exchange.is_head = self.method == "HEAD";
        exchange.write(&self.head())?;
        exchange.write_early(&self.payload())?;
        Ok(exchange)
    }

    fn payload(&self) -> Cow<'_, [u8]> {
        match (&self.body, self.chunk_bytes) {
            (None, _) => Cow::Borrowed(&[]),
            (Some(body), None) => Cow::Borrowed(body),
            (Some(body), Some(bytes)) => Cow::Owned(chunked(body, bytes)),
        }
    }

    fn head(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: worker.test\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        }
        match (&self.body, self.chunk_bytes) {
            (None, _) => {}
            (Some(body), None) => head.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes()),
            (Some(_), Some(_)) => head.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        }
        head.extend_from_slice(b"\r\n");
        head
    }
}

fn chunked(body: &[u8], bytes: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(body.len() + 64);
    for chunk in body.chunks(bytes) {
        text.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        text.extend_from_slice(chunk);
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"0\r\n\r\n");
    text
}

fn brief(text: &str) -> String {
    text.chars().take(100).collect()
}

/// A connection.
#[derive(Debug)]
pub struct Exchange {
    stream: TcpStream,
    is_head: bool,
}

impl Exchange {
    /// Connects.
    ///
    /// # Errors
    ///
    /// If nobody listens.
    pub fn connect(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&to, DEADLINE)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_write_timeout(Some(DEADLINE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, is_head: false })
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    ///
    /// If the connection is gone.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Writes what the other side may answer before it has read all of it.
    fn write_early(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.stream.write_all(bytes) {
            Err(error) if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => Ok(()),
            other => other,
        }
    }

    /// Says that no more is coming.
    ///
    /// # Errors
    ///
    /// If the connection is gone.
    pub fn finish(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Resets the connection, as when a program is killed or a phone loses its network.
    ///
    /// # Errors
    ///
    /// If the connection is gone.
    pub fn reset(self) -> io::Result<()> {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))
    }

    /// Reads the answer.
    ///
    /// # Errors
    ///
    /// If it is not HTTP, or not there in time.
    pub fn answer(self) -> io::Result<Answer> {
        Answer::read(&mut BufReader::new(&self.stream), self.is_head)
    }

    /// Reads at least so many bytes of whatever comes.
    ///
    /// # Errors
    ///
    /// If there are less, or not in time.
    pub fn read_some(&mut self, bytes: usize) -> io::Result<()> {
        self.stream.read_exact(&mut vec![0; bytes])
    }

    /// Reads the answer, and returns how long its body is, without keeping it.
    ///
    /// # Errors
    ///
    /// If it is not HTTP, not whole, or not there in time.
    pub fn length(self) -> io::Result<usize> {
        let mut from = BufReader::new(&self.stream);
        read_status(&mut from)?;
        let headers = read_headers(&mut from)?;
        if let Some((_, length)) = headers.iter().find(|(name, _)| name == "content-length") {
            let length = number(&String::from_utf8_lossy(length), 10)?;
            return Ok(io::copy(&mut from.take(length as u64), &mut io::sink())? as usize);
        }
        let mut length = 0;
        loop {
            let piece = read_chunk(&mut from)?;
            if piece.is_empty() {
                return Ok(length);
            }
            length += piece.len();
        }
    }

    /// Reads all that comes until the connection is closed.
    ///
    /// # Errors
    ///
    /// If it stays open.
    pub fn rest(mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match self.stream.read_to_end(&mut bytes) {
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => Err(error),
            _ => Ok(bytes),
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Names, in lower case, and values, in the order of arrival.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    fn read(from: &mut impl BufRead, is_head: bool) -> io::Result<Self> {
        loop {
            let status = read_status(from)?;
            let headers = read_headers(from)?;
            if status == 100 {
                continue;
            }
            let mut answer = Self { status, headers, body: Vec::new() };
            if !is_head && !matches!(status, 204 | 304) {
                answer.body = answer.read_body(from)?;
            }
            return Ok(answer);
        }
    }

    fn read_body(&self, from: &mut impl BufRead) -> io::Result<Vec<u8>> {
        if self.header("transfer-encoding") == Some("chunked") {
            return read_chunks(from);
        }
        let Some(length) = self.header("content-length") else { return read_rest(from) };
        let mut body = vec![0; number(length, 10)?];
        from.read_exact(&mut body)?;
        Ok(body)
    }

    /// The first header of that name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// All headers of that name that are text.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let found = self.headers.iter().filter(move |(other, _)| other == name);
        found.filter_map(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// If it is not UTF-8.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// If it is not JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The body as a problem, whose status is the answer's; its kind first.
    ///
    /// # Panics
    ///
    /// If it is not one.
    #[track_caller]
    pub fn problem(&self) -> (String, Value) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{problem}");
        let kind = problem["type"].as_str().and_then(|kind| kind.strip_prefix("/problems/"));
        (kind.unwrap_or_else(|| panic!("no kind in {problem}")).to_owned(), problem)
    }

    /// Asserts that it is a problem of that status and kind, and returns its members.
    ///
    /// # Panics
    ///
    /// If it is not.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, kind: &str) -> Value {
        let (found, problem) = self.problem();
        assert_eq!((self.status, found.as_str()), (status, kind), "{problem}");
        problem
    }

    /// The text of a good answer.
    ///
    /// # Panics
    ///
    /// If its status is not 200.
    #[track_caller]
    pub fn ok(&self) -> &str {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.text()
    }
}

fn read_status(from: &mut impl BufRead) -> io::Result<u16> {
    let line = read_line(from)?;
    let text = String::from_utf8_lossy(&line).into_owned();
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|status| status.parse().ok());
    status.ok_or_else(|| invalid(&format!("not a status line: {text:?}")))
}

fn read_headers(from: &mut impl BufRead) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut headers = Vec::new();
    loop {
        let line = read_line(from)?;
        if line.is_empty() {
            return Ok(headers);
        }
        let colon = line.iter().position(|byte| *byte == b':').ok_or_else(|| invalid("a header without a colon"))?;
        let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
        headers.push((name, line[colon + 1..].trim_ascii().to_vec()));
    }
}

fn read_chunks(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let chunk = read_chunk(from)?;
        if chunk.is_empty() {
            return Ok(body);
        }
        body.extend(chunk);
    }
}

/// The next chunk; the last one is empty.
fn read_chunk(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let line = read_line(from)?;
    let mut chunk = vec![0; number(&String::from_utf8_lossy(&line), 16)?];
    from.read_exact(&mut chunk)?;
    read_line(from)?;
    Ok(chunk)
}

fn read_rest(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    from.read_to_end(&mut body)?;
    Ok(body)
}

/// A line without its end.
fn read_line(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    from.read_until(b'\n', &mut line)?;
    match line.as_slice() {
        [text @ .., b'\r', b'\n'] => Ok(text.to_vec()),
        _ => Err(invalid("the connection ended within a line")),
    }
}

fn number(text: &str, radix: u32) -> io::Result<usize> {
    usize::from_str_radix(text.trim(), radix).map_err(|_| invalid("not a length"))
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
