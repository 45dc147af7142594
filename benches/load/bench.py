"""`make bench`: Cloakroom beside the proxies that a team would script instead.

Checks every contender, then times them in turn, forward and backward, and writes
`docs/performance/results.json`. `--smoke` is a short run that says only whether the
bench itself works; it judges no figure and writes none into the docs.
"""
import argparse, datetime, json, os, pathlib, shutil, subprocess, sys, tempfile, time

import check, contenders as c, meter

RECORDER = int(os.environ.get("BENCH_PORT", 18500))  # and up to 1,300 ports above it
UPSTREAM, SIZED, BASE = RECORDER + 1, RECORDER + 2, RECORDER + 100
TITLES = {name: title for name, title, _ in c.CONTENDERS}


def arguments():
    read = argparse.ArgumentParser(description=__doc__)
    read.add_argument("--smoke", action="store_true")
    read.add_argument("--rounds", type=int, default=4)
    read.add_argument("--seconds", type=int, default=3, help="of each closed loop")
    read.add_argument("--paced-seconds", type=int, default=8)
    read.add_argument("--rate", type=int, default=1000)
    read.add_argument("--connections", type=int, default=32)
    read.add_argument("--handles", type=int, default=100_000)
    read.add_argument("--requests", type=int, default=20_000, help="different requests that are sent in turn")
    read.add_argument("--only", nargs="*", help="contenders to take part")
    read.add_argument("--out", type=pathlib.Path, default=c.ROOT / "docs/performance/results.json")
    asked = read.parse_args()
    if asked.smoke:
        asked.rounds, asked.seconds, asked.paced_seconds, asked.handles, asked.requests = 1, 1, 1, 1000, 1000
    return asked


def main():
    asked = arguments()
    cores = (0, 1) if (os.cpu_count() or 1) > 1 else (0, 0)
    os.sched_setaffinity(0, {cores[1]})
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cloakroom-bench-"))
    work, began = c.Work(folder, cores), time.time()
    try:
        absent = {name: c.missing(name) for name, _, _ in c.CONTENDERS if c.missing(name)}
        field = [one for one in c.CONTENDERS if one[0] not in absent and (not asked.only or one[0] in asked.only)]
        for name, why in absent.items():
            print(f"left out: {TITLES[name]}: {why}")
        if not check_all(work, field):
            return 1
        results = measure(work, field, asked)
        results["absent"] = absent
        text = json.dumps(results, indent=1)
        if asked.smoke:
            print(f"{len(results['contenders'])} passed, 0 failed")
        else:
            asked.out.parent.mkdir(parents=True, exist_ok=True)
            asked.out.write_text(text + "\n")
            print(f"wrote {asked.out}")
        print(f"took {time.time() - began:.0f} s")
        return 0
    finally:
        work.stop_all()
        shutil.rmtree(folder, ignore_errors=True)


def check_all(work, field):
    recorder, good = check.recorder(RECORDER), True
    for at, (name, title, does) in enumerate(field):
        wrong = check.check(work, name, does, BASE + 100 + at, RECORDER)
        print(f"checked: {title}: {'; '.join(wrong) or 'does the work'}", flush=True)
        good = good and not wrong
    recorder.shutdown()
    recorder.server_close()
    return good


def measure(work, field, asked):
    meter.UPSTREAM_CHILD.append(c.upstream(work, UPSTREAM, SIZED))
    handles = work.peer_vault(asked.handles, "vault")
    running = {}
    for at, (name, title, does) in enumerate(field):
        port = BASE + at
        child = c.start(work, name, port, UPSTREAM, work.path / "vault.tsv", "run")
        own = c.issue(port, asked.handles) if name.startswith("cloakroom") else handles
        step = max(1, len(own) // asked.requests)
        swap = c.requests_file(work.path / f"{name}.swap", port, own[::step])
        running[name] = {"child": child, "port": port, "swap": swap, "poll": c.poll_file(work.path / f"{name}.poll", port)}
        for kind in ("swap", "poll"):
            warmed = meter.closed(work, port, running[name][kind], 1, asked.connections, child)
            if warmed["bad"]:
                raise RuntimeError(f"{title}: {warmed['bad']} answers of {warmed['requests']} were not 200")
        print(f"ready: {title}", flush=True)
    rows = {name: {"title": TITLES[name], "swap": [], "poll": [], "paced": [], "memory": []} for name in running}
    direct = [meter.closed(work, UPSTREAM, next(iter(running.values()))["swap"], 1, asked.connections, None)]
    machine = meter.machine()
    for turn in range(asked.rounds):
        order = list(running) if turn % 2 == 0 else list(reversed(running))
        for name in order:
            one = running[name]
            for kind in ("swap", "poll"):
                rows[name][kind].append(meter.closed(work, one["port"], one[kind], asked.seconds, asked.connections, one["child"]))
            rows[name]["paced"].append(meter.paced(work, one["port"], one["swap"], asked.rate, asked.paced_seconds, 16, one["child"]))
            rows[name]["memory"].append(meter.memory_mib(one["child"].pid))
        print(f"round {turn + 1} of {asked.rounds}: load {os.getloadavg()[0]:.2f}", flush=True)
    bad = sum(run["bad"] for row in rows.values() for kind in ("swap", "poll", "paced") for run in row[kind])
    if bad:
        raise RuntimeError(f"{bad} answers were not 200: the figures say nothing")
    return {"machine": machine, "when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="minutes"),
            "commit": commit(), "settings": {name: getattr(asked, name) for name in
                                             ("rounds", "seconds", "paced_seconds", "rate", "connections", "handles", "requests")},
            "upstream_alone": direct, "contenders": rows}


def commit():
    said = subprocess.run(["git", "-C", c.ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return said.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
