//! Why a handle was not redeemed: told to the operator's log, and to no browser.

use crate::domain::keyring::HandleFault;
use crate::domain::lease::Refused;

/// The reasons that the operator's log and metrics tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", self.reason())]
pub enum Unusable {
    /// Not a handle at all where only one makes sense.
    Malformed,
    /// Signed under a key that this keyring does not have.
    KeyUnknown,
    /// The MAC does not fit: made up, changed, or another tenant's.
    Forged,
    /// Past its expiry.
    Expired,
    /// Genuine, and nothing is stored for it: revoked, or lost by the store.
    Missing,
    /// Another request is using it right now.
    InFlight,
    /// Used before.
    Spent,
    /// It belongs to another conversation.
    OtherConversation,
    /// It works for one conversation, and this request names none.
    BindingAbsent,
    /// The record does not open: damaged, or not the one that was sealed.
    SealedOtherwise,
    /// Redeemed, but the payload has nothing for the slot it stands in.
    MemberAbsent,
    /// The token around it does not verify.
    BadToken,
    /// Issued to be tried by a thief, and tried.
    Alarm,
    /// As much as may be was learnt with it, or in its conversation: what it reveals
    /// could not be remembered.
    Crowded,
    /// Something was revealed in its conversation that is not remembered any more, with a
    /// handle that was revoked or erased since: answers could not be searched for it.
    Forgotten,
}

impl Unusable {
    /// Every reason.
    pub const ALL: [Self; 15] = [
        Self::Malformed,
        Self::KeyUnknown,
        Self::Forged,
        Self::Expired,
        Self::Missing,
        Self::InFlight,
        Self::Spent,
        Self::OtherConversation,
        Self::BindingAbsent,
        Self::SealedOtherwise,
        Self::MemberAbsent,
        Self::BadToken,
        Self::Alarm,
        Self::Crowded,
        Self::Forgotten,
    ];

    /// The reason as it stands in logs and metrics.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::KeyUnknown => "key-unknown",
            Self::Forged => "forged",
            Self::Expired => "expired",
            Self::Missing => "missing",
            Self::InFlight => "in-flight",
            Self::Spent => "spent",
            Self::OtherConversation => "other-conversation",
            Self::BindingAbsent => "binding-absent",
            Self::SealedOtherwise => "sealed-otherwise",
            Self::MemberAbsent => "member-absent",
            Self::BadToken => "bad-token",
            Self::Alarm => "alarm",
            Self::Crowded => "crowded",
            Self::Forgotten => "forgotten",
        }
    }
}

impl From<HandleFault> for Unusable {
    fn from(fault: HandleFault) -> Self {
        match fault {
            HandleFault::KeyUnknown => Self::KeyUnknown,
            HandleFault::Forged => Self::Forged,
            HandleFault::Expired => Self::Expired,
        }
    }
}

impl From<Refused> for Unusable {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::InFlight => Self::InFlight,
            Refused::Spent => Self::Spent,
            Refused::OtherConversation => Self::OtherConversation,
            Refused::BindingAbsent => Self::BindingAbsent,
        }
    }
}
