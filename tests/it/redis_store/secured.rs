//! TLS and a user with the least rights, in each topology: the documented rules are enough, and what is wrong is said
//! for what it is.

use cloakroom::domain::Uses;
use cloakroom::domain::lease::Settled;
use cloakroom::store::redis::{Login, RedisSettings, RedisStore, StartFault, Topology};
use cloakroom::store::{Reserved, Store, StoreFault};

use super::access::{LACKS, login};
use super::certificates::Certificates;
use super::servers::{Cluster, Server, patient, speaks_tls, until};
use super::shared::{NOW, TERMS, ask, key, lease, record};

const GUIDE: &str = include_str!("../../../docs/stores.md");
const PASSWORD: &str = "s3cret";

/// The lines of the documentation that set this user's rules, as the words of commands.
pub(super) fn documented(user: &str) -> Vec<Vec<String>> {
    let begin = format!("ACL SETUSER {user} ");
    let mut found: Vec<String> = Vec::new();
    let mut within = false;
    for line in GUIDE.lines() {
        match line.strip_prefix("  ") {
            Some(more) if within => found.last_mut().unwrap().push_str(&format!(" {more}")),
            Some(_) | None => within = line.starts_with(&begin),
        }
        if line.starts_with(&begin) {
            found.push(line.replace("PASSWORD", PASSWORD));
        }
    }
    assert!(!found.is_empty(), "no rules of {user}");
    found.iter().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

pub(super) fn apply(words: &[String], server: &Server) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(server.say(&words), "OK", "{words:?}");
}

/// The documented user, and others that lack something.
fn introduce(server: &Server, rules: &[&Vec<String>]) {
    for words in rules {
        apply(words, server);
        let mut poor = words.to_vec();
        poor[2] = "poor".to_owned();
        apply(&poor, server);
    }
    server.say(&["ACL", "SETUSER", "poor", "-eval", "-evalsha"]);
    server.say(&["ACL", "SETUSER", "mute", "on", ">s3cret", "~*", "-@all", "+ping"]);
}

/// Servers of one topology that ask for TLS and a login, and how they are reached.
struct Secured {
    settings: RedisSettings,
    _servers: Vec<Server>,
    _certificates: Certificates,
}

async fn standalone() -> Secured {
    let certificates = Certificates::new();
    let server = Server::start_tls(&certificates, &[]).await;
    introduce(&server, &[&documented("cloak")[0]]);
    let settings = server.settings();
    Secured::of(settings, vec![server], certificates)
}

async fn watched() -> Secured {
    let certificates = Certificates::new();
    let primary = Server::start_tls(&certificates, &[]).await;
    let rules = documented("cloak");
    introduce(&primary, &[&rules[0], &rules[1]]);
    let options = certificates.options();
    let tls: String = options.iter().map(|(name, value)| format!("{name} {value}\n")).collect();
    let config = format!("{tls}sentinel monitor main 127.0.0.1 {} 1\n", primary.port);
    let sentinel = Server::start(&["--sentinel", &config]).await;
    apply(&documented("watcher")[0], &sentinel);
    sentinel.say(&["ACL", "SETUSER", "blind", "on", ">s3cret", "-@all", "+ping"]);
    until("the sentinel finds the primary", || async {
        sentinel.say(&["INFO", "sentinel"]).contains("status=ok")
    })
    .await;
    let login = login(Some("watcher"), PASSWORD);
    let topology = Topology::Sentinel { primary: "main".to_owned(), login };
    let settings = patient(RedisSettings::new(topology, vec![sentinel.url()]));
    Secured::of(settings, vec![sentinel, primary], certificates)
}

async fn clustered() -> Secured {
    let certificates = Certificates::new();
    let cluster = Cluster::start_with(0, Some(&certificates)).await;
    let rules = documented("cloak");
    for node in &cluster.nodes {
        introduce(node, &[&rules[0], &rules[2]]);
    }
    let settings = cluster.settings();
    Secured::of(settings, cluster.nodes, certificates)
}

impl Secured {
    fn of(settings: RedisSettings, servers: Vec<Server>, certificates: Certificates) -> Self {
        let tls_ca = Some(certificates.authority.clone());
        let settings = RedisSettings { tls_ca, login: login(Some("cloak"), PASSWORD), ..settings };
        Self { settings, _servers: servers, _certificates: certificates }
    }

    fn by(&self, login: Login) -> RedisSettings {
        RedisSettings { login, ..self.settings.clone() }
    }

    /// What a start with these says.
    async fn start(&self, settings: &RedisSettings) -> StartFault {
        let store = RedisStore::new(settings).unwrap();
        let fault = store.check(settings).await.unwrap_err();
        let put = store.put(vec![record(9, Uses::Once)]).await;
        assert!(matches!(put, Err(StoreFault::Unreachable(_))), "{put:?}");
        fault
    }

    async fn refuses_who_is_not_the_user(&self) {
        for wrong in [login(Some("cloak"), "hunter2"), login(Some("nobody"), PASSWORD)] {
            assert_eq!(self.start(&self.by(wrong)).await, StartFault::Denied);
        }
        let mute = self.start(&self.by(login(Some("mute"), PASSWORD))).await;
        assert_eq!(mute, StartFault::NotPermitted);
        // It may begin; what it lacks is said by the call that needs it, and at `/readyz`.
        let store = RedisStore::new(&self.by(login(Some("poor"), PASSWORD))).unwrap();
        assert_eq!(store.put(vec![record(9, Uses::Once)]).await, Err(LACKS));
        assert_eq!(store.probe().await, Err(LACKS));
    }

    async fn refuses_a_certificate_that_is_not_the_servers(&self) {
        let other = Certificates::new();
        let untrusting =
            RedisSettings { tls_ca: Some(other.authority.clone()), ..self.settings.clone() };
        let fault = self.start(&untrusting).await.to_string();
        assert!(fault.contains("tls_ca (or the system) does not vouch for"), "{fault}");
        let urls = self.settings.urls.iter();
        let urls = urls.map(|url| url.replace("127.0.0.1", "localhost")).collect();
        let fault = self.start(&RedisSettings { urls, ..self.settings.clone() }).await.to_string();
        assert!(fault.contains("a certificate for another name than the url's"), "{fault}");
    }

    async fn lets_the_documented_user_do_everything(&self) {
        let store = RedisStore::new(&self.settings).unwrap();
        store.check(&self.settings).await.unwrap();
        let many = (0..20).map(|number| record(number, Uses::Once)).collect();
        store.put(many).await.unwrap();
        for number in 0..20 {
            let reserved = store.reserve(&key(number), &ask(number), &TERMS).await.unwrap();
            assert!(matches!(reserved, Reserved::Granted(..)), "{reserved:?}");
        }
        assert_eq!(store.commit(&key(1), &lease(1), NOW).await.unwrap(), Settled::Done);
        assert_eq!(store.release(&key(2), &lease(2), &TERMS).await.unwrap(), Settled::Done);
        assert!(store.fetch(&key(3), NOW).await.unwrap().is_some());
        store.probe().await.unwrap();
        assert!(store.remove(&key(4), NOW).await.unwrap());
        let nobody = [cloakroom::domain::Fingerprint::from_bytes([1; 16])];
        let tenant = key(1).tenant;
        assert_eq!(store.remove_subject(&tenant, &nobody, NOW).await.unwrap(), 0);
        assert!(store.of_subject(&tenant, &nobody, NOW, 5).await.unwrap().is_empty());
        assert_eq!(store.census().await.unwrap().entries, 19);
    }

    async fn holds(self) {
        self.refuses_who_is_not_the_user().await;
        self.refuses_a_certificate_that_is_not_the_servers().await;
        self.lets_the_documented_user_do_everything().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_one_server_serves_the_documented_user_and_says_what_is_wrong_with_others() {
    if speaks_tls() {
        standalone().await.holds().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_sentinels_serve_the_documented_users_and_say_what_is_wrong_with_others() {
    if !speaks_tls() {
        return;
    }
    let secured = watched().await;
    let with = |login| {
        let topology = Topology::Sentinel { primary: "main".to_owned(), login };
        RedisSettings { topology, ..secured.settings.clone() }
    };
    for wrong in [login(Some("watcher"), "hunter2"), login(Some("nobody"), PASSWORD)] {
        assert_eq!(secured.start(&with(wrong)).await, StartFault::Denied);
    }
    let blind = secured.start(&with(login(Some("blind"), PASSWORD))).await;
    assert_eq!(blind, StartFault::NotPermitted);
    secured.holds().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_a_cluster_serves_the_documented_user_and_says_what_is_wrong_with_others() {
    if speaks_tls() {
        clustered().await.holds().await;
    }
}
