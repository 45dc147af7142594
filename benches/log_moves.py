#!/usr/bin/env python3
"""What moving the write-ahead log costs where reserves are spread over many entries.

Writes a database of the disk store's shape (record, its indexes, 16 MiB of cache, fsync at each commit), then runs
transactions of 40 updates of entries at random, with and without moving the log each 4000 pages.

usage: log_moves.py FOLDER [ENTRIES...]
"""

import os
import random
import sqlite3
import sys
import time

TABLES = """
CREATE TABLE record(n INTEGER PRIMARY KEY, id BLOB NOT NULL, tenant TEXT NOT NULL, key_id INTEGER NOT NULL,
    expires INTEGER NOT NULL, subject BLOB, parent BLOB, body BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX record_key ON record(id, tenant);
CREATE INDEX record_expires ON record(expires);
CREATE INDEX record_subject ON record(subject) WHERE subject IS NOT NULL;
"""
GROUPS, GROUP = 150, 40


def filled(path, entries):
    for ending in ("", "-wal", "-shm"):
        if os.path.exists(path + ending):
            os.remove(path + ending)
    database = sqlite3.connect(path, isolation_level=None)
    for setting in ("journal_mode=wal", "synchronous=off", "cache_size=-16384", "secure_delete=on"):
        database.execute("PRAGMA " + setting).fetchall()
    database.executescript(TABLES)
    ids = [os.urandom(16) for _ in range(entries)]
    insert = "INSERT INTO record(id, tenant, key_id, expires, subject, body) VALUES(?, 'acme', 1, 1000, ?, ?)"
    for first in range(0, entries, 20_000):
        database.execute("BEGIN")
        rows = ((one, one, os.urandom(560)) for one in ids[first : first + 20_000])
        database.executemany(insert, rows)
        database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(truncate)").fetchall()
    database.execute("PRAGMA synchronous=full")
    return database, ids


def run(path, entries, moved_at):
    database, ids = filled(path, entries)
    database.execute(f"PRAGMA wal_autocheckpoint={moved_at}").fetchall()
    begun = time.perf_counter()
    for _ in range(GROUPS):
        database.execute("BEGIN IMMEDIATE")
        for _ in range(GROUP):
            find = "SELECT n, body FROM record WHERE id = ? AND tenant = 'acme'"
            n, _ = database.execute(find, (random.choice(ids),)).fetchone()
            database.execute("UPDATE record SET body = ? WHERE n = ?", (os.urandom(620), n))
        database.execute("COMMIT")
    spent = time.perf_counter() - begun
    begun = time.perf_counter()
    _, pages, _ = database.execute("PRAGMA wal_checkpoint(passive)").fetchone()
    rest = (time.perf_counter() - begun) * 1e3
    how = f"moved each {moved_at} pages" if moved_at else "not moved"
    print(f"{entries:8} entries, log {how}: {GROUPS * GROUP / spent:6.0f}/s; then {pages} pages in {rest:.0f} ms", flush=True)
    database.close()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sizes = [int(size) for size in sys.argv[2:]] or [1_000, 100_000, 1_000_000]
    for entries in sizes:
        for moved_at in (0, 4000):
            run(os.path.join(sys.argv[1], "log_moves.db"), entries, moved_at)
