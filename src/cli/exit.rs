//! How the program ends, and the line it says when it ends badly.
//!
//! Never more than one line for one failure, and never a backtrace.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use crate::config::Mistakes;
use crate::server::HouseFault;
use crate::server::run::StartFault;
use crate::server::shelf::ShelfFault;

/// Exit codes, after `sysexits.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0
    Ok,
    /// 64: wrong usage.
    Usage,
    /// 65: an audit that is not what was written.
    Data,
    /// 69: a service that is needed is not there.
    Unavailable,
    /// 74: input or output.
    Io,
    /// 78: configuration.
    Config,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Usage => 64,
            Exit::Data => 65,
            Exit::Unavailable => 69,
            Exit::Io => 74,
            Exit::Config => 78,
        })
    }
}

/// A command that failed: with what code, and what to say.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    line: String,
}

impl Failure {
    /// A failure that says what, where and what to do.
    #[must_use]
    pub fn new(exit: Exit, line: impl Into<String>) -> Self {
        Self { exit, line: line.into() }
    }

    /// Says it, and gives the exit code.
    pub(super) fn report(self) -> Exit {
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(std::io::stderr(), "{}", self.line);
        self.exit
    }
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Self {
        Self::new(Exit::Config, mistakes.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(fault: std::io::Error) -> Self {
        Self::new(Exit::Io, format!("input or output failed: {fault}"))
    }
}

/// A configuration file that cannot be opened is no mistake of its text.
pub(super) fn readable(file: &Path) -> Result<(), Failure> {
    File::open(file).map(drop).map_err(|fault| {
        Failure::new(Exit::Io, format!("{}: cannot be read: {fault}", file.display()))
    })
}

impl From<StartFault> for Failure {
    fn from(fault: StartFault) -> Self {
        let exit = match fault {
            StartFault::Listen { .. } | StartFault::Runtime(_) => Exit::Io,
            StartFault::Tls { .. } => Exit::Config,
            StartFault::Store(ref fault) => exit_of(fault),
        };
        Self::new(exit, fault.to_string())
    }
}

impl From<HouseFault> for Failure {
    fn from(fault: HouseFault) -> Self {
        let exit = match &fault {
            HouseFault::Store(fault) => exit_of(fault),
            HouseFault::Metrics(_) => Exit::Unavailable,
            HouseFault::Audit(_) => Exit::Io,
        };
        Self::new(exit, fault.to_string())
    }
}

fn exit_of(fault: &ShelfFault) -> Exit {
    match fault {
        ShelfFault::Disk(_) => Exit::Io,
        ShelfFault::Redis(_) => Exit::Config,
        ShelfFault::Unfit(_) => Exit::Unavailable,
    }
}
