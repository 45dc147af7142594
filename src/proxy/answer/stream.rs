//! A body redacted as it comes: nothing is held but what a value may begin in.
//!
//! It never looks at what kind of text the body is.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::charset::Opening;
use super::decode::Decoder;
use crate::dialect::answering::RedactAs;
use crate::proxy::watch::Manner;
use crate::reject::Cause;
use crate::rewrite::redact::{Needles, Redactor, Sought};

/// One answer's body.
pub(crate) struct Streamed {
    decoder: Decoder,
    opening: Opening,
    redactor: Redactor,
    manner: Manner,
}

impl Streamed {
    /// For a new answer, whose values are replaced in this manner to its end.
    pub(super) fn new(decoder: Decoder, needles: Arc<Needles>, manner: Manner) -> Self {
        let redactor = Redactor::new(needles, Sought::Everything);
        Self { decoder, opening: Opening::default(), redactor, manner }
    }

    /// What goes on of a piece.
    pub(super) fn piece(&mut self, piece: &[u8], end: bool) -> Result<Bytes, Cause> {
        let mut out = BytesMut::with_capacity(piece.len());
        if self.decoder.is_plain() {
            self.opens(piece)?;
            if end {
                self.redactor.finish_with(piece, &mut out);
                return Ok(out.freeze());
            }
            self.redactor.push(piece, &mut out);
        } else {
            let plain = self.decoder.push(piece).map_err(|_| Cause::UpstreamBroken)?;
            self.opens(&plain)?;
            self.redactor.push(&plain, &mut out);
        }
        if end {
            let rest = self.decoder.finish().map_err(|_| Cause::UpstreamBroken)?;
            self.opens(&rest)?;
            self.redactor.push(&rest, &mut out);
            self.redactor.finish(&mut out);
        }
        Ok(out.freeze())
    }

    fn opens(&mut self, plain: &[u8]) -> Result<(), Cause> {
        self.opening.is_readable(plain).then_some(()).ok_or(Cause::UpstreamBroken)
    }

    /// Goes on with other values, of which what is held back is searched too.
    pub(super) fn adopt(&mut self, needles: &Arc<Needles>) {
        self.redactor.adopt(Arc::clone(needles));
    }

    /// What takes the values' place.
    pub(super) fn manner(&self) -> Manner {
        self.manner
    }

    /// Whether what goes on is as long as what came, where these members come back as
    /// the handle.
    pub(super) fn keeps_length(&self, identity: &[String]) -> bool {
        let kept = match self.manner {
            Manner::Kept => true,
            Manner::Said(RedactAs::SameLength) => identity.is_empty(),
            Manner::Said(RedactAs::Handle | RedactAs::Mark) => false,
        };
        self.decoder.is_plain() && kept
    }

    /// How many values were replaced.
    pub(super) fn count(&self) -> u64 {
        self.redactor.count()
    }
}
