//! The vendor's answer on its way to the browser: nothing that was revealed comes
//! back, in whatever status, header, coding or piece.
//!
//! | module | its one job |
//! | --- | --- |
//! | `begin` | what an answer's head decides, and how its body will be treated |
//! | `meanwhile` | what another call of the conversation reveals while an answer comes |
//! | `framing` | what of a header frames the message and is not searched |
//! | `accepted` | the subprotocol that the browser offered, for the one that was accepted |
//! | `trailers` | an answer that ends with trailers |
//! | `head` | values taken out of headers, and headers that would not hold any more |
//! | `charset` | whether values can be seen in the character set that it names |
//! | `decode` | content codings, piece by piece |
//! | `stream` | a body redacted as it comes |
//! | `events` | a text that comes in slices, redacted as a person reads it |
//! | `lines` | the same in JSON texts of a line each |
//! | `whole` | a JSON body that rules change, that names a conversation, or that holds a value to wrap |
//! | `wrap` | values that the browser gets as handles |
//!
//! No answer is held as a whole but a JSON one that a rule names, within a bound. What
//! cannot be read is refused, or cut off where its head is gone already.

mod accepted;
mod begin;
mod charset;
mod decode;
mod events;
mod framing;
mod head;
mod lines;
mod meanwhile;
mod stream;
#[cfg(test)]
mod tests;
mod trailers;
mod whole;
mod wrap;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use pingora::proxy::Session;
use pingora::{Error, ErrorType};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::{block_in_place, unconstrained};

pub(super) use self::head::ask_plainly;
pub(super) use self::meanwhile::Looked;

use self::events::Events;
use self::stream::Streamed;
use self::whole::Whole;
use super::Cloakroom;
use super::passage::Passage;
use crate::reject::Cause;

/// How the body of an answer is treated.
#[derive(Default)]
pub(super) enum Answer {
    /// As it comes.
    #[default]
    Passed,
    /// Redacted as it comes.
    Streamed(Box<Streamed>),
    /// Redacted event by event, or line by line.
    Events(Box<Events>),
    /// Collected, then changed and redacted.
    Whole(Box<Whole>),
}

impl Cloakroom {
    /// A piece of an answer's body: what the browser gets instead of it.
    ///
    /// # Errors
    /// When it cannot be read, or what it says cannot be kept: the answer is cut off.
    pub(super) fn answer_piece(
        &self,
        session: &Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        passage: &mut Passage,
    ) -> pingora::Result<()> {
        let piece = body.as_deref().unwrap_or_default();
        let streams = matches!(&passage.answer, Answer::Streamed(_) | Answer::Events(_));
        if streams && !piece.is_empty() {
            self.look_again(passage).map_err(|cause| fail(passage, cause))?;
        }
        let treated = match &mut passage.answer {
            Answer::Passed => return Ok(()),
            Answer::Streamed(streamed) => streamed.piece(piece, end_of_stream),
            Answer::Events(events) => events.piece(piece, end_of_stream),
            Answer::Whole(whole) => match whole.piece(piece, end_of_stream) {
                Ok(Some(all)) => self.whole_answer(session, all, passage).map(Bytes::from),
                Ok(None) => Ok(Bytes::new()),
                Err(cause) => Err(cause),
            },
        };
        if end_of_stream {
            self.count_redactions(passage);
        }
        let treated = treated.map_err(|cause| fail(passage, cause))?;
        *body = Some(treated).filter(|treated| !treated.is_empty() || !end_of_stream);
        Ok(())
    }

    fn count_redactions(&self, passage: &Passage) {
        let count = match &passage.answer {
            Answer::Passed => 0,
            Answer::Streamed(streamed) => streamed.count(),
            Answer::Events(events) => events.count(),
            Answer::Whole(whole) => whole.count(),
        };
        self.metrics.redacted(passage.route_label(), count);
    }
}

/// The answer does not pass, for this reason.
pub(super) fn fail(passage: &mut Passage, cause: Cause) -> Box<Error> {
    passage.rejection = Some(cause);
    Error::explain(ErrorType::InternalError, "the answer must not pass")
}

/// What a future gives, awaited where Pingora lets nothing be awaited. A store in
/// memory answers at once; another one's answer is waited for on this thread, whose
/// other work goes to its neighbours. On a runtime of one thread nothing could answer,
/// so that gives nothing.
pub(super) fn awaited<F: Future>(future: F) -> Option<F::Output> {
    // Else a task that has done much would be told to wait for what is there.
    let mut future = pin!(unconstrained(future));
    if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return Some(done);
    }
    let runtime = Handle::try_current().ok()?;
    let neighbours = matches!(runtime.runtime_flavor(), RuntimeFlavor::MultiThread);
    neighbours.then(|| block_in_place(|| runtime.block_on(future)))
}
