//! What can go wrong between us and a server, and what each means for a caller.
//!
//! Never carries a server's text: it may quote a command's arguments.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::store::StoreFault;

/// Why an operation has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing within the time: whether it was done is unknown.
    Silent,
    /// The connection broke: whether it was done is unknown.
    Broken,
    /// There is no connection, and the last attempt at one failed.
    Down,
    /// Wrong user or password.
    Denied,
    /// A command or key that the user may not use.
    NotPermitted,
    /// The server's certificate is of an authority that is not ours, or out of its time.
    Untrusted,
    /// The server's certificate is for another name than the url's.
    Misnamed,
    /// A replica, or a primary that has become one.
    ReadOnly,
    /// A node of a cluster that another topology was told of, or the reverse; slots without a node.
    Topology,
    /// Fewer replicas have it than were asked for.
    Replicas,
    /// No memory, and a policy (or a bound) that keeps what there is.
    Full,
    /// The server has not the script.
    NoScript,
    /// Not ours, or damaged.
    Damaged(&'static str),
    /// Any other refusal.
    Refused,
}

/// What an operator reads of a certificate that is not trusted.
pub(super) const UNTRUSTED: &str =
    "redis shows a certificate that tls_ca (or the system) does not vouch for, or an expired one";
/// What an operator reads of a certificate that is somebody else's.
pub(super) const MISNAMED: &str = "redis shows a certificate for another name than the url's";

const KNOWN: [(ServerErrorKind, Fault); 7] = [
    (ServerErrorKind::NoScript, Fault::NoScript),
    (ServerErrorKind::ReadOnly, Fault::ReadOnly),
    (ServerErrorKind::NoPerm, Fault::NotPermitted),
    (ServerErrorKind::Moved, Fault::Topology),
    (ServerErrorKind::Ask, Fault::Topology),
    (ServerErrorKind::ClusterDown, Fault::Topology),
    (ServerErrorKind::CrossSlot, Fault::Topology),
];

impl Fault {
    pub(super) fn of(error: &RedisError) -> Self {
        if error.is_timeout() {
            return Self::Silent;
        }
        if error.is_connection_dropped() || error.is_connection_refusal() || error.is_io_error() {
            return Self::Broken;
        }
        let kind = error.kind();
        if kind == ErrorKind::AuthenticationFailed {
            return Self::Denied;
        }
        if kind == ErrorKind::ClusterConnectionNotFound {
            return Self::Broken;
        }
        if let Some((_, fault)) = KNOWN.iter().find(|(known, _)| kind == ErrorKind::Server(*known))
        {
            return *fault;
        }
        // A batch's error is a list of its commands' errors, and the first command is ours.
        let errors = error.clone().into_server_errors();
        errors.as_deref().and_then(|errors| errors.first()).map_or(Self::Refused, |(_, error)| {
            Self::spelled(error.code(), error.details().unwrap_or_default())
        })
    }

    /// Up to Redis 6.2 an error within a script arrives as `ERR` with the true code in its text.
    fn spelled(code: &str, text: &str) -> Self {
        let says = |word: &str| {
            let within = |before: &str| text.contains(&format!("{before}{word} "));
            code == word || within(" ") || within("-")
        };
        match () {
            () if says("OOM") => Self::Full,
            () if says("READONLY") => Self::ReadOnly,
            () if says("WRONGTYPE") => Self::Damaged("a key of ours holds something else"),
            () if says("NOPERM") => Self::NotPermitted,
            // Up to 6.2 this one has no code, within a script.
            () if text.contains("executing the script can't") => Self::NotPermitted,
            () if says("NOAUTH") || says("WRONGPASS") => Self::Denied,
            // What a server says to a long command before the login.
            () if text.contains("unauthenticated") => Self::Denied,
            () => Self::Refused,
        }
    }

    /// Why a connection could not be opened, where waiting will not help; else that there is none. With several
    /// servers behind one connection the library tells their reasons as text.
    pub(super) fn at_the_door(error: &RedisError) -> Self {
        let fault = Self::of(error);
        if matches!(fault, Self::Denied | Self::NotPermitted) {
            return fault;
        }
        let text = error.to_string();
        let signs = [
            ("WRONGPASS", Self::Denied),
            ("NOAUTH", Self::Denied),
            ("AuthenticationFailed", Self::Denied),
            ("NOPERM", Self::NotPermitted),
            ("certificate not valid for name", Self::Misnamed),
            ("NotValidForName", Self::Misnamed),
            ("invalid peer certificate", Self::Untrusted),
        ];
        let sign = signs.iter().find(|(sign, _)| text.contains(sign));
        sign.map_or(Self::Down, |(_, fault)| *fault)
    }

    /// Whether the connection is to be replaced.
    pub(super) fn ends_the_link(self) -> bool {
        match self {
            Self::Silent | Self::Broken | Self::ReadOnly | Self::Topology => true,
            Self::Down
            | Self::Denied
            | Self::NotPermitted
            | Self::Untrusted
            | Self::Misnamed
            | Self::Replicas
            | Self::Full
            | Self::NoScript
            | Self::Damaged(_)
            | Self::Refused => false,
        }
    }

    /// Whether it is certain that nothing was done.
    pub(super) fn is_certain(self) -> bool {
        match self {
            Self::Silent | Self::Broken | Self::Replicas => false,
            Self::Down
            | Self::Denied
            | Self::NotPermitted
            | Self::Untrusted
            | Self::Misnamed
            | Self::ReadOnly
            | Self::Topology
            | Self::Full
            | Self::NoScript
            | Self::Damaged(_)
            | Self::Refused => true,
        }
    }

    /// The fault as a store says it.
    pub(super) fn tell(self, entries_max: u64) -> StoreFault {
        match self {
            Self::Full => StoreFault::Full { entries_max },
            Self::Damaged(what) => StoreFault::Damaged(what),
            Self::Silent => StoreFault::Unreachable("redis did not answer in time"),
            Self::Broken => StoreFault::Unreachable("the connection to redis broke"),
            Self::Down => StoreFault::Unreachable("there is no connection to redis"),
            Self::Denied => StoreFault::Unreachable("redis refused our user or password"),
            Self::NotPermitted => StoreFault::Unreachable(
                "the redis user lacks a command or key that the store needs",
            ),
            Self::Untrusted => StoreFault::Unreachable(UNTRUSTED),
            Self::Misnamed => StoreFault::Unreachable(MISNAMED),
            Self::ReadOnly => StoreFault::Unreachable("this redis server is read-only"),
            Self::Topology => StoreFault::Unreachable("redis has the key elsewhere or nowhere"),
            Self::Replicas => StoreFault::Unreachable("too few redis replicas have the write"),
            Self::NoScript | Self::Refused => StoreFault::Unreachable("redis refused the command"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_within_a_script_means_the_same_from_an_old_server_and_a_new_one() {
        let script = "Error running script (call to f_4e6d): @user_script:1:";
        let full = "Error running script (call to f_4e6d): @user_script:1: @user_script: 1: -OOM command not allowed";
        for (code, text, fault) in [
            ("OOM", "command not allowed when used memory > 'maxmemory'.", Fault::Full),
            ("ERR", full, Fault::Full),
            (
                "WRONGTYPE",
                "Operation against a key",
                Fault::Damaged("a key of ours holds something else"),
            ),
            (
                "ERR",
                &format!(
                    "{script} WRONGTYPE Operation against a key holding the wrong kind of value"
                ),
                Fault::Damaged("a key of ours holds something else"),
            ),
            (
                "ERR",
                &format!("{script} -READONLY You can't write against a read only replica."),
                Fault::ReadOnly,
            ),
            ("NOPERM", "this user has no permissions", Fault::NotPermitted),
            (
                "ERR",
                &format!(
                    "{script} The user executing the script can't run this command or subcommand"
                ),
                Fault::NotPermitted,
            ),
            ("ERR", &format!("{script} something else"), Fault::Refused),
        ] {
            assert_eq!(Fault::spelled(code, text), fault, "{code} {text}");
        }
    }
}
