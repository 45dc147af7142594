//! For any stream and any cuts: the same events, the same end, and every byte passed on.
//!
//! It never fixes a seed: proptest keeps what once failed.

use super::model::{cut, stream};
use super::*;
use proptest::prelude::*;

type Read = (Vec<Event>, Result<(), FrameFault>);

fn in_pieces(role: Role, pieces: &[&[u8]]) -> Read {
    let mut reader = Reader::new(role, Bounds::default());
    let mut events = Vec::new();
    let mut end = Ok(());
    for piece in pieces {
        end = reader.feed(piece, &mut events);
    }
    (events, end)
}

fn whole(role: Role, bytes: &[u8]) -> Read {
    in_pieces(role, &[bytes])
}

fn byte_by_byte(role: Role, bytes: &[u8]) -> Read {
    in_pieces(role, &bytes.chunks(1).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn any_cuts_of_valid_frames_give_the_events_that_were_meant(
        (role, stream) in prop_oneof![
            stream(Role::FromClient).prop_map(|stream| (Role::FromClient, stream)),
            stream(Role::FromServer).prop_map(|stream| (Role::FromServer, stream)),
        ],
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        for (events, end) in [
            whole(role, &stream.bytes),
            byte_by_byte(role, &stream.bytes),
            in_pieces(role, &cut(&stream.bytes, &cuts)),
        ] {
            prop_assert_eq!(end, Ok(()));
            let read: Vec<_> =
                events.into_iter().map(|event| (shown(&event), event.into_sent())).collect();
            prop_assert_eq!(&read, &stream.meant);
        }
    }

    #[test]
    fn any_cuts_of_damaged_frames_give_the_same_events_and_the_same_fault(
        stream in stream(Role::FromServer),
        damage in prop::collection::vec((any::<usize>(), any::<u8>()), 1..4),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let mut bytes = stream.bytes;
        for (at, value) in damage {
            let at = at % (bytes.len() + 1);
            bytes.splice(at..bytes.len().min(at + 1), [value]);
        }
        let expected = whole(Role::FromServer, &bytes);
        prop_assert_eq!(&byte_by_byte(Role::FromServer, &bytes), &expected);
        prop_assert_eq!(&in_pieces(Role::FromServer, &cut(&bytes, &cuts)), &expected);
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, cuts in prop::collection::vec(any::<usize>(), 0..12)) {
        for role in [Role::FromClient, Role::FromServer] {
            prop_assert_eq!(in_pieces(role, &cut(&bytes, &cuts)), whole(role, &bytes));
        }
    }

    #[test]
    fn what_is_written_is_read_again(text: String, mask: Option<[u8; 4]>) {
        let role = if mask.is_some() { Role::FromClient } else { Role::FromServer };
        let frame = text_frame(&text, mask);
        let (events, end) = whole(role, &frame);
        prop_assert_eq!(end, Ok(()));
        prop_assert_eq!(events.iter().map(shown).collect::<Vec<_>>(), [format!("text {text}")]);
        prop_assert_eq!(events[0].clone().into_sent(), frame);
    }
}
