//! The hot functions, one by one and as the chain that every swap runs.
//!
//! No network, no store but memory: what is left is what Cloakroom itself adds to
//! the engine. `cargo bench --bench hot`.

mod rig;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use cloakroom::clock::{Clock, SystemClock};
use cloakroom::domain::seal::Sealed;
use cloakroom::domain::{Claims, Handle, HandleId, Keyring, Secret, TenantId, Uses};
use cloakroom::rewrite::json::locate::{Bounds, locate};
use cloakroom::rewrite::json::pointer::Pointer;
use cloakroom::rewrite::json::text::decode;
use cloakroom::rewrite::jwt::{Expectations, JwtKeys, sign, verify_at};
use cloakroom::rewrite::redact::{Needles, Redactor, Replacement, Sought};
use cloakroom::rewrite::splice::{Edit, splice};
use criterion::{Criterion, Throughput};
use rig::{Fault, Rig, keyring, message, payload, quiq};

/// The binary's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes of a payload, as the load test has it.
const PAYLOAD: usize = 500;

fn main() -> Result<(), Fault> {
    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(3))
        .warm_up_time(Duration::from_secs(1))
        .configure_from_args();
    handles(&mut criterion)?;
    bodies(&mut criterion)?;
    tokens(&mut criterion)?;
    answers(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

/// Parse, verify and open, each alone.
fn handles(criterion: &mut Criterion) -> Result<(), Fault> {
    let (keyring, rig) = (keyring()?, Rig::new(1, PAYLOAD)?);
    let now = SystemClock.now();
    let claims = Claims {
        id: HandleId::from_random([1; 16]),
        secret: Secret::from_random([2; 16]),
        uses: Uses::UntilExpiry,
        expires: now.expiry(Duration::from_secs(3600)),
    };
    let handle = keyring.sign(claims, &rig.tenant);
    let text = handle.expose();
    let verified = keyring.verify_at(&handle, &rig.tenant, now)?;
    let sealed = keyring.seal(&handle, &rig.tenant, [3; 12], &payload(PAYLOAD)?)?;
    criterion.bench_function("handle/parse", |b| b.iter(|| Handle::parse(black_box(&text))));
    criterion.bench_function("handle/verify", |b| {
        b.iter(|| keyring.verify_at(black_box(&handle), &rig.tenant, now));
    });
    criterion.bench_function("handle/open 500 B", |b| {
        b.iter(|| keyring.open(black_box(&verified), &sealed));
    });
    Ok(())
}

/// Find and splice alone, and the whole chain, by the size of the body.
fn bodies(criterion: &mut Criterion) -> Result<(), Fault> {
    let (rig, dialect) = (Rig::new(1000, PAYLOAD)?, quiq()?);
    let exchange = dialect.exchange_named("send-message").ok_or("no such exchange")?;
    let handle = rig.handles.first().ok_or("no handle")?;
    let pointer = Pointer::parse("/context/storedContextId")?;
    let chain = Chain::of(&rig, handle)?;
    let mut group = criterion.benchmark_group("body");
    for kib in [1_usize, 4, 64] {
        let body = message(handle, kib * 1024);
        rig.swap(exchange, &body)?;
        chain.run(&body, &pointer)?;
        group.throughput(Throughput::Bytes(u64::try_from(body.len())?));
        group.bench_function(format!("find + splice, {kib} KiB"), |b| {
            b.iter(|| find_and_splice(black_box(&body), &pointer));
        });
        group.bench_function(format!("verify + open + find + splice, {kib} KiB"), |b| {
            b.iter(|| chain.run(black_box(&body), &pointer));
        });
        group.bench_function(format!("whole swap, {kib} KiB"), |b| {
            b.iter(|| rig.swap(exchange, black_box(&body)));
        });
    }
    group.finish();
    Ok(())
}

/// The four steps of a swap by themselves: no store, no rules of a dialect, no member by member.
struct Chain {
    keyring: Keyring,
    tenant: TenantId,
    sealed: Sealed,
}

impl Chain {
    fn of(rig: &Rig, handle: &Handle) -> Result<Self, Fault> {
        let (keyring, tenant) = (keyring()?, rig.tenant.clone());
        let sealed = keyring.seal(handle, &tenant, [3; 12], &payload(PAYLOAD)?)?;
        Ok(Self { keyring, tenant, sealed })
    }

    fn run(&self, body: &[u8], pointer: &Pointer) -> Result<Vec<u8>, Fault> {
        let located = locate(body, &[pointer], &Bounds::default())?;
        let found = located.into_iter().next().ok_or("no slot")?;
        let text = decode(body.get(found.value.clone()).unwrap_or_default())?;
        let handle = Handle::parse(&text)?;
        let verified = self.keyring.verify_at(&handle, &self.tenant, SystemClock.now())?;
        let payload = self.keyring.open(&verified, &self.sealed)?;
        let edit = Edit { span: found.value, with: payload.expose().as_bytes().to_vec() };
        Ok(splice(body, vec![edit])?)
    }
}

fn find_and_splice(body: &[u8], pointer: &Pointer) -> Result<Vec<u8>, Fault> {
    let located = locate(body, &[pointer], &Bounds::default())?;
    let edits = located
        .into_iter()
        .map(|found| Edit { span: found.value, with: vec![b'x'; PAYLOAD] })
        .collect();
    Ok(splice(body, edits)?)
}

/// A page's token verified and signed again with other claims.
fn tokens(criterion: &mut Criterion) -> Result<(), Fault> {
    let keys = JwtKeys::hs256(&[9; 32])?;
    let header = br#"{"alg":"HS256","typ":"JWT"}"#;
    let claims = br#"{"sub":"visitor-1","exp":4102444800,"guid":"5f3c","name":"Ann"}"#;
    let (token, expected) = (sign(&keys, header, claims)?, Expectations::default());
    criterion.bench_function("jwt/verify + sign again, HS256", |b| {
        b.iter(|| {
            let read = verify_at(&keys, black_box(&token), 1_900_000_000, &expected)?;
            sign(&keys, read.header(), read.claims())
        });
    });
    Ok(())
}

/// An answer of 256 KiB in pieces of 16 KiB, searched for ten values of 20 bytes in every spelling;
/// beside a copy of it, and beside replacing each value's plain spelling in the whole, one by one.
fn answers(criterion: &mut Criterion) -> Result<(), Fault> {
    const PIECE: usize = 16 << 10;
    let values: Vec<String> = (0..10).map(|nth| format!("customer-{nth}-Hauptstr.")).collect();
    let build = || {
        let add = |builder: cloakroom::rewrite::redact::Builder, value: &String| {
            builder.add(value, Replacement::SameLength)
        };
        values.iter().fold(Needles::builder(), add).build()
    };
    let needles = Arc::new(build().map_err(|_| "too much to look for")?);
    let row =
        r#"{"id":"5f3c","text":"Where is my order? It was to come on Monday.","at":1763812800},"#;
    let plain = row.repeat((256 << 10) / row.len());
    let escaped = plain.replace("Monday", "Mo\\u006e\\/day\\n&amp;%20");
    let mut group = criterion.benchmark_group("answer");
    group.bench_function("build ten values", |b| b.iter(build));
    for (name, text) in [("JSON", &plain), ("JSON full of escapes", &escaped)] {
        group.throughput(Throughput::Bytes(u64::try_from(text.len())?));
        group.bench_function(format!("redact, {name}"), |b| {
            let mut out = BytesMut::with_capacity(2 * text.len());
            b.iter(|| {
                out.clear();
                let mut redactor = Redactor::new(Arc::clone(&needles), Sought::Everything);
                black_box(text.as_bytes())
                    .chunks(PIECE)
                    .for_each(|piece| redactor.push(piece, &mut out));
                redactor.finish(&mut out);
                out.len()
            });
        });
    }
    group.throughput(Throughput::Bytes(u64::try_from(plain.len())?));
    group.bench_function("memcpy", |b| {
        let mut out = BytesMut::with_capacity(2 * plain.len());
        b.iter(|| {
            out.clear();
            black_box(plain.as_bytes())
                .chunks(PIECE)
                .for_each(|piece| out.extend_from_slice(piece));
            out.len()
        });
    });
    group.bench_function("replace each value, plain spelling alone", |b| {
        b.iter(|| {
            values.iter().fold(plain.clone(), |text, value| text.replace(value.as_str(), "*"))
        });
    });
    group.finish();
    Ok(())
}
