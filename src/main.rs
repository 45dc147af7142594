//! The `cloakroom` program. Everything it does is in the library; this names the
//! allocator and hands over.

use std::process::ExitCode;

/// Measured: 5 to 7 % less CPU a request than the C library's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cloakroom::cli::main().into()
}
