"""What is read while a contender works: requests, times, CPU and memory.

CPU is user + system time of all its processes from /proc, memory is their
proportional set size, so that pages shared by a master and its worker count once.
"""
import os, pathlib, platform, subprocess, time

import contenders as c

TICK = os.sysconf("SC_CLK_TCK")


def processes(leader):
    """Every process of the session that this one leads."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[3]) == leader:
                found.append((int(entry.name), (int(fields[11]) + int(fields[12])) / TICK))
    return found


def cpu_seconds(leader):
    return sum(used for _, used in processes(leader))


def memory_mib(leader):
    kib = 0
    for pid, _ in processes(leader):
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kib += int(line.split()[1])
    return round(kib / 1024, 1)


def busy_seconds():
    """Of all cores together: not idle, not waiting."""
    fields = [int(field) for field in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:8])) / TICK


def around(run, child, count):
    """CPU µs a request of `child` while `run` runs, and the share of one core that others took."""
    leader = child.pid if child else -1
    ours = os.times()
    before, busy, at = cpu_seconds(leader), busy_seconds(), time.time()
    upstream = upstream_cpu()
    result = run()
    used, seconds = cpu_seconds(leader) - before, time.time() - at
    now = os.times()
    own = used + upstream_cpu() - upstream + sum(now[at] - ours[at] for at in range(4))
    result["cpu_us"] = round(used * 1e6 / max(1, result[count]), 2)
    result["others_core_share"] = round(max(0, busy_seconds() - busy - own) / seconds, 3)
    return result


UPSTREAM_CHILD = []


def upstream_cpu():
    return sum(cpu_seconds(child.pid) for child in UPSTREAM_CHILD)


def closed(work, port, file, seconds, connections, child, patience=2, **environment):
    """As many requests as go, over so many connections; one that takes longer than `patience` seconds is bad."""
    def run():
        said = subprocess.run(["taskset", "-c", str(work.load_core), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", f"{patience}s", "-s",
                               c.ROOT / "benches/load/wrk.lua", f"http://127.0.0.1:{port}"], capture_output=True, text=True,
                              env={**os.environ, "REQUESTS": str(file), **environment})
        lines = [line.split() for line in said.stdout.splitlines() if line.startswith("RESULT")]
        if not lines:
            raise RuntimeError(f"wrk: {said.stdout[-300:]} {said.stderr[-300:]}")
        requests, micros, status, socket, p50, p99 = map(int, lines[0][1:])
        return {"requests": requests, "rps": round(requests * 1e6 / micros), "bad": status + socket, "p50_us": p50, "p99_us": p99}
    return around(run, child, "requests")


def paced(work, port, file, rate, seconds, connections, child):
    """A fixed rate, whatever the answers take."""
    def run():
        said = subprocess.run(["taskset", "-c", str(work.load_core), c.BUILD / "examples/pace", f"127.0.0.1:{port}", file,
                               str(rate), str(seconds), str(connections)], capture_output=True, text=True)
        if said.returncode:
            raise RuntimeError(f"pace: {said.stderr[-300:]}")
        names = ("sent", "bad", "p50_us", "p90_us", "p99_us", "p999_us", "max_us")
        return dict(zip(names, map(int, said.stdout.split())))
    return around(run, child, "sent")


def machine():
    model = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    memory = open("/proc/meminfo").readline().split()[1]
    versions = {}
    for name, command in {"nginx": [c.nginx_binary(), "-v"], "haproxy": ["haproxy", "-v"], "envoy": [os.environ.get("ENVOY", "envoy"), "--version"],
                          "pingap": [os.environ.get("PINGAP", "pingap"), "--version"], "node": ["node", "--version"], "wrk": ["wrk", "-v"]}.items():
        try:
            said = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
            lines = (said.stdout + said.stderr).strip().splitlines()
            versions[name] = lines[0].replace(str(command[0]), name)[:90] if lines else ""
        except OSError:
            pass
    return {"cpu": model[0] if model else platform.machine(), "cores": os.cpu_count(), "memory_gib": round(int(memory) / 2**20),
            "kernel": platform.release(), "load_at_start": os.getloadavg(), "versions": versions}
