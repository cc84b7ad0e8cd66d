//! A body that is made while it is sent, and can be slow, cut short or silent half-way.

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::time::{Sleep, sleep};

use crate::state::Source;

/// How a body departs from being sent at once and whole.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    pub(crate) close_after: Option<u64>,
    pub(crate) stall_after: Option<u64>,
    pub(crate) bytes_per_second: Option<u64>,
}

/// The bytes of an answer. It states no length of its own, so that `Content-Length` may promise more than comes.
#[derive(Debug)]
pub(crate) struct LabBody {
    source: Source,
    rest: Range<u64>,
    sent: u64,
    pace: Pace,
    pause: Option<Pin<Box<Sleep>>>,
    flushed: bool,
}

const CHUNK: u64 = 64 << 10;

/// Time for what was written to reach the client before its connection is closed.
const FLUSH: Duration = Duration::from_millis(30);

impl LabBody {
    pub(crate) fn new(source: Source, span: Range<u64>, pace: Pace) -> Self {
        Self { source, rest: span, sent: 0, pace, pause: None, flushed: false }
    }
}

impl Body for LabBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if let Some(pause) = self.pause.as_mut() {
            std::task::ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        if self.pace.close_after.is_some_and(|limit| self.sent >= limit) {
            if !self.flushed {
                // hyper sends what it has gathered only when a body lets it wait.
                self.flushed = true;
                self.pause = Some(Box::pin(sleep(FLUSH)));
                return self.poll_frame(cx);
            }
            return Poll::Ready(Some(Err(std::io::Error::other("closed by the laboratory"))));
        }
        if self.pace.stall_after.is_some_and(|limit| self.sent >= limit) {
            // Nothing wakes this again: the client's patience decides.
            return Poll::Pending;
        }
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let until_limit =
            [self.pace.close_after, self.pace.stall_after].into_iter().flatten().map(|limit| limit - self.sent).min();
        // Slow bodies go out in twentieths of a second, or byte by byte.
        let step = self.pace.bytes_per_second.map(|rate| (rate / 20).max(1));
        let length =
            CHUNK.min(step.unwrap_or(CHUNK)).min(until_limit.unwrap_or(CHUNK)).min(self.rest.end - self.rest.start);
        let bytes = self.source.bytes(self.rest.start..self.rest.start + length);
        self.rest.start += length;
        self.sent += length;
        if let Some(rate) = self.pace.bytes_per_second {
            #[expect(clippy::cast_precision_loss, reason = "a pause need not be exact")]
            let seconds = length as f64 / rate.max(1) as f64;
            self.pause = Some(Box::pin(sleep(Duration::from_secs_f64(seconds))));
        }
        Poll::Ready(Some(Ok(Frame::data(bytes.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.pace.close_after.is_none() && self.pace.stall_after.is_none()
    }
}
