"""`make bench-grow`: how the whole proxy's cost grows with what is put on it.

CPU a request of Cloakroom, and of the engine alone where that says more. It compares
with no peer; the results go to `docs/performance/grow.json`.
"""
import argparse, datetime, json, os, pathlib, resource, shutil, statistics, sys, tempfile, time

import contenders as c, meter, report

PORT, PASS, UPSTREAM, SIZED = (int(os.environ.get("BENCH_PORT", 18700)) + at for at in (0, 20, 1, 2))
KIB = [1, 4, 16, 64, 256, 1024]


class Growth:
    def __init__(self, work, asked):
        self.work, self.asked, self.series, self.serial = work, asked, {}, 0

    def cost(self, port, file, child, connections=32, seconds=None, runs=None, **more):
        """The cheaper of the runs: a busy machine only adds."""
        runs = [meter.closed(self.work, port, file, seconds or self.asked.seconds, connections, child, **more) for _ in range(runs or self.asked.runs)]
        if any(run["bad"] for run in runs):
            raise RuntimeError(f"{file}: {runs}")
        return min(run["cpu_us"] for run in runs)

    def cloakroom(self, upstream=UPSTREAM, port=PORT, **more):
        self.serial += 1
        tag = f"grow-{self.serial}"
        config = c.cloakroom(self.work, tag, port, upstream, **more)
        child = self.work.start(tag, [c.BUILD / "cloakroom", "serve", "-c", config], self.work.proxy_core)
        c.wait(port + 1000)
        c.wait(port)
        return child

    def settle(self, child):
        """Waits for the first look at every upstream, which is of the start and not of a request."""
        while True:
            before = meter.cpu_seconds(child.pid)
            time.sleep(1)
            if meter.cpu_seconds(child.pid) - before < 0.02:
                return

    def engine(self, upstream=UPSTREAM):
        child = self.work.start("grow-pass", [c.BUILD / "examples/pass", f"127.0.0.1:{PASS}", f"127.0.0.1:{upstream}", "alone"], self.work.proxy_core)
        c.wait(PASS)
        return child

    def file(self, port, texts, length=None):
        path = self.work.path / f"requests-{port}"
        with open(path, "w") as file:
            for text in texts:
                file.write(f"POST {c.PATH} HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nContactCenterId: {c.CENTER}\\r\\n"
                           f"Content-Type: application/json\\r\\nContent-Length: {length or len(text)}\\r\\n\\r\\n{text}\n")
        return path

    def add(self, name, title, across, **lines):
        self.series[name] = {"title": title, "across": across, "cpu_us": {key.replace("_", " "): line for key, line in lines.items() if line}}
        print(name, {key: [(x, round(y, 1)) for x, y in line] for key, line in lines.items()}, flush=True)

    def by_body(self):
        ours, floor, one, pass_ = [], [], self.cloakroom(), self.engine()
        handles = c.issue(PORT, 200)
        for kib in KIB:
            texts = [c.body(handle, kib * 1024) for handle in handles[: max(8, 200 // kib)]]
            for port, child, line in ((PORT, one, ours), (PASS, pass_, floor)):
                line.append((kib, self.cost(port, self.file(port, texts), child)))
        self.work.stop(one), self.work.stop(pass_)
        self.add("body", "A swap by the size of its body", "KiB", Cloakroom=ours, Pingora_alone=floor)

    def by_connections(self):
        ours, floor, one, pass_ = [], [], self.cloakroom(), self.engine()
        handles = c.issue(PORT, 1000)
        for count in (10, 100, 1_000, 10_000):
            for port, child, line in ((PORT, one, ours), (PASS, pass_, floor)):
                file = c.requests_file(self.work.path / f"c{port}", port, handles)
                try:
                    # So many at once wait for each other for seconds.
                    patience = 30 if count > 1_000 else 2
                    meter.closed(self.work, port, file, self.asked.seconds, count, child, patience)
                    line.append((count, self.cost(port, file, child, count, 2 * self.asked.seconds, patience=patience)))
                except RuntimeError as why:  # an answer that was no 200, or a descriptor too few
                    print(f"{count} connections: {why}", file=sys.stderr)
        self.work.stop(one), self.work.stop(pass_)
        self.add("connections", "A swap by open connections", "connections", Cloakroom=ours, Pingora_alone=floor)

    def by_payload(self):
        line, one = [], self.cloakroom()
        for size in (200, 500, 4000, 16000, 60000):
            handles = c.issue(PORT, 100, size)
            line.append((size, self.cost(PORT, c.requests_file(self.work.path / "payload", PORT, handles), one)))
        self.work.stop(one)
        self.add("payload", "A swap by the size of its payload", "payload bytes", Cloakroom=line)

    def by_slots(self):
        line = []
        for slots in (1, 2, 4, 8, 16, 32):
            dialect = self.work.path / f"slots-{slots}.toml"
            dialect.write_text("""name = "slots"
[rejection]
content_type = "application/json"
body = '{"code":"{rejection}"}'
[[exchange]]
name = "send"
call = "POST /api/v1/messaging/chat/default/send-message"
on_unusable = "reject"
""" + "".join(f'[[exchange.slot]]\nat = {{ json = "/s{at}" }}\naccepts = "handle"\nreveal = {{ member = "name" }}\n' for at in range(slots)))
            one = self.cloakroom(dialect="slots", more=f'[[dialect]]\nfile = "{dialect.name}"')
            handles = c.issue_texts(PORT, ['{"name":"%s"}' % ("Ann-%06d" % number) for number in range(slots * 50)])
            texts = ["{" + ",".join(f'"s{at}":"{handles[turn * slots + at]}"' for at in range(slots)) + "}" for turn in range(50)]
            line.append((slots, self.cost(PORT, self.file(PORT, texts), one)))
            self.work.stop(one)
        self.add("slots", "A swap by the handles in its body", "handles in one body", Cloakroom=line)

    def by_stored(self):
        """A process for each count, in turn: what a machine's minutes differ by is the same for all."""
        rows = []
        for at, count in enumerate(count for count in (1_000, 10_000, 100_000, 1_000_000) if count <= self.asked.stored):
            port = PORT + 40 * (at + 1)
            child = self.cloakroom(port=port)
            handles = self.work.path / f"handles-{count}"
            handles.write_text("\n".join(c.issue(port, count)) + "\n")
            # Any of them at any time, so that none is at hand by chance.
            rows.append((count, port, child, self.file(port, [c.body("@" * c.HANDLE_LEN).replace("@" * c.HANDLE_LEN, "@")], c.BODY_LEN), handles, []))
        for turn in range(3 * self.asked.runs):
            for _, port, child, file, handles, costs in rows[:: 1 if turn % 2 else -1]:
                costs.append(self.cost(port, file, child, runs=1, HANDLES=str(handles)))
        self.add("stored", "A swap by the handles that are stored, each as likely", "handles",
                 Cloakroom=[(count, statistics.median(costs)) for count, *_, costs in rows])
        self.series["stored"]["memory_mib"] = [(count, meter.memory_mib(child.pid)) for count, _, child, *_ in rows]
        for _, _, child, *_ in rows:
            self.work.stop(child)

    def by_routes(self):
        """Hosts of a tenant each; and tenants of one route, told apart by their contact centers, with as many path prefixes."""
        hosts, centers = [], []
        server = f'upstream = {{ servers = ["127.0.0.1:{UPSTREAM}"], health_interval = "10m" }}\n'
        for count in (1, 100, 1_000, 10_000):
            others = range(count - 1)
            center = lambda at: f"{at:08d}-0000-4000-8000-000000000000"
            by_host = "".join(f'[[tenant]]\nid = "t{at}"\n[[route]]\nhost = "h{at}.example"\ndialect = "quiq"\ntenant = "t{at}"\n{server}' for at in others)
            by_center = "".join(f'[[tenant]]\nid = "t{at}"\ncontact_center_ids = ["{center(at)}"]\n' for at in others) + "".join(
                f'[[route]]\npath = "/p{at}/"\ndialect = "quiq"\ntenant = "{c.TENANT}"\n{server}' for at in others)
            tenants = "".join(f', "t{at}"' for at in others)
            for line, more, also in ((hosts, by_host, ""), (centers, by_center, tenants)):
                try:
                    one = self.cloakroom(more=more, tenants=also)
                except RuntimeError as why:
                    print(f"{count} routes: {why}", file=sys.stderr)
                    continue
                self.settle(one)
                handles = c.issue(PORT, 1000)
                line.append((count, self.cost(PORT, c.requests_file(self.work.path / "routes", PORT, handles), one)))
                self.work.stop(one)
        self.add("routes", "A swap by tenants and routes", "tenants and routes", by_host=hosts, by_contact_center_and_path=centers)

    def by_answer(self):
        place = self.work.path / "answers" / c.PATH.lstrip("/")
        place.parent.mkdir(parents=True)
        searched, passed, floor = [], [], []
        for line, extra in ((searched, ""), (passed, 'danger_redact = "off"'), (floor, None)):
            child = self.engine(SIZED) if extra is None else self.cloakroom(SIZED, route_extra=extra)
            port = PASS if extra is None else PORT
            handles = ["klk1_" + "A" * 72] if extra is None else c.issue(PORT, 200)
            for kib in KIB:
                place.write_text(answer(kib * 1024))
                line.append((kib, self.cost(port, c.requests_file(self.work.path / "answer", port, handles), child)))
            self.work.stop(child)
        self.add("answer", "A swap by the size of its answer", "KiB", searched=searched, not_searched=passed, Pingora_alone=floor)


def descriptors():
    """Two for each of 10,000 connections, and some; what may be had, where that is less."""
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (32_768, 32_768))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)


def answer(size):
    """Chat messages that hold nothing of what was revealed."""
    one = '{"id":"m%06d","author":"agent","text":"Thank you, your parcel left on Monday.","at":"2026-11-22T08:00:00Z"}'
    rows = [one % at for at in range(size // len(one % 0) + 1)]
    text = '{"messages":[' + ",".join(rows)
    return text[: size - 4].rsplit("},{", 1)[0].removesuffix("}") + "}]}" if size > 1100 else '{"messages":[%s]}' % ",".join(rows[:9])


def main():
    read = argparse.ArgumentParser(description=__doc__)
    read.add_argument("--seconds", type=int, default=2)
    read.add_argument("--runs", type=int, default=2)
    read.add_argument("--stored", type=int, default=1_000_000)
    read.add_argument("--only", nargs="*")
    read.add_argument("--out", type=pathlib.Path, default=c.ROOT / "docs/performance/grow.json")
    asked = read.parse_args()
    descriptors()
    os.sched_setaffinity(0, {1 if (os.cpu_count() or 1) > 1 else 0})
    work = c.Work(tempfile.mkdtemp(prefix="cloakroom-grow-"), (0, 1 if (os.cpu_count() or 1) > 1 else 0))
    growth = Growth(work, asked)
    try:
        meter.UPSTREAM_CHILD.append(c.upstream(work, UPSTREAM, SIZED))
        for name in ("body", "payload", "slots", "connections", "routes", "answer", "stored"):
            if not asked.only or name in asked.only:
                try:
                    getattr(growth, f"by_{name}")()
                except (RuntimeError, OSError) as why:
                    print(f"by {name}: {why}", file=sys.stderr)
                    for child in work.children[1:]:
                        work.stop(child)
    finally:
        work.stop_all()
        shutil.rmtree(work.path, ignore_errors=True)
    if asked.only and asked.out.exists():
        growth.series = json.loads(asked.out.read_text())["series"] | growth.series
    when = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="minutes")
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps({"when": when, "commit": report.commit(), "seconds": asked.seconds, "rounds": asked.runs, "machine": meter.machine(),
                                     "series": growth.series}, indent=1) + "\n")
    return 0 if growth.series else 1


if __name__ == "__main__":
    sys.exit(main())
