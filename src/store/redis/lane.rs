//! One connection, kept open: opened at first use, opened anew when it is lost, with longer and longer pauses.
//!
//! Never makes an operation wait for a server that is known to be gone: while there is no connection and the last
//! attempt failed, it says so at once. Never opens two at a time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::dial::{Dialer, Link};
use super::fault::Fault;

/// The first pause between two attempts; doubled up to [`PAUSE_MAX`], each cut by up to a half at random so that the
/// proxies of a fleet don't knock together.
const PAUSE_MIN: Duration = Duration::from_millis(25);
/// The longest pause: what a server's return may take to be noticed.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// A connection that mends itself.
pub(super) struct Lane {
    shared: Arc<Shared>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    dialer: Arc<Dialer>,
    state: watch::Sender<State>,
    /// The last connection that somebody found broken, by number.
    lost: watch::Sender<u64>,
}

#[derive(Clone)]
enum State {
    Opening,
    Up { link: Link, number: u64 },
    Down(Fault),
}

/// A connection to use, and its number for [`Lane::lost`].
pub(super) struct Berth {
    pub(super) link: Link,
    number: u64,
}

impl Lane {
    pub(super) fn new(dialer: Arc<Dialer>) -> Self {
        let shared = Shared {
            dialer,
            state: watch::Sender::new(State::Opening),
            lost: watch::Sender::new(0),
        };
        Self { shared: Arc::new(shared), keeper: Mutex::new(None) }
    }

    /// The open connection; waits for one that is being opened, until `deadline`.
    pub(super) async fn berth(&self, deadline: Instant) -> Result<Berth, Fault> {
        self.watch_over()?;
        let mut state = self.shared.state.subscribe();
        let settled = state.wait_for(|state| !matches!(state, State::Opening));
        let settled = timeout_at(deadline, settled).await.map_err(|_| Fault::Silent)?;
        match settled.map_err(|_| Fault::Down)?.clone() {
            State::Up { link, number } => Ok(Berth { link, number }),
            State::Down(fault) => Err(fault),
            State::Opening => Err(Fault::Down),
        }
    }

    /// Somebody found it broken: it is replaced.
    pub(super) fn lost(&self, berth: &Berth) {
        self.shared.lost.send_if_modified(|lost| {
            let news = *lost < berth.number;
            *lost = (*lost).max(berth.number);
            news
        });
    }

    /// Why there is no connection, if there is none.
    pub(super) fn ailment(&self) -> Option<Fault> {
        match &*self.shared.state.borrow() {
            State::Down(fault) => Some(*fault),
            State::Opening | State::Up { .. } => None,
        }
    }

    /// Starts the keeper, on whichever runtime asks first, and again should that runtime be gone.
    fn watch_over(&self) -> Result<(), Fault> {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        if keeper.as_ref().is_some_and(|keeper| !keeper.is_finished()) {
            return Ok(());
        }
        let runtime = Handle::try_current().map_err(|_| Fault::Down)?;
        self.shared.state.send_replace(State::Opening);
        *keeper = Some(runtime.spawn(keep(Arc::clone(&self.shared))));
        Ok(())
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let keeper = self.keeper.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(keeper) = keeper {
            keeper.abort();
        }
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("ailment", &self.ailment()).finish_non_exhaustive()
    }
}

async fn keep(shared: Arc<Shared>) {
    let (mut pause, mut number) = (PAUSE_MIN, *shared.lost.borrow());
    loop {
        let since = Instant::now();
        match open(&shared.dialer).await {
            Ok(link) => {
                number += 1;
                let partial = link.is_partial();
                shared.state.send_replace(State::Up { link, number });
                let mut lost = shared.lost.subscribe();
                if lost.wait_for(|lost| *lost >= number).await.is_err() {
                    return;
                }
                if !partial {
                    shared.state.send_replace(State::Opening);
                }
                // One that held for a while is replaced at once; one that did not, after a pause.
                if since.elapsed() > PAUSE_MAX {
                    pause = PAUSE_MIN;
                    continue;
                }
            }
            Err(fault) => {
                shared.state.send_if_modified(|state| match state {
                    State::Up { .. } => false,
                    State::Opening | State::Down(_) => {
                        *state = State::Down(fault);
                        true
                    }
                });
            }
        }
        rest(pause).await;
        pause = pause.saturating_mul(2).min(PAUSE_MAX);
    }
}

async fn open(dialer: &Dialer) -> Result<Link, Fault> {
    match timeout(dialer.patience(), dialer.dial()).await {
        Ok(Ok(link)) => Ok(link),
        Ok(Err(error)) => Err(Fault::at_the_door(&error)),
        Err(_) => Err(Fault::Down),
    }
}

/// Between half of `pause` and all of it.
async fn rest(pause: Duration) {
    let chance = getrandom::u32().unwrap_or(u32::MAX);
    let cut = pause.mul_f64(f64::from(chance) / f64::from(u32::MAX) / 2.0);
    let never = std::future::pending::<()>();
    // Nothing can end it early: the lane's drop aborts the keeper.
    let _ = timeout(pause.saturating_sub(cut), never).await;
}
