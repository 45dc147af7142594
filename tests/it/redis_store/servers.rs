//! Real `redis-server` processes (or what `CLOAKROOM_TEST_REDIS_SERVER` names) on free ports, in folders of their own, gone with the value that holds them.
//!
//! Never waits for a time: it asks until the server answers as it should, and gives up after a bound.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cloakroom::store::redis::{RedisSettings, RedisStore, Topology};
use tempfile::TempDir;
use tokio::time::{MissedTickBehavior, interval};

use super::certificates::Certificates;
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

    /// Starts one that speaks TLS alone.
    pub(crate) async fn start_tls(certificates: &Certificates, arguments: &[&str]) -> Self {
        let tls = certificates.arguments();
        let tls: Vec<&str> = tls.iter().map(String::as_str).collect();
        Self::start(&[&["--port", "0"], tls.as_slice(), arguments].concat()).await
    }

    /// Ends it as a power cut would, and starts it again on the same port and folder.
    pub(crate) async fn restart(&mut self) {
        self.kill();
        self.process = spawn(self.port, self.folder.path(), &self.arguments);
        assert!(self.is_up().await, "it did not come back");
    }

    /// The same, with further arguments from then on.
    pub(crate) async fn restart_with(&mut self, arguments: &[&str]) {
        self.arguments.extend(arguments.iter().map(|&text| text.to_owned()));
        self.restart().await;
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
        let scheme = if self.authority().is_some() { "rediss" } else { "redis" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// The file of the authority whose certificate it shows, if it speaks TLS.
    fn authority(&self) -> Option<&str> {
        let mut words = self.arguments.iter().flat_map(|text| text.split_whitespace());
        words.find(|word| word.trim_start_matches("--") == "tls-ca-cert-file")?;
        words.next()
    }

    pub(crate) fn settings(&self) -> RedisSettings {
        patient(RedisSettings::new(Topology::Standalone, vec![self.url()]))
    }

    pub(crate) fn store(&self) -> RedisStore {
        RedisStore::new(&self.settings()).unwrap()
    }

    /// One command by `redis-cli`; its output.
    pub(crate) fn say(&self, command: &[&str]) -> String {
        let port = self.port.to_string();
        let tls = self.authority().map(|file| ["--tls", "--cacert", file]);
        let mut client = Command::new("timeout");
        client.args(["2", "redis-cli", "-p", &port]).args(tls.iter().flatten()).args(command);
        let output = client.output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_owned()
    }

    async fn is_up(&mut self) -> bool {
        for _ in 0..400 {
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            let answer = self.say(&["PING"]);
            assert!(!answer.contains("certificate verify failed"), "{answer}");
            if ["PONG", "NOAUTH", "no password", "LOADING"].iter().any(|word| answer.contains(word))
            {
                return true;
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

/// The server under test.
fn binary() -> PathBuf {
    std::env::var_os("CLOAKROOM_TEST_REDIS_SERVER").map_or("redis-server".into(), PathBuf::from)
}

/// Whether it was built with TLS; says so where not.
pub(crate) fn speaks_tls() -> bool {
    let name = binary();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).map(|folder| folder.join(&name));
    let found = std::iter::once(name.clone()).chain(folders).find(|file| file.is_file());
    let code = std::fs::read(found.expect("there is a redis-server")).unwrap();
    // Where it was built without, it does not know its settings.
    let knows = code.windows(16).any(|window| window == b"tls-auth-clients");
    if !knows {
        println!("not checked here: {} was built without TLS", name.display());
    }
    knows
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
    let mut command = Command::new(binary());
    if sentinel {
        command.arg(folder.join("sentinel.conf")).arg("--sentinel");
        let plain = if arguments[1].contains("tls-port") { "0" } else { &port };
        let text = format!("port {plain}\n{}", arguments[1].replace("PORT", &port));
        std::fs::write(folder.join("sentinel.conf"), text).unwrap();
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
        Self::start_with(replicas, None).await
    }

    pub(crate) async fn start_with(replicas: usize, certificates: Option<&Certificates>) -> Self {
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
            nodes.push(match certificates {
                None => Server::start(&arguments).await,
                Some(tls) => {
                    let arguments = [&arguments[..], &["--tls-cluster", "yes"]].concat();
                    Server::start_tls(tls, &arguments).await
                }
            });
        }
        let tls = nodes[0].authority().map(|file| ["--tls", "--cacert", file]);
        let addresses: Vec<_> =
            nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        let made = Command::new("redis-cli")
            .args(tls.iter().flatten())
            .args(["--cluster", "create"])
            .args(&addresses)
            .args(["--cluster-replicas", &replicas.to_string(), "--cluster-yes"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
        let cluster = Self { nodes };
        cluster.until_whole(replicas).await;
        cluster
    }

    /// Waits until every node has its part, and every primary this many replicas that keep up.
    pub(crate) async fn until_whole(&self, replicas: usize) {
        until("the cluster is whole", || async {
            self.nodes.iter().all(|node| {
                node.say(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
                    && node
                        .say(&["INFO", "replication"])
                        .lines()
                        .all(|line| !line.starts_with("master_link_status") || line.contains("up"))
            }) && self.primaries().iter().all(|&at| {
                let said = self.nodes[at].say(&["INFO", "replication"]);
                said.contains(&format!("connected_slaves:{replicas}"))
            })
        })
        .await;
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
