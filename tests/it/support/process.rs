//! The program as its user runs it: a child process, ended by the test.

use std::io::{Read as _, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

use super::ports::claim;

/// Longer than a start takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the program to its end.
pub(crate) fn cloakroom(arguments: &[&str], input: &str) -> Output {
    piped(command(arguments), input)
}

/// Runs a prepared program to its end.
pub(crate) fn piped(mut command: Command, input: &str) -> Output {
    let mut child = command.spawn().unwrap();
    // One that has refused its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloakroom"));
    command.args(arguments).env_remove("CLOAKROOM_SECRET");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A program that runs until the test ends.
pub(crate) struct Process(Option<Child>);

impl Process {
    pub(crate) fn start(mut command: Command) -> Self {
        Self(Some(command.spawn().unwrap()))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([name, &self.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    /// Waits until it has a handler for SIGTERM: one that comes sooner would end it
    /// as any program.
    pub(crate) async fn obeys(&self) {
        let status = format!("/proc/{}/status", self.id());
        let caught = async {
            let mut tick = interval(Duration::from_millis(5));
            loop {
                tick.tick().await;
                let status = std::fs::read_to_string(&status).unwrap();
                let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
                if u64::from_str_radix(mask.trim(), 16).unwrap() & (1 << 14) != 0 {
                    return;
                }
            }
        };
        timeout(PATIENCE, caught).await.expect("it obeys in time");
    }

    /// Waits until a line that it says holds these words; gives what was said up to there. The end gives the rest.
    pub(crate) async fn until_said(&mut self, words: &'static str) -> String {
        let child = self.0.as_mut().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let listening = tokio::task::spawn_blocking(move || {
            let (mut said, mut byte) = (Vec::new(), [0]);
            // Byte by byte: what is read too much would be missing at the end.
            while !String::from_utf8_lossy(&said).contains(words) || byte != *b"\n" {
                assert_eq!(stderr.read(&mut byte).unwrap(), 1, "it ended before it said {words}");
                said.push(byte[0]);
            }
            (stderr, String::from_utf8(said).unwrap())
        });
        let heard = timeout(PATIENCE, listening).await.expect("it says so in time").unwrap();
        child.stderr = Some(heard.0);
        heard.1
    }

    /// Waits for its end and gives what it said.
    pub(crate) async fn end(mut self) -> Output {
        let child = self.0.take().unwrap();
        let ended = tokio::task::spawn_blocking(move || child.wait_with_output());
        timeout(PATIENCE, ended).await.expect("it ends in time").unwrap().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Neighbouring ports of this test's own: a program that is told its ports cannot take 0.
pub(crate) fn free_ports(count: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], claim(count, 0)))
}

/// Waits until something listens there.
pub(crate) async fn listening(address: SocketAddr) {
    let connected = async {
        let mut tick = interval(Duration::from_millis(20));
        loop {
            tick.tick().await;
            if TcpStream::connect(address).await.is_ok() {
                return;
            }
        }
    };
    timeout(PATIENCE, connected).await.expect("it listens in time");
}
