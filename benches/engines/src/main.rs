//! Compares four embedded databases at the store's three moves: put, reserve (read-modify-write), fetch.
//!
//! One writer thread commits whatever is queued as one durable transaction (group commit), as the store does. Then
//! a second process opens the same folder while the first writes on. `engines fill NAME FOLDER`; NAME is redb, fjall,
//! lmdb or sqlite. Nothing of it is in the proxy.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// One caller's write.
enum Op {
    Put([u8; 32], Vec<u8>),
    Reserve([u8; 32]),
}
/// The bytes of a value, read.
type Read = Box<dyn FnMut(&[u8; 32]) -> usize + Send>;

/// A database: durable transactions, and readers beside them.
trait Engine: Send {
    fn commit(&mut self, ops: &[&Op]);
    fn reader(&self) -> Read;
}

/// A reserve: one byte changes.
fn turn(v: &[u8]) -> Vec<u8> {
    let mut v = v.to_vec();
    v[0] = v[0].wrapping_add(1);
    v
}

const T: redb::TableDefinition<&[u8], &[u8]> = redb::TableDefinition::new("r");
use redb::ReadableTable;
struct Redb(std::sync::Arc<redb::Database>);
impl Redb {
    fn open(p: &Path) -> Result<Self, String> {
        let db = redb::Database::create(p.join("redb")).map_err(|e| e.to_string())?;
        let t = db.begin_write().unwrap();
        t.open_table(T).unwrap();
        t.commit().unwrap();
        Ok(Redb(db.into()))
    }
}
impl Engine for Redb {
    fn commit(&mut self, ops: &[&Op]) {
        let t = self.0.begin_write().unwrap();
        {
            let mut tab = t.open_table(T).unwrap();
            for op in ops {
                match op {
                    Op::Put(k, v) => {
                        tab.insert(&k[..], &v[..]).unwrap();
                    }
                    Op::Reserve(k) => {
                        let v = turn(tab.get(&k[..]).unwrap().unwrap().value());
                        tab.insert(&k[..], &v[..]).unwrap();
                    }
                }
            }
        }
        t.commit().unwrap();
    }
    fn reader(&self) -> Read {
        use redb::ReadableDatabase;
        let db = self.0.clone();
        Box::new(move |k| {
            let t = db.begin_read().unwrap();
            let tab = t.open_table(T).unwrap();
            tab.get(&k[..]).unwrap().unwrap().value().to_vec().len()
        })
    }
}

struct Fjall(fjall::Database, fjall::Keyspace);
impl Fjall {
    fn open(p: &Path) -> Result<Self, String> {
        let db = fjall::Database::builder(p.join("fjall")).open().map_err(|e| format!("{e:?}"))?;
        let k = db
            .keyspace("r", fjall::KeyspaceCreateOptions::default)
            .map_err(|e| format!("{e:?}"))?;
        Ok(Fjall(db, k))
    }
}
impl Engine for Fjall {
    fn commit(&mut self, ops: &[&Op]) {
        let mut b = self.0.batch().durability(Some(fjall::PersistMode::SyncAll));
        for op in ops {
            match op {
                Op::Put(k, v) => b.insert(&self.1, &k[..], &v[..]),
                Op::Reserve(k) => {
                    let v = turn(&self.1.get(&k[..]).unwrap().unwrap());
                    b.insert(&self.1, &k[..], &v[..])
                }
            }
        }
        b.commit().unwrap();
    }
    fn reader(&self) -> Read {
        let k2 = self.1.clone();
        Box::new(move |k| k2.get(&k[..]).unwrap().unwrap().to_vec().len())
    }
}

struct Lmdb(heed::Env, heed::Database<heed::types::Bytes, heed::types::Bytes>);
impl Lmdb {
    fn open(p: &Path) -> Result<Self, String> {
        let d = p.join("lmdb");
        std::fs::create_dir_all(&d).unwrap();
        let env = unsafe { heed::EnvOpenOptions::new().map_size(4 << 30).open(&d) }
            .map_err(|e| e.to_string())?;
        let mut t = env.write_txn().unwrap();
        let db = env.create_database(&mut t, None).unwrap();
        t.commit().unwrap();
        Ok(Lmdb(env, db))
    }
}
impl Engine for Lmdb {
    fn commit(&mut self, ops: &[&Op]) {
        let mut t = self.0.write_txn().unwrap();
        for op in ops {
            match op {
                Op::Put(k, v) => self.1.put(&mut t, &k[..], v).unwrap(),
                Op::Reserve(k) => {
                    let v = turn(self.1.get(&t, &k[..]).unwrap().unwrap());
                    self.1.put(&mut t, &k[..], &v).unwrap()
                }
            }
        }
        t.commit().unwrap();
    }
    fn reader(&self) -> Read {
        let (e, db) = (self.0.clone(), self.1);
        Box::new(move |k| {
            let t = e.read_txn().unwrap();
            db.get(&t, &k[..]).unwrap().unwrap().to_vec().len()
        })
    }
}

struct Sqlite(rusqlite::Connection, std::path::PathBuf);
fn conn(p: &Path) -> Result<rusqlite::Connection, String> {
    let c = rusqlite::Connection::open(p).map_err(|e| e.to_string())?;
    c.busy_timeout(Duration::from_secs(10)).unwrap();
    c.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384; CREATE TABLE IF NOT EXISTS r(n INTEGER PRIMARY KEY, k BLOB NOT NULL UNIQUE, v BLOB NOT NULL)").map_err(|e| e.to_string())?;
    Ok(c)
}
impl Sqlite {
    fn open(p: &Path) -> Result<Self, String> {
        let f = p.join("sqlite");
        Ok(Sqlite(conn(&f)?, f))
    }
}
impl Engine for Sqlite {
    fn commit(&mut self, ops: &[&Op]) {
        let t = self.0.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
        for op in ops {
            match op {
                Op::Put(k, v) => {
                    t.prepare_cached("INSERT INTO r(k,v) VALUES(?,?)")
                        .unwrap()
                        .execute((&k[..], v))
                        .unwrap();
                }
                Op::Reserve(k) => {
                    let (n, v): (i64, Vec<u8>) = t
                        .prepare_cached("SELECT n,v FROM r WHERE k=?")
                        .unwrap()
                        .query_row([&k[..]], |r| Ok((r.get(0)?, r.get(1)?)))
                        .unwrap();
                    t.prepare_cached("UPDATE r SET v=? WHERE n=?")
                        .unwrap()
                        .execute((turn(&v), n))
                        .unwrap();
                }
            }
        }
        t.commit().unwrap();
    }
    fn reader(&self) -> Read {
        let c = conn(&self.1).unwrap();
        Box::new(move |k| {
            let v: Vec<u8> = c
                .prepare_cached("SELECT v FROM r WHERE k=?")
                .unwrap()
                .query_row([&k[..]], |r| r.get(0))
                .unwrap();
            v.len()
        })
    }
}

fn open(name: &str, p: &Path) -> Result<Box<dyn Engine>, String> {
    Ok(match name {
        "redb" => Box::new(Redb::open(p)?),
        "fjall" => Box::new(Fjall::open(p)?),
        "lmdb" => Box::new(Lmdb::open(p)?),
        "sqlite" => Box::new(Sqlite::open(p)?),
        _ => panic!(),
    })
}

fn key(n: u64) -> [u8; 32] {
    let mut k = [0; 32];
    let mut x = n.wrapping_mul(0x9E3779B97F4A7C15) ^ 0xD1B54A32D192ED03;
    for c in k.chunks_mut(8) {
        x ^= x >> 30;
        x = x.wrapping_mul(0xBF58476D1CE4E5B9);
        x ^= x >> 27;
        x = x.wrapping_mul(0x94D049BB133111EB);
        x ^= x >> 31;
        c.copy_from_slice(&x.to_le_bytes());
        x = x.wrapping_add(n)
    }
    k
}
fn value(n: u64) -> Vec<u8> {
    let mut v = vec![0; 500];
    let mut i = n;
    for c in v.chunks_mut(32) {
        i += 1 << 40;
        let k = key(i);
        c.copy_from_slice(&k[..c.len()])
    }
    v
}

/// `writers` closed-loop clients for `ops` operations; one writer thread, everything queued is one commit.
fn load(
    e: &mut dyn Engine,
    writers: u64,
    ops: u64,
    make: &(dyn Fn(u64) -> Op + Sync),
) -> (f64, f64) {
    let (tx, rx): (Sender<(Op, Sender<()>)>, Receiver<(Op, Sender<()>)>) = channel();
    let begun = Instant::now();
    let mut groups = 0u64;
    std::thread::scope(|s| {
        for w in 0..writers {
            let tx = tx.clone();
            s.spawn(move || {
                let (a, b) = channel();
                for i in (w..ops).step_by(writers as usize) {
                    tx.send((make(i), a.clone())).unwrap();
                    b.recv().unwrap();
                }
            });
        }
        drop(tx);
        while let Ok(first) = rx.recv() {
            let mut batch = vec![first];
            while let Ok(more) = rx.try_recv() {
                batch.push(more)
            }
            let ops: Vec<&Op> = batch.iter().map(|(op, _)| op).collect();
            e.commit(&ops);
            groups += 1;
            for (_, a) in batch {
                let _ = a.send(());
            }
        }
    });
    let t = begun.elapsed().as_secs_f64();
    (ops as f64 / t, ops as f64 / groups as f64)
}
fn du(p: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    std::fs::read_dir(p)
        .unwrap()
        .map(|e| {
            let e = e.unwrap();
            let m = e.metadata().unwrap();
            if m.is_dir() { du(&e.path()) } else { m.blocks() * 512 }
        })
        .sum()
}

fn main() {
    let a: Vec<String> = std::env::args().collect();
    let (what, name, p) = (&a[1], &a[2], Path::new(&a[3]));
    std::fs::create_dir_all(p).unwrap();
    if what == "second" {
        match open(name, p) {
            Err(e) => {
                println!("    second process: refused: {e}");
            }
            Ok(mut e) => {
                for i in 0..200u64 {
                    e.commit(&[
                        &Op::Reserve(key(1 << 50)),
                        &Op::Put(key((1 << 51) + i + (std::process::id() as u64) * 1000), value(i)),
                    ]);
                }
                println!("    second process: wrote 200");
            }
        }
        return;
    }
    let mut e = open(name, p).unwrap();
    // fill to 100k first in groups of 256
    let n = 100_000u64;
    let t = Instant::now();
    let all: Vec<Op> = (0..n).map(|i| Op::Put(key(i), value(i))).collect();
    for c in all.chunks(256) {
        e.commit(&c.iter().collect::<Vec<_>>())
    }
    println!("{name}: fill 100k in groups of 256: {:.0}/s", n as f64 / t.elapsed().as_secs_f64());
    let (p1, _) = load(&mut *e, 1, 500, &|i| Op::Put(key(1 << 40 | i), value(i)));
    let (p64, g) = load(&mut *e, 64, 20_000, &|i| Op::Put(key(1 << 41 | i), value(i)));
    println!("  put 1 writer {p1:.0}/s; 64 writers {p64:.0}/s, group {g:.0}");
    let (r1, _) = load(&mut *e, 1, 500, &|i| Op::Reserve(key(i * 7919 % n)));
    let (r64, g) = load(&mut *e, 64, 20_000, &|i| Op::Reserve(key(i * 7919 % n)));
    println!("  reserve 1 {r1:.0}/s; 64 {r64:.0}/s, group {g:.0}");
    let mut r = e.reader();
    let t = Instant::now();
    let mut sum = 0;
    for i in 0..100_000u64 {
        sum += r(&key(i * 104729 % n))
    }
    assert_eq!(sum, 50_000_000);
    println!("  fetch 1 thread {:.0}/s", 1e5 / t.elapsed().as_secs_f64());
    drop(r);
    e.commit(&[&Op::Put(key(1 << 50), vec![0; 500])]);
    // two processes: both write at once while this one holds it open
    let mut child =
        std::process::Command::new(&a[0]).args(["second", name, &a[3]]).spawn().unwrap();
    let mut mine = 0;
    while child.try_wait().unwrap().is_none() || mine < 200 {
        e.commit(&[&Op::Reserve(key(1 << 50)), &Op::Put(key((1 << 52) + mine), value(mine))]);
        mine += 1;
        if mine > 20_000 {
            break;
        }
    }
    println!("    first wrote {mine} meanwhile");
    drop(e);
    println!(
        "  on disk with 120.5k entries after close: {:.0} B an entry",
        du(p) as f64 / 120_500.0
    );
}
