//! What a byte may be the beginning of: a value as text, in base64 or as a whole JSON value.
//!
//! It only says what is possible; what it is, the walks decide.

/// What a byte may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Roles {
    /// The first of a value's text, or of an escape.
    pub(super) text: Role,
    /// The first of a value in base64, or of an escape.
    pub(super) base64: Role,
    /// The first of a whole JSON value.
    pub(super) whole: Role,
}

impl Roles {
    /// Nothing.
    pub(super) const NONE: Self =
        Self { text: Role::Never, base64: Role::Never, whole: Role::Never };

    /// Any start.
    pub(super) const ALL: Self =
        Self { text: Role::Maybe, base64: Role::Maybe, whole: Role::Maybe };

    /// Only as a whole JSON value.
    pub(super) const WHOLE: Self =
        Self { text: Role::Never, base64: Role::Never, whole: Role::Maybe };

    /// What is true of the three; `None` where none is.
    pub(super) fn of([text, base64, whole]: [bool; 3]) -> Option<Self> {
        let roles = Self { text: Role::of(text), base64: Role::of(base64), whole: Role::of(whole) };
        (text || base64 || whole).then_some(roles)
    }

    /// What both allow.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            text: self.text.and(other.text),
            base64: self.base64.and(other.base64),
            whole: self.whole.and(other.whole),
        }
    }
}

impl Role {
    pub(super) fn of(may: bool) -> Self {
        if may { Self::Maybe } else { Self::Never }
    }

    fn and(self, other: Self) -> Self {
        Self::of(self == Self::Maybe && other == Self::Maybe)
    }
}

/// Whether a byte may be something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Role {
    #[default]
    Never,
    Maybe,
}
