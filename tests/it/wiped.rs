//! Keys and opened payloads are gone from memory when they are dropped.
//!
//! A process of the test's own loads a key, opens a payload, drops both and then reads all of its own memory, by
//! `/proc/self/mem`. What it looks for it knows only masked, so that it does not find its own question.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloakroom::clock::{Entropy as _, SystemClock, SystemEntropy};
use cloakroom::config;
use cloakroom::config::store::StoreConfig;
use cloakroom::domain::lease::Terms;
use cloakroom::domain::{Payload, RootKey, Secret, TenantId, Uses};
use cloakroom::server::parts::split;
use cloakroom::store::disk::DiskStore;
use cloakroom::vault::Vault;
use cloakroom::vault::issue::{Bait, Deposit};
use cloakroom::vault::link::Revelation;
use cloakroom::vault::redeem::Carrier;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::support::house::preamble;

const FOLDER: &str = "CLOAKROOM_WIPED_FOLDER";
const HANDLE: &str = "CLOAKROOM_WIPED_HANDLE";
const SOUGHT: &str = "CLOAKROOM_WIPED_SOUGHT";
const MASK: u8 = 0xa5;
const LINK_TTL: Duration = Duration::from_secs(600);

#[test]
fn what_must_not_stay_wipes_itself() {
    fn wipes_itself<T: ZeroizeOnDrop>() {}
    wipes_itself::<RootKey>();
    wipes_itself::<Secret>();
    wipes_itself::<Payload>();
}

/// A vault over the file in this folder, with its key, as the program would build it.
fn vault(folder: &Path) -> Arc<Vault> {
    let (parts, _) = split(config::load(&folder.join("c.toml"), 1).unwrap());
    let StoreConfig::Disk { path, options } = &parts.store else { panic!("{:?}", parts.store) };
    let store = Arc::new(DiskStore::open(path, *options).unwrap());
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    Arc::new(Vault::new(store, parts.keyring, clock, entropy, Terms::default()))
}

fn acme() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn no_key_and_no_payload_is_in_memory_after_they_are_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let (mut key, mut mark) = ([0; 32], [0; 16]);
    SystemEntropy.fill(&mut key).unwrap();
    SystemEntropy.fill(&mut mark).unwrap();
    let (text, mark) = (STANDARD.encode(key), STANDARD.encode(mark));
    let file = folder.path().join("1.key");
    fs::write(&file, format!("{text}\n")).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let toml = preamble()
        .replace("env = \"KEY\"", "file = \"1.key\"")
        .replace("kind = \"memory\"\nentries_max = 1000", "kind = \"disk\"\npath = \"store.db\"");
    fs::write(folder.path().join("c.toml"), toml).unwrap();

    // Longer than what a buffer begins with: one that grows leaves pieces behind.
    let payload = format!(r#"{{"nickname":"{mark}","more":"{}"}}"#, "x".repeat(3000));
    let deposit = Deposit {
        payload: Payload::parse(payload.as_bytes(), 4096).unwrap(),
        uses: Uses::Once,
        ttl: Duration::from_secs(600),
        subject: None,
        bait: Bait::No,
    };
    let issued = runtime().block_on(vault(folder.path()).issue(&acme(), vec![deposit])).unwrap();

    let masked =
        |bytes: &[u8]| STANDARD.encode(bytes.iter().map(|it| it ^ MASK).collect::<Vec<_>>());
    let handle = issued[0].handle.expose();
    let sought = [&key[..], text.as_bytes(), mark.as_bytes(), &handle.as_bytes()[5..]];
    let sought = sought.map(masked).join(" ");
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "wiped::a_process_that_looks_into_its_own_memory", "--nocapture"])
        .env(FOLDER, folder.path())
        .env(HANDLE, masked(handle.as_bytes()))
        .env(SOUGHT, sought)
        .output()
        .unwrap();
    let said = String::from_utf8([child.stdout, child.stderr].concat()).unwrap();
    println!("{said}");
    assert!(child.status.success() && said.contains("+dropped"), "{said}");
}

#[test]
fn a_process_that_looks_into_its_own_memory() {
    // No part to play: the test run itself is going on.
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let sought = std::env::var(SOUGHT).unwrap();
    let sought: Vec<Vec<u8>> = sought.split(' ').map(|one| STANDARD.decode(one).unwrap()).collect();
    let found = || [0, 1, 2, 3].map(|at: usize| finds(&sought[at]));
    assert_eq!(found(), [0; 4], "before anything was loaded");

    let (runtime, vault) = (runtime(), vault(Path::new(&folder)));
    let [key, key_text, ..] = found();
    assert!(key > 0, "the search finds a key that is there");
    assert_eq!(key_text, 0, "what the key was read from");
    let handle = Zeroizing::new(unmasked(&std::env::var(HANDLE).unwrap()));
    let carrier = Carrier { request: &[b"a request"], binding: None };
    let redeemed = runtime.block_on(vault.redeem(&acme(), &handle, carrier)).unwrap();
    let alive = found();
    println!("+alive: {alive:?} (key, its text, payload, handle)");
    assert!(alive[2] > 0, "the search finds a payload that is there");
    assert!(alive[3] > 0, "and a handle");
    runtime.block_on(redeemed.lease.unwrap().commit()).unwrap();

    // What is revealed is linked, and recalled by a later call of its conversation.
    let one = Revelation { handle: redeemed.handle, payload: redeemed.payload };
    let (acme, linked) = (acme(), std::slice::from_ref(&one));
    runtime.block_on(vault.link(&acme, b"c-1", linked, LINK_TTL)).unwrap();
    drop((one, handle));
    assert_eq!(found()[2..], [0, 0], "the payload and the handle, after they were linked");
    let recalled = runtime.block_on(vault.recall(&acme, b"c-1", LINK_TTL)).unwrap();
    assert_eq!(recalled.revelations.len(), 1);
    assert!(finds(&sought[2]) > 0, "it is recalled");
    drop(recalled);
    assert_eq!(found()[2..], [0, 0], "after they were recalled");
    drop(vault);
    drop(runtime);
    let dropped = found();
    println!("+dropped: {dropped:?}");
    assert_eq!(dropped, [0; 4], "after all of it was dropped");
}

/// In one piece from the start: a text that is moved as it grows stays where it was.
fn unmasked(text: &str) -> String {
    let masked = STANDARD.decode(text).unwrap();
    let mut plain = String::with_capacity(masked.len());
    plain.extend(masked.iter().map(|byte| char::from(byte ^ MASK)));
    plain
}

/// How often the bytes whose mask this is stand in this process's memory, whatever part of it can be read.
fn finds(masked: &[u8]) -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let memory = File::open("/proc/self/mem").unwrap();
    let mut buffer = vec![0; 1 << 20];
    let mut count = 0;
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (from, to) = words.next().unwrap().split_once('-').unwrap();
        let parse = |text| u64::from_str_radix(text, 16).unwrap();
        let (mut at, to) = (parse(from), parse(to));
        while at < to && !line.contains("[v") && words.clone().next().unwrap().starts_with('r') {
            let wanted = buffer.len().min(usize::try_from(to - at).unwrap());
            let Ok(read) = memory.read_at(&mut buffer[..wanted], at) else { break };
            let here = count_of(masked, &buffer[..read]);
            if here > 0 {
                println!("found {here} in {line}");
            }
            count += here;
            // What was read must not be found where it was read to.
            buffer.fill(0);
            let step = if read == buffer.len() { read - masked.len() } else { read };
            at += u64::try_from(step.max(1)).unwrap();
        }
    }
    count
}

fn count_of(masked: &[u8], bytes: &[u8]) -> usize {
    let first = masked[0] ^ MASK;
    let there = |at: usize| {
        let here = bytes[at..].iter().map(|byte| byte ^ MASK);
        bytes.len() - at >= masked.len() && here.take(masked.len()).eq(masked.iter().copied())
    };
    memchr::memchr_iter(first, bytes).filter(|at| there(*at)).count()
}
