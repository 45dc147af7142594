//! Bodies of every size around Pingora's buffers, in every framing, over both
//! protocols: the vendor gets each whole, byte for byte.

use super::{SEND, Scene, carrying, message, send};
use crate::support::h2::{self, Declared};
use crate::support::{Browser, Framing, Seen, chunked};

const MAX: usize = 1024 * 1024;
/// How much of a body of undeclared length is read before the connection exists.
const EARLY: usize = 48 * 1024;
const SIZES: [usize; 10] =
    [230, EARLY - 1, EARLY, EARLY + 1, 65_535, 65_536, 65_537, 100_000, 200_000, MAX - 600];

/// How a body is put on the wire.
#[derive(Clone, Copy, Debug)]
struct Way {
    declared: Declared,
    /// Bytes of a chunk, or of a frame.
    piece: usize,
    /// Bytes of one write, over HTTP/1.1.
    write: usize,
}

const WHOLE: usize = usize::MAX;

const WAYS: [Way; 5] = [
    Way { declared: Declared::Yes, piece: WHOLE, write: WHOLE },
    Way { declared: Declared::No, piece: WHOLE, write: WHOLE },
    Way { declared: Declared::No, piece: 1024, write: WHOLE },
    Way { declared: Declared::No, piece: 16_384, write: WHOLE },
    Way { declared: Declared::No, piece: 60_000, write: WHOLE },
];

impl Way {
    async fn http1(self, scene: &Scene, body: &str) -> u16 {
        let bytes = match self.declared {
            Declared::Yes => send(&[], body.as_bytes()),
            Declared::No => chunked("POST", SEND, &[], &self.pieces(body)),
        };
        let mut browser = Browser::connect(scene.running.data).await;
        browser.dribble(&bytes, self.write).await;
        browser.read().await.unwrap().status
    }

    async fn http2(self, scene: &Scene, body: &str) -> u16 {
        h2::send(scene.running.data, SEND, &[], &self.pieces(body), self.declared).await.status
    }

    fn pieces(self, body: &str) -> Vec<&[u8]> {
        body.as_bytes().chunks(self.piece).collect()
    }

    #[track_caller]
    fn check(self, seen: &Seen, expected: &str, sent: usize) {
        let same = seen.body == expected.as_bytes();
        let (got, wanted) = (seen.body.len(), expected.len());
        assert!(same, "{self:?}: {sent} bytes became {got}, not the expected {wanted}");
        let exact = Framing::Length(expected.len());
        if self.declared == Declared::Yes || sent <= EARLY {
            assert_eq!(seen.framing, exact, "{self:?} {sent}");
        } else if seen.framing != exact {
            assert_eq!(seen.framing, Framing::Chunked, "{self:?} {sent}");
        }
    }
}

async fn over_both(scene: &Scene, way: Way, body: &str, expected: &str) {
    for protocol in [1, 2] {
        let count = scene.vendor.seen().len();
        let status = match protocol {
            1 => way.http1(scene, body).await,
            _ => way.http2(scene, body).await,
        };
        assert_eq!(status, 200, "HTTP/{protocol} {way:?} {}", body.len());
        let seen = scene.vendor.seen();
        assert_eq!(seen.len(), count + 1, "HTTP/{protocol} {way:?} {}", body.len());
        way.check(seen.last().unwrap(), expected, body.len());
    }
}

#[tokio::test]
async fn a_declared_body_above_the_bound_is_refused_unseen() {
    let scene = Scene::new().await;
    let (body, _) = carrying(&scene.handle, MAX + 1);
    let refused = scene.running.send(&send(&[], body.as_bytes())).await;
    assert_eq!((refused.status, refused.rejection().as_deref()), (413, Some("body_too_large")));
    let refused = h2::send(scene.running.data, SEND, &[], &[body.as_bytes()], Declared::Yes).await;
    assert_eq!(refused.status, 413);
    assert_eq!(refused.headers["cloakroom-rejection"], "body_too_large");
    scene.vendor.saw_nothing();
}

#[tokio::test]
async fn an_undeclared_body_above_the_bound_is_refused_and_nothing_of_it_is_sent() {
    let scene = Scene::new().await;
    let (body, _) = carrying(&scene.handle, MAX + 1);
    let pieces: Vec<_> = body.as_bytes().chunks(10_000).collect();
    let refused = scene.running.send(&chunked("POST", SEND, &[], &pieces)).await;
    assert_eq!((refused.status, refused.rejection().as_deref()), (413, Some("body_too_large")));
    scene.vendor.wait_for(1).await;
    scene.kept_everything();
    assert!(scene.vendor.only().body.is_empty());
    let refused = h2::send(scene.running.data, SEND, &[], &pieces, Declared::No).await;
    assert_eq!(refused.status, 413);
    scene.vendor.wait_for(2).await;
    scene.kept_everything();
}

#[tokio::test]
async fn a_late_body_with_a_forged_handle_is_refused_and_nothing_of_it_is_sent() {
    let scene = Scene::new().await;
    let forged = format!("{}AAAA", &scene.handle[..scene.handle.len() - 4]);
    let (body, _) = carrying(&forged, 100_000);
    let refused = scene.running.send(&chunked("POST", SEND, &[], &[body.as_bytes()])).await;
    assert_eq!((refused.status, refused.rejection().as_deref()), (403, Some("handle_unusable")));
    scene.vendor.wait_for(1).await;
    scene.kept_everything();
    assert!(scene.vendor.only().body.is_empty());
}

#[tokio::test]
async fn a_body_of_any_size_in_any_framing_is_revealed_whole() {
    let scene = Scene::new().await;
    for size in SIZES {
        let (body, expected) = carrying(&scene.handle, size.max(300));
        for way in WAYS {
            over_both(&scene, way, &body, &expected).await;
        }
    }
}

#[tokio::test]
async fn a_body_without_a_handle_arrives_as_sent_in_any_size_and_framing() {
    let scene = Scene::new().await;
    for size in SIZES {
        let body = message(size, r#""intent":"sales""#);
        for way in WAYS {
            over_both(&scene, way, &body, &body).await;
        }
    }
}

#[tokio::test]
async fn a_body_at_the_bound_is_not_above_it() {
    let scene = Scene::new().await;
    let (body, expected) = carrying(&scene.handle, MAX);
    for way in WAYS {
        over_both(&scene, way, &body, &expected).await;
    }
}

#[tokio::test]
async fn a_body_that_dribbles_in_arrives_in_one_piece() {
    let scene = Scene::new().await;
    for (size, step) in [(400, 37), (100_000, 1024), (100_000, 50_000)] {
        let (body, expected) = carrying(&scene.handle, size);
        for declared in [Declared::Yes, Declared::No] {
            for piece in [step, WHOLE] {
                let way = Way { declared, piece, write: step };
                over_both(&scene, way, &body, &expected).await;
            }
        }
    }
}
