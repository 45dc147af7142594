//! The swap: handles in one body become payloads, or the call is refused.
//!
//! Find, redeem, reveal, in that order and over the whole body, so that a body
//! with one bad handle reveals none of its good ones.

use std::sync::Arc;

use super::relay::Relayer;
use super::unredeemed::Unredeemed;
use crate::dialect::exchange::{Exchange, OnUnusable, Reveal};
use crate::dialect::find::{Carries, Found};
use crate::dialect::request::{Request, Setting};
use crate::dialect::reveal::{RevealFault, Revealed, Verdict};
use crate::domain::{Handle, HandleId, Payload, TenantId};
use crate::reject::{BodyFlaw, Cause};
use crate::rewrite::json::text::encode;
use crate::telemetry::metrics::Metrics;
use crate::vault::Vault;
use crate::vault::audit::Scene;
use crate::vault::lease::Lease;
use crate::vault::link::Revelation;
use crate::vault::redeem::{Carrier, RedeemFault, Unusable};

/// The longest token that is looked for as such, in bytes: one of the default's largest
/// payload. In a longer one its values are found, as in any base64.
const TOKEN_MAX: usize = 96 * 1024;

/// What a swap works with.
pub struct Swap<'s> {
    /// Where handles are redeemed.
    pub vault: &'s Arc<Vault>,
    /// Counts the outcomes.
    pub metrics: &'s Metrics,
    /// Whose handles they must be.
    pub tenant: &'s TenantId,
    /// Which call this is.
    pub exchange: &'s Exchange,
    /// Which part of the call it is about.
    pub part: Part,
    /// Hands payloads in at the vendor's own store, for slots that want its key.
    pub relayer: Relayer<'s>,
    /// What makes it the same request and the same conversation.
    pub carrier: Carrier<'s>,
}

/// What of a call may hold handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The request.
    Request,
    /// A text message of the socket that it became.
    Frame,
}

/// A swap that succeeded.
pub struct Swapped {
    /// What of the request changes on its way upstream.
    pub revealed: Revealed,
    /// What the upstream's answer has to settle.
    pub leases: Vec<Lease>,
    /// Ids of what was redeemed, for the log.
    pub redeemed: Vec<HandleId>,
    /// What was redeemed, to be looked for in the answer.
    pub revelations: Vec<Revelation>,
    /// What the vendor's own store answered for it, and tokens that were signed with it,
    /// to be looked for likewise.
    pub beside: Vec<Revelation>,
}

impl std::fmt::Debug for Swapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Swapped({:?}, {:?})", self.revealed, self.redeemed)
    }
}

/// One handle of this request, decided once however often it stands there.
enum Decided {
    Payload(Revelation),
    Unusable(Unusable),
}

impl Swap<'_> {
    /// Runs it over a request. When it is refused, every lease that was taken has
    /// been given back.
    ///
    /// # Errors
    /// The [`Cause`] to refuse the call with; nothing was revealed then.
    pub async fn run(&self, request: Request<'_>, setting: Setting<'_>) -> Result<Swapped, Cause> {
        let mut swapped = Swapped {
            revealed: Revealed::default(),
            leases: Vec::new(),
            redeemed: Vec::new(),
            revelations: Vec::new(),
            beside: Vec::new(),
        };
        let mut unredeemed = Unredeemed::default();
        let filled = self.fill(request, setting, &mut swapped, &mut unredeemed).await;
        unredeemed.tell(self.vault, self.metrics, self.tenant, self.scene());
        if filled == Err(Cause::HandleUnusable(Unusable::MemberAbsent)) {
            // Counted when they were redeemed; nothing of them went upstream.
            for id in &swapped.redeemed {
                let why = Unusable::MemberAbsent;
                self.vault.note_refused(self.scene(), self.tenant, why, Some(*id), 1);
            }
        }
        if filled.is_err() {
            for lease in swapped.leases.drain(..) {
                // A store that does not answer frees it at its bound.
                let _ = lease.release().await;
            }
        }
        filled.map(|()| swapped)
    }

    async fn fill(
        &self,
        request: Request<'_>,
        setting: Setting<'_>,
        swapped: &mut Swapped,
        unredeemed: &mut Unredeemed,
    ) -> Result<(), Cause> {
        let plan = match self.part {
            Part::Request => self.exchange.find(request, setting),
            Part::Frame => self.exchange.find_in_frame(request, setting),
        };
        let plan = plan.map_err(|_| Cause::BodyInvalid(BodyFlaw::NotJson))?;
        if plan.found().len() > 1 {
            self.look_over(plan.found(), unredeemed)?;
        }
        let mut verdicts = Vec::with_capacity(plan.found().len());
        let mut decided = Vec::new();
        for slot in plan.found() {
            let verdict = match &slot.carries {
                Carries::Handle(text) => self.verdict(slot, text, &mut decided, swapped).await,
                Carries::Unusable => self.unredeemed(slot, Unusable::Malformed, unredeemed),
                Carries::BadToken => self.unredeemed(slot, Unusable::BadToken, unredeemed),
            };
            verdicts.push(verdict?);
        }
        swapped.revealed = plan.reveal(&verdicts).map_err(cause)?;
        for token in swapped.revealed.tokens() {
            let handle = swapped.revelations.first().map(|one| one.handle.clone());
            swapped.beside.extend(handle.and_then(|handle| signed(token, handle)));
        }
        Ok(())
    }

    /// Refuses for a handle that is plainly bad, before a good one beside it is
    /// reserved: a lease that is given back is still one of the few that may be.
    fn look_over(&self, found: &[Found<'_>], refused: &mut Unredeemed) -> Result<(), Cause> {
        let (mut bad, mut outcome) = (Unredeemed::default(), Ok(()));
        for slot in found {
            let (unusable, id) = match &slot.carries {
                Carries::Unusable => (Unusable::Malformed, None),
                Carries::BadToken => (Unusable::BadToken, None),
                Carries::Handle(text) => match self.vault.look_over(self.tenant, text) {
                    Ok(()) => continue,
                    Err(unusable) => (unusable, Handle::parse(text).ok().map(|one| one.id())),
                },
            };
            bad.add(unusable, id);
            outcome = outcome.and(self.without(slot, unusable).map(drop));
        }
        // Where the call goes on, each is met again and has its line then.
        if outcome.is_err() {
            *refused = bad;
        }
        outcome
    }

    /// A slot without a handle that the vault could be asked about.
    fn unredeemed(
        &self,
        slot: &Found<'_>,
        why: Unusable,
        refused: &mut Unredeemed,
    ) -> Result<Verdict, Cause> {
        refused.add(why, None);
        self.without(slot, why)
    }

    async fn verdict<'f>(
        &self,
        slot: &'f Found<'_>,
        text: &'f str,
        decided: &mut Vec<(&'f str, Decided)>,
        swapped: &mut Swapped,
    ) -> Result<Verdict, Cause> {
        // Nearly always the only one, and at most as many as a request may have slots.
        if !decided.iter().any(|(known, _)| *known == text) {
            decided.push((text, self.redeem(text, swapped).await?));
        }
        match decided.iter().find(|(known, _)| *known == text).map(|(_, decided)| decided) {
            Some(Decided::Payload(one)) => match &slot.slot().reveal {
                Reveal::Relay(_) => {
                    // Boxed, as whatever is seldom: it would make every call's state several
                    // times as large.
                    let relayed = Box::pin(self.relayer.relayed(&one.handle, &one.payload));
                    let answer = relayed.await?;
                    let (handle, payload) = (one.handle.clone(), Arc::clone(&answer));
                    swapped.beside.push(Revelation { handle, payload });
                    Ok(Verdict::Payload(answer))
                }
                Reveal::Member(_)
                | Reveal::SameName
                | Reveal::MergeInto(_)
                | Reveal::Token
                | Reveal::Payload => Ok(Verdict::Payload(Arc::clone(&one.payload))),
            },
            Some(Decided::Unusable(unusable)) => self.without(slot, *unusable),
            None => Err(Cause::Internal),
        }
    }

    async fn redeem(&self, text: &str, swapped: &mut Swapped) -> Result<Decided, Cause> {
        match self.vault.redeem_at(Some(self.scene()), self.tenant, text, self.carrier).await {
            Ok(redeemed) => {
                self.metrics.redeemed(self.tenant, "redeemed");
                swapped.redeemed.push(redeemed.id);
                swapped.leases.extend(redeemed.lease);
                let one = Revelation { handle: redeemed.handle, payload: redeemed.payload };
                swapped.revelations.push(one.clone());
                Ok(Decided::Payload(one))
            }
            Err(RedeemFault::Unusable(unusable)) => {
                self.metrics.redeemed(self.tenant, unusable.reason());
                if unusable == Unusable::Alarm {
                    self.metrics.alarm(self.tenant);
                }
                Ok(Decided::Unusable(unusable))
            }
            Err(RedeemFault::Unavailable(_)) => {
                self.metrics.redeemed(self.tenant, "unavailable");
                Err(Cause::StoreUnavailable)
            }
            Err(RedeemFault::Unaudited(_)) => {
                self.metrics.redeemed(self.tenant, "unaudited");
                Err(Cause::AuditUnavailable)
            }
        }
    }

    pub(super) fn scene(&self) -> Scene<'_> {
        Scene { route: self.relayer.route(), exchange: &self.exchange.name }
    }

    /// What becomes of a slot whose handle is no good.
    fn without(&self, slot: &Found<'_>, unusable: Unusable) -> Result<Verdict, Cause> {
        let rule = match unusable {
            Unusable::Expired => slot.slot().on_expired.unwrap_or(self.exchange.on_expired),
            Unusable::Malformed
            | Unusable::KeyUnknown
            | Unusable::Forged
            | Unusable::Missing
            | Unusable::InFlight
            | Unusable::Spent
            | Unusable::OtherConversation
            | Unusable::BindingAbsent
            | Unusable::SealedOtherwise
            | Unusable::MemberAbsent
            | Unusable::BadToken
            | Unusable::Alarm
            | Unusable::Crowded
            | Unusable::Forgotten => self.exchange.on_unusable,
        };
        match rule {
            OnUnusable::Reject => Err(Cause::HandleUnusable(unusable)),
            OnUnusable::Drop => Ok(Verdict::Drop),
            OnUnusable::DangerPass => Ok(Verdict::Leave),
        }
    }
}

/// A token as a thing to look for: as a whole, and its claims by themselves, which say
/// in base64 what was revealed however it is escaped there.
fn signed(token: &str, handle: Handle) -> Option<Revelation> {
    let claims = token.split('.').nth(1).unwrap_or_default();
    if token.len() > TOKEN_MAX {
        return None;
    }
    let text = format!("{{\"token\":{},\"claims\":{}}}", encode(token), encode(claims));
    let payload = Payload::parse(text.as_bytes(), text.len()).ok()?;
    Some(Revelation { handle, payload: Arc::new(payload) })
}

fn cause(fault: RevealFault) -> Cause {
    match fault {
        RevealFault::MemberAbsent | RevealFault::NotCarried => {
            Cause::HandleUnusable(Unusable::MemberAbsent)
        }
        RevealFault::NotDroppable => Cause::HandleUnusable(Unusable::Malformed),
        RevealFault::TargetAbsent => Cause::BodyInvalid(BodyFlaw::NoPlace),
        RevealFault::Json => Cause::BodyInvalid(BodyFlaw::NotJson),
        RevealFault::Overlap | RevealFault::NotSigned => Cause::Internal,
    }
}
