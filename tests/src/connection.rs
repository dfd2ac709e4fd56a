//! A connection that serves one request after another.

use std::{
    io::{self, BufReader, Write as _},
    net::{SocketAddr, TcpStream},
};

use crate::{
    http::{Answer, Request},
    wait::DEADLINE,
};

/// A connection that stays open between requests.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    ///
    /// If nobody listens.
    pub(crate) fn open(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&to, DEADLINE)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_write_timeout(Some(DEADLINE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    ///
    /// If there is no whole answer in time. The connection is of no use then.
    pub(crate) fn send(&mut self, request: &Request) -> io::Result<Answer> {
        self.stream.get_mut().write_all(&request.bytes())?;
        Answer::read(&mut self.stream, request.is_head())
    }
}
