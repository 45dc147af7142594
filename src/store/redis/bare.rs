//! Whether a password would cross a network in the clear.
//!
//! Judges by the urls alone and looks up no name: whoever says `localhost` means this machine, any other name may be
//! anybody. What a Sentinel or a cluster names beyond its urls is not known here.

use std::net::IpAddr;

use redis::ConnectionAddr;

use super::settings::{RedisSettings, Topology};

impl RedisSettings {
    /// The first url, counted from 0, that a password of ours would be sent to in the clear: `redis://`, and not on
    /// this machine.
    #[must_use]
    pub fn bares_password(&self) -> Option<usize> {
        let sentinels = match &self.topology {
            Topology::Sentinel { login, .. } => login.password.is_some(),
            Topology::Standalone | Topology::Cluster => false,
        };
        if !sentinels && self.login.password.is_none() {
            return None;
        }
        let addresses = self.checked().ok()?;
        let bare = |address: &ConnectionAddr| matches!(address, ConnectionAddr::Tcp(host, _) if !is_loopback(host));
        addresses.iter().position(|info| bare(info.addr()))
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::super::settings::Login;
    use super::*;

    fn with(topology: Topology, urls: &[&str], password: bool) -> RedisSettings {
        let urls = urls.iter().map(|&url| url.to_owned()).collect();
        let password = password.then(|| Zeroizing::new("hunter2".to_owned()));
        let login = Login { username: None, password };
        RedisSettings { login, ..RedisSettings::new(topology, urls) }
    }

    #[test]
    fn a_password_is_bare_beyond_this_machine_alone_and_only_without_tls() {
        for beyond in ["10.0.0.5", "redis.internal", "[fd00::5]", "localhost.evil.example"] {
            let url = format!("redis://{beyond}:6379");
            let bares = |password| with(Topology::Standalone, &[&url], password).bares_password();
            assert_eq!((bares(true), bares(false)), (Some(0), None), "{beyond}");
            let tls = format!("rediss://{beyond}:6379");
            assert_eq!(with(Topology::Standalone, &[&tls], true).bares_password(), None);
        }
        for here in ["127.0.0.1", "127.8.0.1", "localhost", "LOCALHOST", "[::1]"] {
            let url = format!("redis://{here}:6379");
            assert_eq!(with(Topology::Standalone, &[&url], true).bares_password(), None, "{here}");
        }
        let some = ["redis://127.0.0.1:1", "redis://10.0.0.5:1"];
        assert_eq!(with(Topology::Cluster, &some, true).bares_password(), Some(1));
    }

    #[test]
    fn the_sentinels_password_counts_too() {
        let login = with(Topology::Standalone, &[], true).login;
        let topology = Topology::Sentinel { primary: "main".to_owned(), login };
        assert_eq!(with(topology, &["redis://10.0.0.5:1"], false).bares_password(), Some(0));
    }
}
