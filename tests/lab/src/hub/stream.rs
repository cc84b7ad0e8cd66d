//! A connection that can be told to stop speaking HTTP.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// What is written in place of the answer that HTTP would have given.
#[derive(Clone, Debug)]
pub(crate) enum Instead {
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// A status line and header lines without end.
    EndlessHeaders,
    /// Nothing: the connection is reset.
    Reset,
    /// Nothing: the connection is closed.
    Close,
}

/// Shared between a connection and the service on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Switch(Arc<Mutex<Option<Instead>>>);

impl Switch {
    pub(crate) fn set(&self, instead: Instead) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(instead);
    }

    fn get(&self) -> Option<Instead> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// TCP with or without TLS.
pub(crate) enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }
}

/// The connection as hyper sees it.
pub(crate) struct Line {
    wire: Wire,
    switch: Switch,
    /// How much of the replacement has been written.
    written: usize,
}

impl Line {
    pub(crate) fn new(wire: Wire, switch: Switch) -> Self {
        Self { wire, switch, written: 0 }
    }

    /// Writes the replacement; always ends in an error, which makes hyper drop the connection.
    fn poll_instead(&mut self, cx: &mut Context<'_>, instead: &Instead) -> Poll<io::Error> {
        let closed = || io::Error::other("closed by the laboratory");
        match instead {
            Instead::Bytes(bytes) => {
                while self.written < bytes.len() {
                    match ready!(self.wire.poll_write(cx, &bytes[self.written..])) {
                        Ok(count) => self.written += count,
                        Err(error) => return Poll::Ready(error),
                    }
                }
                Poll::Ready(ready!(self.wire.poll_flush(cx)).err().unwrap_or_else(closed))
            }
            Instead::EndlessHeaders => loop {
                let line = if self.written == 0 { "HTTP/1.1 200 OK\r\n".into() } else { filler(self.written) };
                match ready!(self.wire.poll_write(cx, line.as_bytes())) {
                    Ok(count) => self.written += count,
                    Err(error) => return Poll::Ready(error),
                }
            },
            Instead::Reset => {
                // Discarding unsent data on close makes the kernel send a reset.
                Poll::Ready(self.wire.tcp().set_zero_linger().err().unwrap_or_else(closed))
            }
            Instead::Close => Poll::Ready(closed()),
        }
    }
}

fn filler(number: usize) -> String {
    format!("X-Filler-{number}: {}\r\n", "lorem ipsum ".repeat(20))
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Wire::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.switch.get() {
            None => self.wire.poll_write(cx, bytes),
            Some(instead) => self.poll_instead(cx, &instead).map(Err),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Wire::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}
