//! Opens connections: to the one server, to the primary that the Sentinels name, or to a whole cluster.
//!
//! Never retries: that is `lane`'s. Never sends a command of ours.

use std::collections::HashMap;
use std::time::Duration;

use redis::aio::{ConnectionLike as _, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{
    MultipleNodeRoutingInfo, Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr,
};
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, Pipeline,
    RedisResult, TlsCertificates, TlsMode, Value,
};

use super::settings::{Login, RedisSettings, SettingFault, Topology};

/// How often the cluster's client may follow a slot to where it went.
const REDIRECTS_MAX: u32 = 3;

/// An open connection. Cheap to clone; clones share it.
#[derive(Clone)]
pub(super) enum Link {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// What it takes to open one.
pub(super) struct Dialer {
    topology: Topology,
    login: Login,
    addresses: Vec<ConnectionInfo>,
    certificates: Option<TlsCertificates>,
    connect_timeout: Duration,
    response_timeout: Duration,
}

impl Link {
    /// Sends the commands, in one piece, to whoever has `key`; every answer, errors among them.
    pub(super) async fn send(&mut self, key: &[u8], batch: Pipeline) -> RedisResult<Vec<Value>> {
        let count = batch.len();
        match self {
            Self::Single(link) => link.req_packed_commands(&batch, 0, count).await,
            Self::Cluster(link) => {
                let route = Route::with_key(key, SlotAddr::Master);
                let route = SingleNodeRoutingInfo::SpecificNode(route);
                link.route_pipeline(batch, 0, count, route).await
            }
        }
    }

    /// What each primary says about itself (`INFO`).
    pub(super) async fn introductions(&mut self) -> RedisResult<Vec<String>> {
        match self {
            Self::Single(link) => {
                let text = redis::cmd("INFO").query_async::<String>(link).await?;
                Ok(vec![text])
            }
            Self::Cluster(link) => {
                let every = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
                let answer = link.route_command(redis::cmd("INFO"), every).await?;
                let by_node: HashMap<String, String> = redis::from_redis_value(answer)?;
                Ok(by_node.into_values().collect())
            }
        }
    }

    /// Where each primary is; nothing stands for the one that this leads to.
    pub(super) async fn primaries(&mut self) -> RedisResult<Vec<Option<(String, u16)>>> {
        let Self::Cluster(link) = self else { return Ok(vec![None]) };
        let every = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let answer = link.route_command(redis::cmd("PING"), every).await?;
        let by_node: HashMap<String, Value> = redis::from_redis_value(answer)?;
        let place = |node: &String| {
            let (host, port) = node.rsplit_once(':')?;
            Some((host.to_owned(), port.parse().ok()?))
        };
        let all: Option<Vec<_>> = by_node.keys().map(|node| place(node).map(Some)).collect();
        all.ok_or_else(no_address)
    }

    /// Asks the primary that is there.
    pub(super) async fn ask(
        &mut self,
        cmd: redis::Cmd,
        primary: Option<&(String, u16)>,
    ) -> RedisResult<Value> {
        match (self, primary) {
            (Self::Single(link), _) => cmd.query_async(link).await,
            (Self::Cluster(link), Some((host, port))) => {
                let (host, port) = (host.clone(), *port);
                let there = SingleNodeRoutingInfo::ByAddress { host, port };
                link.route_command(cmd, RoutingInfo::SingleNode(there)).await
            }
            (Self::Cluster(_), None) => Err(no_address()),
        }
    }

    /// Whether the parts that work are to be used while a new one is opened: a cluster has several nodes.
    pub(super) fn is_partial(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }
}

impl Dialer {
    /// # Errors
    /// [`SettingFault`].
    pub(super) fn new(settings: &RedisSettings) -> Result<Self, SettingFault> {
        let addresses = settings.checked()?;
        let certificates =
            (settings.tls_ca.is_some() || settings.tls_client.is_some()).then(|| TlsCertificates {
                client_tls: settings
                    .tls_client
                    .clone()
                    .map(|(client_cert, client_key)| ClientTlsConfig { client_cert, client_key }),
                root_cert: settings.tls_ca.clone(),
            });
        let dialer = Self {
            topology: settings.topology.clone(),
            login: settings.login.clone(),
            addresses,
            certificates,
            connect_timeout: settings.connect_timeout,
            response_timeout: settings.response_timeout,
        };
        // What the library cannot read, it is to say now and not at the first handle.
        if let (Some(certificates), Some(info)) = (&dialer.certificates, dialer.addresses.first()) {
            Client::build_with_tls(info.clone(), certificates.clone())
                .map_err(|_| SettingFault::Certificates)?;
        }
        Ok(dialer)
    }

    /// The longest that opening may take as a whole: name lookup, connection, login; with Sentinels, that of theirs
    /// before; in a cluster, of every node.
    pub(super) fn patience(&self) -> Duration {
        let steps = match self.topology {
            Topology::Standalone => 2,
            Topology::Sentinel { .. } | Topology::Cluster => 8,
        };
        self.connect_timeout.saturating_mul(steps)
    }

    pub(super) async fn dial(&self) -> RedisResult<Link> {
        match &self.topology {
            Topology::Standalone => self.dial_server().await,
            Topology::Sentinel { primary, login } => self.dial_primary(primary, login).await,
            Topology::Cluster => self.dial_cluster().await,
        }
    }

    async fn dial_server(&self) -> RedisResult<Link> {
        let Some(info) = self.addresses.first() else { return Err(no_address()) };
        let redis = info.redis_settings().clone();
        let info = info.clone().set_redis_settings(signed(redis, &self.login));
        let client = match &self.certificates {
            Some(certificates) => Client::build_with_tls(info, certificates.clone())?,
            None => Client::open(info)?,
        };
        self.open(&client).await
    }

    async fn dial_primary(&self, primary: &str, sentinels: &Login) -> RedisResult<Link> {
        let Some(first) = self.addresses.first() else { return Err(no_address()) };
        let nodes = self.addresses.iter().map(|info| info.addr().clone());
        let mut builder = SentinelClientBuilder::new(nodes, primary, SentinelServerType::Master)?
            .set_client_to_redis_db(first.redis_settings().db());
        if matches!(first.addr(), ConnectionAddr::TcpTls { .. }) {
            builder = builder
                .set_client_to_redis_tls_mode(TlsMode::Secure)
                .set_client_to_sentinel_tls_mode(TlsMode::Secure);
            if let Some(certificates) = &self.certificates {
                builder = builder
                    .set_client_to_redis_certificates(certificates.clone())
                    .set_client_to_sentinel_certificates(certificates.clone());
            }
        }
        if let Some(name) = &self.login.username {
            builder = builder.set_client_to_redis_username(name);
        }
        if let Some(password) = &self.login.password {
            builder = builder.set_client_to_redis_password(password.as_str());
        }
        if let Some(name) = &sentinels.username {
            builder = builder.set_client_to_sentinel_username(name);
        }
        if let Some(password) = &sentinels.password {
            builder = builder.set_client_to_sentinel_password(password.as_str());
        }
        let client = builder.build()?.async_get_client().await?;
        self.open(&client).await
    }

    async fn dial_cluster(&self) -> RedisResult<Link> {
        let mut builder = ClusterClientBuilder::new(self.addresses.clone())
            .connection_timeout(self.connect_timeout)
            .response_timeout(self.response_timeout)
            // Every script of ours may be delivered twice, so following a moved slot is safe.
            .retries(REDIRECTS_MAX)
            .min_retry_wait(5)
            .max_retry_wait(50);
        if let Some(name) = &self.login.username {
            builder = builder.username(name);
        }
        if let Some(password) = &self.login.password {
            builder = builder.password(password.as_str());
        }
        if let Some(certificates) = &self.certificates {
            builder = builder.certs(certificates.clone());
        }
        Ok(Link::Cluster(builder.build()?.get_async_connection().await?))
    }

    async fn open(&self, client: &Client) -> RedisResult<Link> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            .set_response_timeout(Some(self.response_timeout));
        let link = client.get_multiplexed_async_connection_with_config(&config).await?;
        Ok(Link::Single(link))
    }
}

fn signed(redis: redis::RedisConnectionInfo, login: &Login) -> redis::RedisConnectionInfo {
    let redis = match &login.username {
        Some(name) => redis.set_username(name),
        None => redis,
    };
    match &login.password {
        Some(password) => redis.set_password(password.as_str()),
        None => redis,
    }
}

fn no_address() -> redis::RedisError {
    (redis::ErrorKind::InvalidClientConfig, "no address").into()
}
