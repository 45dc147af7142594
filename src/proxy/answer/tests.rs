//! The leak canary's full product, on the code that treats answers: every exchange that
//! reveals or knows its conversation, every spelling, every coding, cut at every byte.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use self::codings::Coding;
use self::spellings::{Marks, PAYLOAD};
use super::decode::Decoder;
use super::events::{Called, Events};
use super::stream::Streamed;
use super::whole::{Said, Whole, treated};
use crate::dialect::Dialect;
use crate::dialect::answer::{OwnAddress, Transport};
use crate::dialect::answering::{Answering, RedactAs};
use crate::domain::{
    Claims, Expiry, HandleId, KeyId, Keyring, Payload, RootKey, Secret, TenantId, Uses,
};
use crate::proxy::watch::Watch;
use crate::rewrite::json::pointer::Pointer;
use crate::rewrite::redact::{Needles, Shortness};
use crate::vault::link::Revelation;

#[path = "../../../tests/it/canary/codings.rs"]
mod codings;
#[path = "../../../tests/it/canary/spellings.rs"]
mod spellings;

mod debug;
mod slices;

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

fn decoder(coding: Coding) -> Decoder {
    let name = coding.name().parse().unwrap();
    Decoder::of(&[(CONTENT_ENCODING, name)].into_iter().collect::<HeaderMap>()).unwrap()
}

/// Which code treats it.
enum Treatment<'t> {
    Streamed(RedactAs),
    Events,
    Whole(&'t Answering),
}

impl Treatment<'_> {
    /// What the browser gets of these pieces; nothing where the answer is refused.
    fn of(&self, pieces: &[&[u8]], coding: Coding, needles: &Arc<Needles>) -> Option<Vec<u8>> {
        let (decoder, mut out) = (decoder(coding), Vec::new());
        let ends = |nth: usize| nth + 1 == pieces.len();
        match self {
            Self::Streamed(redact_as) => {
                let manner = (*redact_as).into();
                let mut streamed = Streamed::new(decoder, Arc::clone(needles), manner);
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
            Self::Whole(answer) => {
                let mut whole = Whole::new(decoder, 1 << 20, Said::Json);
                for (nth, piece) in pieces.iter().enumerate() {
                    let Some(body) = whole.piece(piece, ends(nth)).ok()? else { continue };
                    let own = OwnAddress { authority: "x.example", transport: Transport::Tls };
                    let needles = Some(Arc::clone(needles));
                    out = treated(body, &answer.rules, own, needles).ok()?.0;
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
    /// Treats a body whole and cut in every way, in every coding: nothing in it, and every
    /// time the same.
    fn cut(&mut self, how: &Treatment<'_>, body: &[u8], needles: &Arc<Needles>, marks: &Marks) {
        let plainly = how.of(&[body], Coding::Plain, needles);
        match &plainly {
            Some(whole) => self.bytes += marks.none_in(whole, "an answer in one piece"),
            None => self.refused += 1,
        }
        for coding in Coding::ALL {
            let sent = coding.coded(body);
            assert!(how.of(&[&sent], coding, needles) == plainly, "{coding:?} in one piece");
            self.answers += 1;
            for at in 1..sent.len() {
                let (one, two) = sent.split_at(at);
                let got = how.of(&[one, two], coding, needles);
                assert!(got == plainly, "{coding:?} cut at {at}: {got:?}");
                self.bytes += got.map_or(0, |got| got.len() as u64);
                self.cuts += 1;
            }
            let bytes: Vec<&[u8]> = sent.chunks(1).collect();
            assert!(how.of(&bytes, coding, needles) == plainly, "{coding:?} in single bytes");
            self.cuts += sent.len() as u64;
        }
    }

    /// Every answer of exchanges that say the same of theirs.
    fn answers(&mut self, answer: &Answering, marks: &Marks) {
        let mut watch = Watch::default();
        watch.regard(&answer.identity, Shortness::default());
        watch.reveal([revelation()]);
        let needles = watch.needles(answer.redact_as).unwrap();
        let how = match answer.reads_whole_body() {
            true => Treatment::Whole(answer),
            false => Treatment::Streamed(answer.redact_as),
        };
        // One value at a time: what is cut is what is searched, and little beside it.
        for text in marks.kinds().into_iter().flat_map(|kind| marks.texts(kind)) {
            let body = format!("{{\"id\":\"c-1\",\"m\":[\"{text}\"]}}");
            self.cut(&how, body.as_bytes(), &needles, marks);
        }
        for kind in marks.kinds() {
            let all = how.of(&[marks.body(kind).as_bytes()], Coding::Plain, &needles);
            self.bytes += marks.none_in(&all.unwrap_or_default(), kind);
        }
    }

    /// A text that comes in slices: a value in each event.
    fn events(&mut self, marks: &Marks) {
        let mut watch = Watch::default();
        watch.reveal([revelation()]);
        let needles = watch.needles(RedactAs::default()).unwrap();
        for kind in marks.kinds().into_iter().filter(|kind| *kind != "raw") {
            let texts = marks.texts(kind).map(|text| format!("data: {{\"text\":\"{text}\"}}\n\n"));
            self.cut(&Treatment::Events, texts.collect::<String>().as_bytes(), &needles, marks);
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            exchanges: self.exchanges + other.exchanges,
            answers: self.answers + other.answers,
            cuts: self.cuts + other.cuts,
            refused: self.refused + other.refused,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// Every exchange that reveals or knows its conversation; those that say the same of their
/// answers side by side. [`Count::answers`] is told no more of one than that.
fn exchanges() -> Vec<(Answering, BTreeSet<String>)> {
    let mut all = BTreeMap::<String, (Answering, BTreeSet<String>)>::new();
    for name in DIALECTS {
        for exchange in &dialect(name).exchanges {
            if exchange.slots.is_empty() && exchange.link.is_none() {
                continue;
            }
            let said = format!("{:?}", exchange.answer);
            let alike = all.entry(said).or_insert_with(|| (exchange.answer.clone(), [].into()));
            alike.1.insert(format!("{name}/{}", exchange.name));
        }
    }
    all.into_values().collect()
}

/// What comes of these on two threads.
fn side_by_side<T: Sync>(all: &[T], count: impl Fn(&T, &mut Count) + Sync) -> Count {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = Count::default();
        while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            count(one, &mut made);
        }
        made
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        work().and(other.join().unwrap())
    })
}

#[test]
fn nothing_personal_comes_back_from_any_exchange_in_any_spelling_and_coding_cut_anywhere() {
    let (marks, alike) = (Marks::all(), exchanges());
    let mut work: Vec<Option<&(Answering, BTreeSet<String>)>> = alike.iter().map(Some).collect();
    work.push(None);
    let count = side_by_side(&work, |one, count| match one {
        Some((answer, names)) => {
            count.answers(answer, &marks);
            count.exchanges += names.len() as u64;
        }
        None => count.events(&marks),
    });
    let Count { exchanges, answers, cuts, refused, bytes } = count;
    println!(
        "canary: {exchanges} exchanges, treated in {} ways, and a stream of events x {} spellings x {} codings = \
         {answers} answers, {cuts} cuts, {bytes} bytes: 0 found; {refused} texts refused",
        alike.len(),
        marks.kinds().len(),
        Coding::ALL.len(),
    );
    assert!(exchanges >= 24 && cuts > 400_000 && bytes > 20_000_000, "{exchanges} {cuts} {bytes}");
    // Raw quotation marks break the JSON that a rule would have to read.
    assert!(refused < 20, "{refused}");
}
