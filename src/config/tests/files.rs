//! The files in `conf/`, and the contract's own example.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::jwt::JwtKeys;
use super::super::listen::Switch;
use super::super::load_text;
use super::super::store::StoreConfig;
use super::{KEY_2, env, good_but, load, load_in};
use crate::proxy::settings::{Limits, TenantChoice, Unlisted};

fn conf() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conf")
}

#[test]
fn every_file_in_conf_loads() {
    let mut seen = 0;
    for entry in fs::read_dir(conf()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = fs::read_to_string(&path).unwrap();
            let loaded = load_text(&text, &path.display().to_string(), &conf(), &env, 1);
            assert!(loaded.is_ok(), "{}", loaded.unwrap_err());
            seen += 1;
        }
    }
    assert!(seen >= 2);
}

#[test]
fn the_documented_defaults_are_the_defaults() {
    let text = fs::read_to_string(conf().join("cloakroom.toml")).unwrap();
    let (documented, absent) = (load(&text).unwrap(), load(super::GOOD).unwrap());
    assert_eq!(format!("{:?}", documented.settings.limits), format!("{:?}", Limits::default()));
    assert_eq!(documented.terms, absent.terms);
    assert_eq!(documented.store, absent.store);
    assert_eq!(format!("{:?}", documented.issue), format!("{:?}", absent.issue));
    assert_eq!(documented.shutdown_drain, absent.shutdown_drain);
    assert_eq!(documented.shutdown_grace, absent.shutdown_grace);
    assert_eq!(documented.upgrade_socket, absent.upgrade_socket);
    let ttl_max = |config: &super::Config| config.tenancy.tenants().next().unwrap().ttl_max;
    assert_eq!(ttl_max(&documented), ttl_max(&absent));
}

#[test]
fn the_documented_audit_loads_and_has_the_defaults() {
    let text = fs::read_to_string(conf().join("cloakroom.toml")).unwrap();
    let mut on = false;
    let lines = text.lines().filter_map(|line| {
        on = (on || line == "# [audit]") && !line.is_empty();
        let bare = line.strip_prefix("# ")?;
        (on && (bare.starts_with('[') || bare.contains(" = "))).then_some(bare)
    });
    let table = lines.collect::<Vec<_>>().join("\n");
    assert_eq!(table.lines().count(), 6, "{table}");
    let with = |table: &str| good_but("[keyring]", &format!("{table}\n[keyring]"));
    let documented = load(&with(&table.replace("files_max = 100", ""))).unwrap().audit;
    let least = load(&with("[audit]\npath = \"audit.jsonl\"")).unwrap().audit;
    assert!(documented.is_some());
    assert_eq!(documented, least);
    assert_eq!(load(&with(&table)).unwrap().audit.unwrap().files_max, Some(100));
    assert_eq!(load(super::GOOD).unwrap().audit, None);
}

/// The keys of `[store]` that are commented out in the documented file, from the line
/// that begins with `from`.
fn commented(from: &str) -> String {
    let text = fs::read_to_string(conf().join("cloakroom.toml")).unwrap();
    let lines = text.lines().skip_while(|line| !line.starts_with(from));
    let block = lines.skip(1).take_while(|line| line.starts_with('#'));
    let keys = block.filter_map(|line| line.strip_prefix("# ")).filter(|line| {
        let key = line.split(" = ").next().unwrap();
        line.contains(" = ") && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    });
    keys.map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_documented_defaults_of_the_other_stores_are_theirs() {
    for (kind, required, keys) in [
        ("disk", "path = \"cloakroom.db\"", 2),
        ("redis", "urls = [\"redis://127.0.0.1:6379\"]", 11),
    ] {
        let documented = commented(&format!("# For kind = \"{kind}\""));
        assert_eq!(documented.lines().count(), keys, "{documented}");
        let with = |keys: &str| {
            let store = format!("[store]\nkind = \"{kind}\"\n{keys}\n[keyring]");
            load(&good_but("[keyring]", &store)).unwrap_or_else(|wrong| panic!("{wrong}")).store
        };
        assert_eq!(with(&documented), with(required));
    }
}

/// The contract's example, whole.
const CONTRACT: &str = r#"
[data_plane]
listen = ["127.0.0.1:8080"]
[control_plane]
listen = ["127.0.0.1:8081"]
[keyring]
current  = { id = 2, file = "keys/2.key" }
previous = [{ id = 1, env = "CLOAKROOM_KEY_1" }]
[store]
kind = "memory"
entries_max = 100_000
[limits]
request_body_max = "1MiB"
payload_max = "64KiB"
[[tenant]]
id = "acme"
contact_center_ids = ["cfe5ad67-ba6d-4340-81f9-bb680ef5d498"]
origins = ["https://shop.example"]
[[tenant.caller]]
name = "crm"
secret_sha256 = "0a2b3c4d5e6f708192a3b4c5d6e7f8090a1b2c3d4e5f60718293a4b5c6d7e8f9"
may = ["issue", "inspect", "revoke"]
[tenant.jwt]
algorithm = "HS256"
secret = { env = "HALO_JWT" }
[tenant.field_mapping]
email = "emailaddress"
[[dialect]]
file = "dialects/mine.toml"
[[route]]
host = "Chat.Acme.example"
path = "/"
dialect = "mine"
tenant = "acme"
unlisted = "pass"
upstream = { servers = ["10.0.0.5:443"], tls = { sni = "acme.goquiq.com" } }
[[route]]
dialect = "quiq"
tenant_from = "contact-center-id"
tenants = ["acme"]
upstream = { servers = ["vendor.example:80"], tls = "danger_off", host = "vendor.example" }
"#;

#[test]
fn the_contracts_example_resolves_to_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    for inner in ["keys", "dialects"] {
        fs::create_dir(folder.path().join(inner)).unwrap();
    }
    let key = folder.path().join("keys/2.key");
    fs::write(&key, format!("{KEY_2}\n")).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(folder.path().join("dialects/mine.toml"), "name = \"mine\"\n").unwrap();

    let config = load_in(folder.path(), CONTRACT).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let ids: Vec<u8> = config.keyring.key_ids().map(|id| id.byte()).collect();
    assert_eq!(ids, [2, 1]);
    assert_eq!(config.store, StoreConfig::Memory { entries_max: 100_000 });
    let jwt = config.jwt.values().next().unwrap();
    assert!(matches!(jwt.keys, Some(JwtKeys::Hs256 { .. })));
    assert_eq!(jwt.field_mapping["email"], "emailaddress");
    assert!(config.dialects.iter().any(|dialect| dialect.name == "mine"));

    let own = config.settings.routes.find("chat.acme.example:443", "/x").unwrap();
    assert_eq!((own.name.as_str(), own.unlisted), ("chat.acme.example", Unlisted::Pass));
    assert!(matches!(&own.tenant, TenantChoice::One(tenant) if tenant.id.as_str() == "acme"));
    assert_eq!(own.upstream.host.as_ref().unwrap(), "acme.goquiq.com");
    let any = config.settings.routes.find("other.example", "/").unwrap();
    assert_eq!((any.name.as_str(), any.unlisted), ("any", Unlisted::Refuse));
    assert!(matches!(&any.tenant, TenantChoice::ByContactCenter(centers) if centers.len() == 1));
    assert_eq!(any.upstream.host.as_ref().unwrap(), "vendor.example");
}

#[test]
fn an_entry_of_listen_is_an_address_or_a_table() {
    let listen = "listen = [\"127.0.0.1:8080\", { address = \"[::1]:8080\", h2c = \"enabled\" }]\nthreads = 3";
    let config = load(&good_but("listen = [\"127.0.0.1:8080\"]", listen)).unwrap();
    let [plain, table] = config.data_plane.listeners.as_slice() else { panic!() };
    assert_eq!(
        (plain.address, plain.h2c),
        ("127.0.0.1:8080".parse::<SocketAddr>().unwrap(), Switch::Disabled)
    );
    assert_eq!((table.address.is_ipv6(), table.h2c), (true, Switch::Enabled));
    assert_eq!(config.data_plane.threads, 3);
}

#[test]
fn what_is_given_replaces_the_default() {
    let text = good_but(
        "[keyring]",
        "[limits]\nlease_max = \"110s\"\nheader_max = \"8KiB\"\n[process]\nshutdown_drain = \"2s\"\n[keyring]",
    );
    let config = load(&text).unwrap();
    assert_eq!(config.terms.lease_max, Duration::from_secs(110));
    assert_eq!(config.settings.limits.header_max, 8 * 1024);
    assert_eq!(config.shutdown_drain, Duration::from_secs(2));
}
