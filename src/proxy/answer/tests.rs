//! The leak canary's full product, on the code that treats answers: every exchange that
//! reveals or knows its conversation, every spelling, every coding, cut at every byte.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use self::spellings::{Marks, PAYLOAD};
use super::decode::Decoder;
use super::events::{Called, Events};
use super::stream::Streamed;
use super::whole::{Said, Whole, treated};
use crate::dialect::Dialect;
use crate::dialect::answer::{OwnAddress, Transport};
use crate::dialect::answering::RedactAs;
use crate::dialect::exchange::Exchange;
use crate::domain::{
    Claims, Expiry, HandleId, KeyId, Keyring, Payload, RootKey, Secret, TenantId, Uses,
};
use crate::proxy::passage::Passage;
use crate::proxy::watch::Watch;
use crate::rewrite::joined::Shown;
use crate::rewrite::json::pointer::Pointer;
use crate::rewrite::redact::Needles;
use crate::rewrite::redact::sse::Event;
use crate::vault::link::Revelation;

#[path = "../../../tests/it/canary/spellings.rs"]
mod spellings;

const DIALECTS: [&str; 5] = ["quiq", "genesys", "halo", "opendialog", "alli"];

fn dialect(name: &str) -> Dialect {
    let text = format!(
        r#"
data_plane = {{ listen = ["127.0.0.1:8080"] }}
control_plane = {{ listen = ["127.0.0.1:8081"] }}
keyring = {{ current = {{ id = 1, env = "KEY" }} }}
[[tenant]]
id = "acme"
contact_center_ids = ["cfe5ad67-ba6d-4340-81f9-bb680ef5d498"]
[tenant.jwt]
algorithm = "HS256"
secret = {{ env = "KEY" }}
[[route]]
dialect = "{name}"
tenant = "acme"
upstream = {{ servers = ["127.0.0.1:9"] }}
"#
    );
    let key = |_: &str| Some("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned());
    let config = crate::config::load_text(&text, "t.toml", Path::new("."), &key, 1).unwrap();
    Dialect::clone(&config.settings.routes.iter().next().unwrap().dialect)
}

fn revelation() -> Revelation {
    let root = RootKey::from_bytes([7; 32]).unwrap();
    let keyring = Keyring::new((KeyId::new(1).unwrap(), root), Vec::new()).unwrap();
    let claims = Claims {
        id: HandleId::from_random([1; 16]),
        secret: Secret::from_random([2; 16]),
        uses: Uses::UntilExpiry,
        expires: Expiry::from_secs(2_000_000_000),
    };
    let handle = keyring.sign(claims, &TenantId::parse("acme").unwrap());
    let payload = Arc::new(Payload::parse(PAYLOAD.as_bytes(), 4096).unwrap());
    Revelation { handle, payload }
}

/// How an answer arrives: as it is, or coded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Coded {
    No,
    Gzip,
}

impl Coded {
    fn bytes(self, plain: &[u8]) -> Vec<u8> {
        match self {
            Self::No => plain.to_vec(),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    fn decoder(self) -> Decoder {
        let mut headers = HeaderMap::new();
        if self == Self::Gzip {
            headers.insert(CONTENT_ENCODING, "gzip".parse().unwrap());
        }
        Decoder::of(&headers).unwrap()
    }
}

/// Which code treats it.
enum Treatment<'t> {
    Streamed,
    Events,
    Whole(&'t Exchange),
}

impl Treatment<'_> {
    /// What the browser gets of these pieces; nothing where the answer is refused.
    fn of(&self, pieces: &[&[u8]], coded: Coded, needles: &Arc<Needles>) -> Option<Vec<u8>> {
        let (decoder, mut out) = (coded.decoder(), Vec::new());
        let ends = |nth: usize| nth + 1 == pieces.len();
        match self {
            Self::Streamed => {
                let mut streamed =
                    Streamed::new(decoder, Arc::clone(needles), RedactAs::default().into());
                for (nth, piece) in pieces.iter().enumerate() {
                    out.extend(streamed.piece(piece, ends(nth)).ok()?);
                }
            }
            Self::Events => {
                let text = vec![Pointer::parse("/text").unwrap()];
                let mut events = Events::new(decoder, Arc::clone(needles), text, Called::Events);
                for (nth, piece) in pieces.iter().enumerate() {
                    out.extend(events.piece(piece, ends(nth)).ok()?);
                }
            }
            Self::Whole(exchange) => {
                let mut whole = Whole::new(decoder, 1 << 20, Said::Json);
                for (nth, piece) in pieces.iter().enumerate() {
                    let Some(body) = whole.piece(piece, ends(nth)).ok()? else { continue };
                    let own = OwnAddress { authority: "x.example", transport: Transport::Tls };
                    let needles = Some(Arc::clone(needles));
                    out = treated(body, &exchange.answer.rules, own, needles).ok()?.0;
                }
            }
        }
        Some(out)
    }
}

#[derive(Default)]
struct Count {
    exchanges: u64,
    answers: u64,
    cuts: u64,
    refused: u64,
    bytes: u64,
}

impl Count {
    /// Treats a body whole and cut in every way: nothing in it, and every time the same.
    fn cut(&mut self, how: &Treatment<'_>, body: &[u8], needles: &Arc<Needles>, marks: &Marks) {
        for coded in [Coded::No, Coded::Gzip] {
            let sent = coded.bytes(body);
            let whole = how.of(&[&sent], coded, needles);
            match &whole {
                Some(whole) => self.bytes += marks.none_in(whole, "an answer in one piece"),
                None => self.refused += 1,
            }
            self.answers += 1;
            for at in 1..sent.len() {
                let (one, two) = sent.split_at(at);
                let got = how.of(&[one, two], coded, needles);
                assert!(got == whole, "cut at {at}: {got:?}");
                self.bytes += got.map_or(0, |got| got.len() as u64);
                self.cuts += 1;
            }
            let bytes: Vec<&[u8]> = sent.chunks(1).collect();
            assert!(how.of(&bytes, coded, needles) == whole, "in single bytes");
            self.cuts += sent.len() as u64;
        }
    }
}

#[test]
fn nothing_personal_comes_back_from_any_exchange_in_any_spelling_cut_anywhere() {
    let (marks, mut count) = (Marks::all(), Count::default());
    for name in DIALECTS {
        let dialect = dialect(name);
        let mut seen = std::collections::BTreeSet::new();
        for exchange in &dialect.exchanges {
            let tells = !exchange.slots.is_empty() || exchange.link.is_some();
            if !tells || !seen.insert(exchange.name.clone()) {
                continue;
            }
            let mut watch = Watch::default();
            watch.reveal([revelation()]);
            let needles = watch.needles(exchange.answer.redact_as).unwrap();
            let how = if exchange.answer.reads_whole_body() {
                Treatment::Whole(exchange)
            } else {
                Treatment::Streamed
            };
            // One value at a time: what is cut is what is searched, and little beside it.
            for text in marks.kinds().into_iter().flat_map(|kind| marks.texts(kind)) {
                let body = format!("{{\"id\":\"c-1\",\"m\":[\"{text}\"]}}");
                count.cut(&how, body.as_bytes(), &needles, &marks);
            }
            for kind in marks.kinds() {
                let all = how.of(&[marks.body(kind).as_bytes()], Coded::No, &needles);
                count.bytes += marks.none_in(&all.unwrap_or_default(), kind);
            }
            count.exchanges += 1;
        }
    }
    let mut watch = Watch::default();
    watch.reveal([revelation()]);
    let needles = watch.needles(RedactAs::default()).unwrap();
    for kind in marks.kinds().into_iter().filter(|kind| *kind != "raw") {
        let texts = marks.texts(kind).map(|text| format!("data: {{\"text\":\"{text}\"}}\n\n"));
        count.cut(&Treatment::Events, texts.collect::<String>().as_bytes(), &needles, &marks);
    }
    let Count { exchanges, answers, cuts, refused, bytes } = count;
    println!(
        "canary: {exchanges} exchanges and a stream of events x {} spellings x 2 codings = {answers} answers \
         ({refused} refused), {cuts} cuts, {bytes} bytes: 0 found",
        marks.kinds().len()
    );
    assert!(exchanges >= 24 && cuts > 400_000 && bytes > 20_000_000, "{exchanges} {cuts} {bytes}");
    // Raw quotation marks break the JSON that a rule would have to read.
    assert!(refused < 20, "{refused}");
}

#[test]
fn no_debug_says_anything() {
    let (marks, one) = (Marks::all(), revelation());
    let mut watch = Watch::default();
    watch.reveal([one.clone()]);
    let needles = watch.needles(RedactAs::default()).unwrap();
    let mut passage = Passage::new();
    passage.watch.reveal([one.clone()]);
    passage.redeemed.push(one.handle.id());
    let said = format!(
        "{:?} {:?} {:?} {:?} {:?} {passage:?} {needles:?}",
        one,
        one.payload,
        one.handle,
        watch,
        PAYLOAD.len()
    );
    let shown = Shown { before: vec![PAYLOAD.into()], text: Some(PAYLOAD.into()) };
    let event = Event { bytes: PAYLOAD.into(), data: Vec::new() };
    let said = format!("{said} {shown:?} {event:?}");
    assert!(said.len() > 50, "{said}");
    marks.none_in(said.as_bytes(), "Debug");
    assert!(!said.contains(&one.handle.expose()), "{said}");
    assert!(marks.found_in(PAYLOAD.as_bytes()).is_some(), "the search finds what is there");
}
