//! What the benches stand on: a vault with handles in it, messages that carry them,
//! and the swap that the proxy does, without its network.

use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cloakroom::clock::{SystemClock, SystemEntropy};
use cloakroom::config::dialects::{builtin_text, parse_dialect};
use cloakroom::dialect::Dialect;
use cloakroom::dialect::exchange::Exchange;
use cloakroom::dialect::find::Carries;
use cloakroom::dialect::request::{Request, Setting};
use cloakroom::dialect::reveal::Verdict;
use cloakroom::domain::lease::Terms;
use cloakroom::domain::{Handle, KeyId, Keyring, Payload, RootKey, TenantId, Uses};
use cloakroom::store::memory::MemoryStore;
use cloakroom::vault::Vault;
use cloakroom::vault::issue::{Bait, Deposit};
use cloakroom::vault::redeem::Carrier;
use http::HeaderMap;

pub(crate) type Fault = Box<dyn Error>;

/// A vault over the memory store, with handles that live a day.
pub(crate) struct Rig {
    pub(crate) vault: Arc<Vault>,
    pub(crate) tenant: TenantId,
    pub(crate) handles: Vec<Handle>,
    names: BTreeMap<String, String>,
}

impl Rig {
    pub(crate) fn new(handles: usize, payload: usize) -> Result<Self, Fault> {
        let vault = Arc::new(Vault::new(
            Arc::new(MemoryStore::new(2_000_000)),
            keyring()?,
            Arc::new(SystemClock),
            Arc::new(SystemEntropy),
            Terms::default(),
        ));
        let tenant = TenantId::parse("bench")?;
        let mut rig = Self { vault, tenant, handles: Vec::new(), names: BTreeMap::new() };
        while rig.handles.len() < handles {
            let count = 100.min(handles - rig.handles.len());
            let deposits = (0..count).map(|_| deposit(payload)).collect::<Result<_, _>>()?;
            let issued = ready(rig.vault.issue(&rig.tenant, deposits))??;
            rig.handles.extend(issued.into_iter().map(|issued| issued.handle));
        }
        Ok(rig)
    }

    /// Finds, redeems and reveals, as the proxy does with a body. The body that goes
    /// upstream.
    pub(crate) fn swap(&self, exchange: &Exchange, body: &[u8]) -> Result<Vec<u8>, Fault> {
        let headers = HeaderMap::new();
        let request = Request {
            path: "/api/v1/messaging/chat/c/send-message",
            query: None,
            headers: &headers,
            body,
        };
        let now = self.vault.clock().now();
        let setting = Setting { now, jwt: None, names: &self.names };
        let plan = exchange.find(request, setting)?;
        let mut verdicts = Vec::with_capacity(plan.found().len());
        for found in plan.found() {
            let Carries::Handle(text) = &found.carries else { return Err("no handle".into()) };
            let carrier = Carrier { request: &[], binding: None };
            let redeemed = ready(self.vault.redeem(&self.tenant, text, carrier))??;
            verdicts.push(Verdict::Payload(redeemed.payload));
        }
        plan.reveal(&verdicts)?
            .body()
            .map(<[u8]>::to_vec)
            .ok_or_else(|| "nothing was revealed".into())
    }
}

pub(crate) fn keyring() -> Result<Keyring, Fault> {
    let id = KeyId::new(1).ok_or("no key id")?;
    Ok(Keyring::new((id, RootKey::from_bytes([7; 32])?), Vec::new())?)
}

/// A payload of that many bytes, as the quiq dialect reveals it.
pub(crate) fn payload(bytes: usize) -> Result<Payload, Fault> {
    let frame =
        r#"{"integrations":[{"provider":"crm","name":"customer","id":"35621455"}],"note":""}"#;
    let text =
        frame.replace("\"\"", &format!("\"{}\"", "x".repeat(bytes.saturating_sub(frame.len()))));
    Ok(Payload::parse(text.as_bytes(), 1 << 20)?)
}

fn deposit(bytes: usize) -> Result<Deposit, Fault> {
    let ttl = Duration::from_secs(86_400);
    Ok(Deposit {
        payload: payload(bytes)?,
        uses: Uses::UntilExpiry,
        ttl,
        subject: None,
        bait: Bait::No,
    })
}

/// A chat message of that many bytes with the handle at `/context/storedContextId`.
pub(crate) fn message(handle: &Handle, bytes: usize) -> Vec<u8> {
    let tail = format!(
        r#"","context":{{"href":"https://shop.example/cart","storedContextId":"{}"}}}}"#,
        handle.expose()
    );
    let text = "Where is my order? ".repeat(bytes / 19 + 1);
    let room = bytes.saturating_sub(tail.len() + 9);
    format!("{{\"text\":\"{}{tail}", text.get(..room).unwrap_or_default()).into_bytes()
}

/// The built-in dialect that the load test speaks.
pub(crate) fn quiq() -> Result<Dialect, Fault> {
    let text = builtin_text("quiq").ok_or("no such dialect")?;
    parse_dialect(text, "quiq.toml").map_err(|mistakes| mistakes.to_string().into())
}

/// The memory store answers at once: its futures are ready when first asked.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> Result<T, Fault> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => Err("the memory store waits".into()),
    }
}
