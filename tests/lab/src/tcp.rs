//! Ports on loopback behind which no server is well.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::runtime::{self, Task};

/// How a port fails.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// Nobody listens: connections are refused.
    Refused,
    /// Connections are taken and nothing ever comes.
    Silent,
    /// Connections are reset as soon as they stand.
    Reset,
    /// Connections are reset after the client's first bytes, as a filter does that reads the TLS hello.
    ResetInHandshake,
    /// Connections are closed after the client's first bytes.
    CloseInHandshake,
    /// One meaningless byte a second.
    Drip,
    /// Plain HTTP where TLS is spoken: "wrong version number".
    PlainHttp,
}

/// A port in trouble; it is free again when dropped.
#[derive(Debug)]
pub struct TroubledPort {
    address: SocketAddr,
    _held: Held,
}

#[derive(Debug)]
enum Held {
    /// Bound but not listening: refuses, and nobody else can take the port.
    Bound(#[expect(dead_code, reason = "held for its port")] TcpSocket),
    Served(#[expect(dead_code, reason = "held for its task")] Task),
}

impl TroubledPort {
    /// Opens such a port.
    pub fn open(trouble: Trouble) -> io::Result<Self> {
        if trouble == Trouble::Refused {
            let socket = runtime::within(TcpSocket::new_v4)?;
            socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
            return Ok(Self { address: socket.local_addr()?, _held: Held::Bound(socket) });
        }
        let listener = runtime::listen()?;
        let address = listener.local_addr()?;
        Ok(Self { address, _held: Held::Served(runtime::spawn(serve(listener, trouble))) })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(listener: TcpListener, trouble: Trouble) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = receive(stream, trouble).await;
            });
        }
    }
}

/// Waits for what the client says first.
async fn first_bytes(stream: &mut TcpStream) -> io::Result<usize> {
    stream.read(&mut [0; 4096]).await
}

async fn receive(mut stream: TcpStream, trouble: Trouble) -> io::Result<()> {
    match trouble {
        Trouble::Refused | Trouble::Silent => loop {
            // Reading to the end keeps the connection open as long as the client wants it.
            if first_bytes(&mut stream).await? == 0 {
                return Ok(());
            }
        },
        Trouble::Reset => stream.set_zero_linger(),
        Trouble::ResetInHandshake => {
            first_bytes(&mut stream).await?;
            stream.set_zero_linger()
        }
        Trouble::CloseInHandshake => {
            first_bytes(&mut stream).await?;
            stream.shutdown().await
        }
        Trouble::Drip => loop {
            stream.write_all(b"\x16").await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
        },
        Trouble::PlainHttp => {
            first_bytes(&mut stream).await?;
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await?;
            stream.shutdown().await
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};

    use super::*;

    fn talk(trouble: Trouble) -> io::Result<usize> {
        let port = TroubledPort::open(trouble)?;
        let mut stream = std::net::TcpStream::connect(port.address())?;
        stream.set_read_timeout(Some(Duration::from_millis(300)))?;
        stream.write_all(b"hello")?;
        stream.read(&mut [0; 10])
    }

    #[test]
    fn each_port_fails_in_its_way() {
        assert_eq!(talk(Trouble::Refused).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        assert!(matches!(talk(Trouble::Silent).unwrap_err().kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
        assert!(talk(Trouble::Reset).is_err());
        assert_eq!(talk(Trouble::ResetInHandshake).unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(talk(Trouble::CloseInHandshake).unwrap(), 0);
        assert_eq!(talk(Trouble::Drip).unwrap(), 1);
    }
}
