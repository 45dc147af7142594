"""`make bench-profile`: where a swap's CPU goes, as a table in the docs.

Samples Cloakroom with perf (Debian: linux-perf) in a closed loop and sums what the
samples hit by the library that it belongs to. It names functions, never data.
"""
import os, re, shutil, subprocess, sys, tempfile

import contenders as c, meter, report

PORT, UPSTREAM, SIZED, SECONDS = 18810, 18801, 18802, 6
GROUPS = [  # the first that fits
    ("kernel: network and wake-ups", r"^\[k\]"),
    ("allocator (mimalloc)", r"\b_?mi_"),
    ("access line (tracing, serde_json, metrics' labels)", r"tracing|serde_json::ser|crossbeam_channel|telemetry"),
    ("handle and seal (HMAC, SHA-256, HKDF, AES-GCM, base64)", r"sha2|hmac|hkdf|aes|ghash|polyval|base64|cloakroom::domain|ctr::"),
    ("store", r"moka|crossbeam_epoch|cloakroom::store|quanta"),
    ("finding and splicing (JSON, dialect)", r"cloakroom::(rewrite::(json|splice)|dialect|proxy::swap)|core::str::.*from_utf8"),
    ("searching answers (redaction)", r"cloakroom::(rewrite::redact|proxy::(answer|watch))"),
    ("the rest of Cloakroom", r"cloakroom::"),
    ("Pingora", r"pingora"),
    ("HTTP types and parsing", r"\bhttp::|httparse|h2::|bytes::"),
    ("Tokio", r"tokio|mio::|parking_lot"),
    ("C library and clocks", r"libc|vdso|memmove|memcpy|memset|clock_gettime|__write|__send|__recv|epoll"),
]


def sampled(work, kind, log):
    child = work.start("profile", [c.BUILD / "cloakroom", "serve", "-c", c.cloakroom(work, "profile", PORT, UPSTREAM)], work.proxy_core)
    c.wait(PORT + 1000), c.wait(PORT)
    handles = c.issue(PORT, 20_000)
    file = c.requests_file(work.path / "swap", PORT, handles) if kind == "swap" else c.poll_file(work.path / "poll", PORT)
    meter.closed(work, PORT, file, 1, 32, child)
    perf = subprocess.Popen(["perf", "record", "-o", log, "-F", "3999", "-q", "-p", str(child.pid), "--", "sleep", str(SECONDS)],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run = meter.closed(work, PORT, file, SECONDS, 32, child)
    perf.wait()
    work.stop(child)
    said = subprocess.run(["perf", "report", "-i", log, "--no-children", "--sort", "symbol", "-t", "~"], capture_output=True, text=True)
    return run, re.findall(r"^\s*([\d.]+)% *~([^~]*?)\s*(?:~.*)?$", said.stdout, re.M)


def shares(rows):
    sums = {name: 0.0 for name, _ in GROUPS} | {"everything else": 0.0}
    for share, symbol in rows:
        found = next((name for name, form in GROUPS if re.search(form, symbol)), "everything else")
        sums[found] += float(share)
    return sums


def main():
    if not shutil.which("perf"):
        print("needs perf (Debian: linux-perf)", file=sys.stderr)
        return 69
    os.sched_setaffinity(0, {1 if (os.cpu_count() or 1) > 1 else 0})
    work = c.Work(tempfile.mkdtemp(prefix="cloakroom-profile-"), (0, 1 if (os.cpu_count() or 1) > 1 else 0))
    try:
        meter.UPSTREAM_CHILD.append(c.upstream(work, UPSTREAM, SIZED))
        kinds = {kind: shares(sampled(work, kind, work.path / f"{kind}.perf")[1]) for kind in ("swap", "poll")}
    finally:
        work.stop_all()
        shutil.rmtree(work.path, ignore_errors=True)
    lines = ["| share of the proxy's CPU | swap | poll |", "| --- | ---: | ---: |"]
    for name in kinds["swap"]:
        lines.append(f"| {name} | {kinds['swap'][name]:.1f} % | {kinds['poll'][name]:.1f} % |")
    report.put("profile", f"{report.stamp()}.\n\n" + "\n".join(lines))
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
