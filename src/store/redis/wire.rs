//! Sends commands and waits for their answers: in time, to the right server, to as many replicas as were asked for.
//!
//! Never waits past a deadline. Never reads from a replica. Never reports a write as done that the replicas that were
//! asked for do not have.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::{Cmd, Pipeline, Value};
use tokio::time::{Instant, timeout_at};

use super::dial::{Dialer, Link};
use super::fault::Fault;
use super::lane::{Berth, Lane};
use super::script::Call;
use super::settings::{RedisSettings, SettingFault};

/// The connections of one store.
#[derive(Debug)]
pub(super) struct Wire {
    lanes: Vec<Lane>,
    turn: AtomicUsize,
    response_timeout: Duration,
    replicas: u8,
}

/// Whether as many replicas have a write as were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Copied {
    Enough,
    /// The primary has it.
    TooFew,
}

/// A walk through one primary's keys, on one connection: its steps mean nothing to another server.
pub(super) struct Walk {
    link: Link,
    primary: Option<(String, u16)>,
}

/// Names that a primary looks at in a step.
const LOOK: u32 = 500;

impl Wire {
    /// # Errors
    /// [`SettingFault`].
    pub(super) fn new(settings: &RedisSettings) -> Result<Self, SettingFault> {
        let dialer = Arc::new(Dialer::new(settings)?);
        let lanes = (0..settings.connections).map(|_| Lane::new(Arc::clone(&dialer))).collect();
        Ok(Self {
            lanes,
            turn: AtomicUsize::new(0),
            response_timeout: settings.response_timeout,
            replicas: settings.durability.replicas(),
        })
    }

    /// By when an operation that begins now is to be over.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.response_timeout
    }

    /// Runs a script that writes, and waits for the replicas.
    pub(super) async fn write(&self, call: &Call, deadline: Instant) -> Result<Value, Fault> {
        match self.write_anyway(call, deadline).await? {
            (answer, Copied::Enough) => Ok(answer),
            (_, Copied::TooFew) => Err(Fault::Replicas),
        }
    }

    /// The same, for who wants to know what was done even where too few replicas have it.
    pub(super) async fn write_anyway(
        &self,
        call: &Call,
        deadline: Instant,
    ) -> Result<(Value, Copied), Fault> {
        match self.attempt(call.route(), &self.followed(call.short()), deadline).await {
            Err(Fault::NoScript) => {
                self.attempt(call.route(), &self.followed(call.full()), deadline).await
            }
            answer => answer,
        }
    }

    /// Runs a script that writes nothing, or nothing that a failover may not lose: waits for no replica.
    pub(super) async fn run(&self, call: &Call, deadline: Instant) -> Result<Value, Fault> {
        match self.attempt(call.route(), &alone(call.short()), deadline).await {
            Err(Fault::NoScript) => {
                self.attempt(call.route(), &alone(call.full()), deadline).await.map(first)
            }
            answer => answer.map(first),
        }
    }

    /// Runs a command that reads, on the primary.
    pub(super) async fn read(
        &self,
        key: &[u8],
        cmd: Cmd,
        deadline: Instant,
    ) -> Result<Value, Fault> {
        self.attempt(key, &alone(cmd), deadline).await.map(first)
    }

    /// What each primary says about itself.
    pub(super) async fn introductions(&self, deadline: Instant) -> Result<Vec<String>, Fault> {
        let lane = self.lanes.first().ok_or(Fault::Down)?;
        let mut berth = lane.berth(deadline).await?;
        let texts = timeout_at(deadline, berth.link.introductions()).await;
        texts.map_err(|_| Fault::Silent)?.map_err(|error| Fault::of(&error))
    }

    /// A walk for each primary.
    pub(super) async fn walks(&self) -> Result<Vec<Walk>, Fault> {
        let (lane, by) = (self.lane().ok_or(Fault::Down)?, self.deadline());
        let mut link = lane.berth(by).await?.link;
        let primaries = timeout_at(by, link.primaries()).await.map_err(|_| Fault::Silent)?;
        let primaries = primaries.map_err(|error| Fault::of(&error))?;
        Ok(primaries.into_iter().map(|primary| Walk { link: link.clone(), primary }).collect())
    }

    /// The walk's next names that fit a pattern, behind where to go on.
    pub(super) async fn step(
        &self,
        walk: &mut Walk,
        cursor: &str,
        pattern: &[u8],
    ) -> Result<Value, Fault> {
        let mut cmd = redis::cmd("SCAN");
        cmd.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(LOOK);
        let asked = timeout_at(self.deadline(), walk.link.ask(cmd, walk.primary.as_ref())).await;
        asked.map_err(|_| Fault::Silent)?.map_err(|error| Fault::of(&error))
    }

    /// The command, and the wait for replicas behind it, on one connection: it covers the writes of that one only.
    fn followed(&self, cmd: Cmd) -> Pipeline {
        let mut batch = Pipeline::with_capacity(2);
        batch.add_command(cmd);
        if self.replicas > 0 {
            // The server is to give up before we do, or the connection would be held for whoever is next.
            let patience = self.response_timeout.saturating_mul(4) / 5;
            batch
                .cmd("WAIT")
                .arg(self.replicas)
                .arg(u64::try_from(patience.as_millis()).unwrap_or(1));
        }
        batch
    }

    /// Once, and once more if the connection was a broken one: idle ones break unseen.
    async fn attempt(
        &self,
        key: &[u8],
        batch: &Pipeline,
        deadline: Instant,
    ) -> Result<(Value, Copied), Fault> {
        match self.once(key, batch, deadline).await {
            Err(Fault::Broken | Fault::ReadOnly) => self.once(key, batch, deadline).await,
            answer => answer,
        }
    }

    async fn once(
        &self,
        key: &[u8],
        batch: &Pipeline,
        deadline: Instant,
    ) -> Result<(Value, Copied), Fault> {
        let lane = self.lane().ok_or(Fault::Down)?;
        let mut berth = lane.berth(deadline).await?;
        let answer = self.exchange(&mut berth, key, batch, deadline).await;
        if answer.as_ref().is_err_and(|fault| fault.ends_the_link()) {
            lane.lost(&berth);
        }
        answer
    }

    /// The next in turn that is not known to be without a connection.
    fn lane(&self) -> Option<&Lane> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.lanes.len().max(1);
        let (before, after) = self.lanes.split_at_checked(turn)?;
        let mut lanes = after.iter().chain(before);
        let first = lanes.clone().next();
        lanes.find(|lane| lane.ailment().is_none()).or(first)
    }

    async fn exchange(
        &self,
        berth: &mut Berth,
        key: &[u8],
        batch: &Pipeline,
        deadline: Instant,
    ) -> Result<(Value, Copied), Fault> {
        let sent = timeout_at(deadline, berth.link.send(key, batch.clone())).await;
        let answers = sent.map_err(|_| Fault::Silent)?.map_err(|error| Fault::of(&error))?;
        let mut answers = answers.into_iter();
        let mut next = || {
            let answer = answers.next().ok_or(Fault::Refused)?;
            answer.extract_error().map_err(|error| Fault::of(&error))
        };
        let answer = next()?;
        if batch.len() > 1 {
            let enough = matches!(next()?, Value::Int(count) if count >= i64::from(self.replicas));
            if !enough {
                return Ok((answer, Copied::TooFew));
            }
        }
        Ok((answer, Copied::Enough))
    }
}

fn alone(cmd: Cmd) -> Pipeline {
    let mut batch = Pipeline::with_capacity(1);
    batch.add_command(cmd);
    batch
}

fn first((answer, _): (Value, Copied)) -> Value {
    answer
}
