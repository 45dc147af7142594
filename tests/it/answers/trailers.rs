//! An answer that ends with trailers: only a vendor over HTTP/2 sends such, behind a
//! team's own Pingora proxy, so the phases are called as Pingora calls them.

use bytes::Bytes;
use http::HeaderMap;
use pingora::http::ResponseHeader;
use pingora::protocols::l4::stream::Stream;
use pingora::proxy::{ProxyHttp, Session};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::{ID, Scene};

/// A session in which this request has been read, and the browser's end of it.
async fn session(request: &[u8]) -> (Session, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut browser = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    browser.write_all(request).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let mut session = Session::new_h1(Box::new(Stream::from(stream)));
    assert!(session.as_mut().read_request().await.unwrap());
    (session, browser)
}

fn trailers() -> HeaderMap {
    HeaderMap::from_iter([("x-who".parse().unwrap(), ID.parse().unwrap())])
}

#[tokio::test]
async fn trailers_say_nothing_and_the_rest_of_the_body_goes_in_their_place() {
    for more in ["", "learn_link = { json = \"/id\" }"] {
        let scene = Scene::with(more).await;
        let door = scene.running.house.data_plane();
        for (said, rest) in [("see ann.lee", "ann.lee"), ("see you", "")] {
            let (mut session, _browser) = session(&scene.call("GET", &[])).await;
            let mut passage = door.new_ctx();
            assert!(!door.request_filter(&mut session, &mut passage).await.unwrap());
            let mut head = ResponseHeader::build(200, None).unwrap();
            door.upstream_response_filter(&mut session, &mut head, &mut passage).await.unwrap();
            let mut body = Some(Bytes::from(said));
            door.response_body_filter(&mut session, &mut body, false, &mut passage).unwrap();
            let mut trailers = trailers();
            let last = door.response_trailer_filter(&mut session, &mut trailers, &mut passage);
            let last = last.await.unwrap().unwrap_or_default();
            assert!(trailers.is_empty());
            let all = [body.unwrap_or_default(), last.clone()].concat();
            assert_eq!(String::from_utf8(all).unwrap(), said);
            assert!(last.ends_with(rest.as_bytes()), "{last:?}");
        }
    }
}

#[tokio::test]
async fn trailers_of_a_call_that_is_no_exchange_pass() {
    let scene = Scene::start().await;
    let door = scene.running.house.data_plane();
    let (mut session, _browser) = session(&scene.call("GET", &[])).await;
    let (mut passage, mut all) = (door.new_ctx(), trailers());
    let last = door.response_trailer_filter(&mut session, &mut all, &mut passage).await.unwrap();
    assert_eq!((last, all), (None, trailers()));
}
