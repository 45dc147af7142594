"""`make bench`: Cloakroom beside the proxies that a team would script instead.

Checks every contender, then times them in turn, forward and backward, and writes
`docs/performance/results.json`. `--smoke` is a short run that says only whether the
bench itself works; it judges no figure and writes none into the docs.
"""
import argparse, contextlib, datetime, json, os, pathlib, shutil, sys, tempfile, time

import check, contenders as c, meter, report

RECORDER = int(os.environ.get("BENCH_PORT", 18500))  # and up to 2,300 ports above it
UPSTREAM, SIZED, BASE = RECORDER + 1, RECORDER + 2, RECORDER + 100
RESULTS = c.ROOT / "docs/performance/results.json"
TITLES = {name: title for name, title, _ in c.CONTENDERS}


def arguments():
    read = argparse.ArgumentParser(description=__doc__)
    read.add_argument("--smoke", action="store_true")
    read.add_argument("--rounds", type=int, default=4)
    read.add_argument("--seconds", type=int, default=2, help="of each closed loop")
    read.add_argument("--paced-seconds", type=int, default=6)
    read.add_argument("--rate", type=int, default=1000)
    read.add_argument("--connections", type=int, default=32)
    read.add_argument("--handles", type=int, default=100_000)
    read.add_argument("--requests", type=int, default=20_000, help="different requests that are sent in turn")
    read.add_argument("--only", nargs="*", help="contenders to take part; needs --out")
    read.add_argument("--out", type=pathlib.Path, default=RESULTS)
    asked = read.parse_args()
    if asked.only and not asked.smoke and asked.out.resolve() == RESULTS:
        read.error("--only times a part: say with --out where it goes, for the committed results are of the whole")
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
        if not check_all(work, field, absent):
            return 1
        results = measure(work, [one for one in field if one[0] not in absent], asked, absent)
        results["absent"] = absent
        text = json.dumps(results, indent=1)
        if asked.smoke:
            failed = sum(name in absent for name, _, _ in field)
            print(f"{len(results['contenders'])} passed, {failed} failed and left out")
        else:
            asked.out.parent.mkdir(parents=True, exist_ok=True)
            asked.out.write_text(text + "\n")
            print(f"wrote {asked.out}")
        print(f"took {time.time() - began:.0f} s")
        return 0
    finally:
        work.stop_all()
        shutil.rmtree(folder, ignore_errors=True)


def ours(name):
    return name.startswith(("pass", "cloakroom"))


def leave_out(name, why, absent):
    absent[name] = why[:300]
    print(f"left out: {TITLES[name]}: {absent[name]}", flush=True)


@contextlib.contextmanager
def or_left_out(work, name, label, absent):
    """A peer that fails here is left out, by name and reason; where ours fails, the run does."""
    before = len(work.children)
    try:
        yield
    except Exception as why:
        if ours(name):
            raise
        log = work.path / f"{label}-{name}.log"
        said = log.read_text(errors="replace").split("\n") if log.exists() else []
        last = [line.strip() for line in said if line.strip()][-1:]
        for child in work.children[before:]:
            work.stop(child)
        leave_out(name, ": ".join([str(why) or type(why).__name__, *last]), absent)


def check_all(work, field, absent):
    recorder, good = check.recorder(RECORDER), True
    for at, (name, title, does) in enumerate(field):
        with or_left_out(work, name, "check", absent):
            wrong = check.check(work, name, does, BASE + 100 + at, RECORDER)
            if wrong and not ours(name):
                leave_out(name, "; ".join(wrong), absent)
                continue
            print(f"checked: {title}: {'; '.join(wrong) or 'does the work'}", flush=True)
            good = good and not wrong
    recorder.shutdown()
    recorder.server_close()
    return good


def measure(work, field, asked, absent):
    meter.UPSTREAM_CHILD.append(c.upstream(work, UPSTREAM, SIZED))
    handles = work.peer_vault(asked.handles, "vault")
    running = {}
    for at, (name, title, does) in enumerate(field):
        port, before = BASE + at, len(work.children)
        with or_left_out(work, name, "run", absent):
            child = c.start(work, name, port, UPSTREAM, work.path / "vault.tsv", "run")
            # A store beside the generator counts as the upstream's side.
            beside = [one for one in work.children[before:] if one is not child]
            meter.UPSTREAM_CHILD.extend(beside)
            own = c.issue(port, asked.handles) if name.startswith("cloakroom") else handles
            step = max(1, len(own) // asked.requests)
            one = {"child": child, "beside": beside, "port": port, "swap": c.requests_file(work.path / f"{name}.swap", port, own[::step]),
                   "poll": c.poll_file(work.path / f"{name}.poll", port)}
            for kind in ("swap", "poll"):
                warmed = meter.closed(work, port, one[kind], 1, asked.connections, child)
                if warmed["bad"]:
                    raise RuntimeError(f"{title}: {warmed['bad']} answers of {warmed['requests']} were not 200")
            running[name] = one
            print(f"ready: {title}", flush=True)
    if not running:
        raise RuntimeError("nothing is left to time")
    rows = {name: {"title": TITLES[name], "swap": [], "poll": [], "paced": [], "memory": []} for name in running}
    direct = [meter.closed(work, UPSTREAM, next(iter(running.values()))["swap"], 1, asked.connections, None)]
    machine = meter.machine()
    for turn in range(asked.rounds):
        order = list(running) if turn % 2 == 0 else list(reversed(running))
        for name in order:
            one = running[name]
            for kind in ("swap", "poll"):
                used = sum(meter.cpu_seconds(child.pid) for child in one["beside"])
                run = meter.closed(work, one["port"], one[kind], asked.seconds, asked.connections, one["child"])
                if one["beside"]:
                    used = sum(meter.cpu_seconds(child.pid) for child in one["beside"]) - used
                    run["store_cpu_us"] = round(used * 1e6 / max(1, run["requests"]), 2)
                rows[name][kind].append(run)
            rows[name]["paced"].append(meter.paced(work, one["port"], one["swap"], asked.rate, asked.paced_seconds, 16, one["child"]))
            rows[name]["memory"].append(meter.memory_mib(one["child"].pid))
        print(f"round {turn + 1} of {asked.rounds}: load {os.getloadavg()[0]:.2f}", flush=True)
    bad = sum(run["bad"] for row in rows.values() for kind in ("swap", "poll", "paced") for run in row[kind])
    if bad:
        raise RuntimeError(f"{bad} answers were not 200: the figures say nothing")
    return {"machine": machine, "when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="minutes"),
            "commit": report.commit(), "settings": {name: getattr(asked, name) for name in
                                             ("rounds", "seconds", "paced_seconds", "rate", "connections", "handles", "requests")},
            "upstream_alone": direct, "contenders": rows}


if __name__ == "__main__":
    sys.exit(main())
