//! Streams of valid frames, and the events that they mean.
//!
//! It never reads a frame: it writes them, and says beside each what is to be read.

use super::*;
use proptest::prelude::*;

/// A stream, and what is to be read from it: each event as shown, and its bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct Stream {
    pub(super) bytes: Vec<u8>,
    pub(super) meant: Vec<(String, Vec<u8>)>,
}

/// A message in somebody's fragments, with control frames behind some of them.
#[derive(Debug, Clone)]
struct Part {
    text: Option<String>,
    binary: Vec<u8>,
    cuts: Vec<usize>,
    controls: Vec<(u8, Vec<u8>)>,
}

fn part() -> impl Strategy<Value = Part> {
    (
        prop::option::weighted(0.8, "[a-zé€\u{1f600}]{0,40}"),
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(0..200_usize, 0..4),
        prop::collection::vec(
            (prop::sample::select(&[0x89_u8, 0x8a][..]), prop::collection::vec(any::<u8>(), 0..9)),
            0..3,
        ),
    )
        .prop_map(|(text, binary, cuts, controls)| Part { text, binary, cuts, controls })
}

/// What one side sends; masked if it is a client.
pub(super) fn stream(role: Role) -> impl Strategy<Value = Stream> {
    let parts = prop::collection::vec(part(), 0..6);
    (parts, any::<[u8; 4]>()).prop_map(move |(parts, key)| {
        let mask = match role {
            Role::FromClient => Some(key),
            Role::FromServer => None,
        };
        let mut stream = Stream::default();
        parts.iter().for_each(|part| stream.add(part, mask));
        stream
    })
}

impl Stream {
    fn add(&mut self, part: &Part, mask: Option<[u8; 4]>) {
        let (opcode, payload) = match &part.text {
            Some(text) => (1, text.as_bytes()),
            None => (2, part.binary.as_slice()),
        };
        let pieces = cut(payload, &part.cuts);
        let mut controls = part.controls.iter();
        let mut sent = Vec::new();
        for (n, piece) in pieces.iter().enumerate() {
            let last = n + 1 == pieces.len();
            let first = if last { 0x80 } else { 0 } | if n == 0 { opcode } else { 0 };
            let frame = raw(first, piece, mask);
            self.bytes.extend(&frame);
            if part.text.is_none() {
                self.meant.push((format!("binary {frame:?}"), frame.clone()));
            }
            sent.extend(frame);
            if !last && let Some((first, payload)) = controls.next() {
                self.control(*first, payload, mask);
            }
        }
        if let Some(text) = &part.text {
            self.meant.push((format!("text {text}"), sent));
        }
        controls.for_each(|(first, payload)| self.control(*first, payload, mask));
    }

    fn control(&mut self, first: u8, payload: &[u8], mask: Option<[u8; 4]>) {
        let frame = raw(first, payload, mask);
        let kind = if first == 0x89 { "Ping" } else { "Pong" };
        self.bytes.extend(&frame);
        self.meant.push((format!("{kind} {frame:?}"), frame));
    }
}

/// Bytes cut at these places, in any order and however often.
pub(super) fn cut<'b>(bytes: &'b [u8], at: &[usize]) -> Vec<&'b [u8]> {
    let mut at: Vec<_> = at.iter().map(|at| at % (bytes.len() + 1)).collect();
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}
