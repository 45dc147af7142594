//! Real `redis-server` processes on free ports, in folders of their own, gone with the value that holds them.
//!
//! Never waits for a time: it asks until the server answers as it should, and gives up after a bound.

use std::future::Future;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cloakroom::store::redis::{RedisSettings, RedisStore, Topology};
use tempfile::TempDir;
use tokio::time::{MissedTickBehavior, interval};

use crate::support::ports::claim;

/// How far above a node's port its bus port is.
const BUS: u16 = 10_000;

/// A server.
pub(crate) struct Server {
    process: Child,
    pub(crate) port: u16,
    pub(crate) folder: TempDir,
    arguments: Vec<String>,
}

impl Server {
    /// Starts one with these further arguments, and waits until it answers anything at all.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        // Somebody may take the port between our looking and the server's: look again.
        for _ in 0..20 {
            let port = claim(1, BUS);
            let folder = TempDir::new().unwrap();
            let process = spawn(port, folder.path(), &arguments);
            let mut server = Self { process, port, folder, arguments: arguments.clone() };
            if server.is_up().await {
                return server;
            }
        }
        panic!("no redis-server came up");
    }

    /// Ends it as a power cut would, and starts it again on the same port and folder.
    pub(crate) async fn restart(&mut self) {
        self.kill();
        self.process = spawn(self.port, self.folder.path(), &self.arguments);
        assert!(self.is_up().await, "it did not come back");
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// `STOP`: it accepts connections (the kernel does) and answers nothing. `CONT`: it goes on.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn settings(&self) -> RedisSettings {
        patient(RedisSettings::new(Topology::Standalone, vec![self.url()]))
    }

    pub(crate) fn store(&self) -> RedisStore {
        RedisStore::new(&self.settings()).unwrap()
    }

    /// One command by `redis-cli`; its output.
    pub(crate) fn say(&self, command: &[&str]) -> String {
        say(self.port, command)
    }

    async fn is_up(&mut self) -> bool {
        for _ in 0..400 {
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            let answer = self.say(&["PING"]);
            if ["PONG", "NOAUTH", "no password", "LOADING"].iter().any(|word| answer.contains(word))
            {
                return true;
            }
            if self.arguments.iter().any(|text| text == "--tls-port") {
                return tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_ok();
            }
            tick().await;
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A stopped process dies of SIGKILL too.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Time enough for an unoptimized build on a busy machine, where a test is not about time.
pub(crate) fn patient(settings: RedisSettings) -> RedisSettings {
    let long = Duration::from_secs(3);
    RedisSettings { connect_timeout: long, response_timeout: long, ..settings }
}

/// One command by `redis-cli`; its output.
pub(crate) fn say(port: u16, command: &[&str]) -> String {
    let port = port.to_string();
    let output = Command::new("timeout")
        .args(["1", "redis-cli", "-p", &port])
        .args(command)
        .output()
        .unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_owned()
}

/// Asks until `wanted` says yes; ends the test if it never does.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut wanted: impl FnMut() -> F) {
    for _ in 0..3000 {
        if wanted().await {
            return;
        }
        tick().await;
    }
    panic!("in vain: {what}");
}

/// A breath between two questions, so that the one who asks leaves the processor to the one who is to answer.
async fn tick() {
    let mut interval = interval(Duration::from_millis(10));
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval.tick().await;
    interval.tick().await;
}

fn spawn(port: u16, folder: &Path, arguments: &[String]) -> Child {
    let port = port.to_string();
    let sentinel = arguments.first().is_some_and(|first| first == "--sentinel");
    let mut command = Command::new("redis-server");
    if sentinel {
        command.arg(folder.join("sentinel.conf")).arg("--sentinel");
        std::fs::write(folder.join("sentinel.conf"), format!("port {port}\n{}", arguments[1]))
            .unwrap();
    } else {
        if !arguments.iter().any(|text| text == "--tls-port") {
            command.args(["--port", &port]);
        }
        command.args(arguments.iter().map(|text| text.replace("PORT", &port)));
        command.args(["--dir", folder.to_str().unwrap(), "--save", "", "--bind", "127.0.0.1"]);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// A cluster of three primaries with this many replicas each.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Server>,
}

impl Cluster {
    pub(crate) async fn start(replicas: usize) -> Self {
        let count = 3 + 3 * replicas;
        let mut nodes = Vec::new();
        for _ in 0..count {
            let arguments = [
                "--cluster-enabled",
                "yes",
                "--cluster-node-timeout",
                "1500",
                "--repl-diskless-sync-delay",
                "0",
                "--repl-ping-replica-period",
                "1",
            ];
            nodes.push(Server::start(&arguments).await);
        }
        let addresses: Vec<_> =
            nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        let made = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(&addresses)
            .args(["--cluster-replicas", &replicas.to_string(), "--cluster-yes"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
        let cluster = Self { nodes };
        until("the cluster is whole", || async {
            cluster.nodes.iter().all(|node| {
                node.say(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
                    && node
                        .say(&["INFO", "replication"])
                        .lines()
                        .all(|line| !line.starts_with("master_link_status") || line.contains("up"))
            }) && cluster.primaries().iter().all(|&at| {
                let said = cluster.nodes[at].say(&["INFO", "replication"]);
                said.contains(&format!("connected_slaves:{replicas}"))
            })
        })
        .await;
        cluster
    }

    pub(crate) fn settings(&self) -> RedisSettings {
        let urls = self.nodes.iter().take(3).map(Server::url).collect();
        patient(RedisSettings::new(Topology::Cluster, urls))
    }

    /// Where the primaries are among the nodes.
    pub(crate) fn primaries(&self) -> Vec<usize> {
        let role = |node: &Server| node.say(&["ROLE"]).starts_with("master");
        (0..self.nodes.len()).filter(|&at| role(&self.nodes[at])).collect()
    }
}
