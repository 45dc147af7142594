"""Writes the measured part of `docs/performance.md` and its plots from the results.

What stands outside of the two markers in that file is written by hand and kept.
"""
import datetime, html, json, math, os, pathlib, re, statistics, subprocess, sys, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOME = ROOT / "docs/performance"
PAGE = ROOT / "docs/performance.md"
SWAP_TARGETS = [  # against, figure, at most
    ("pass", "swap", 1.05), ("pass", "poll", 1.05), ("pass-alone", "swap", 1.05), ("pass-alone", "poll", 1.05),
    ("nginx-lua", "swap", 1.0), ("nginx-lua", "p99", 1.0), ("nginx-lua", "memory", 1.0), ("nginx-lua", "poll", 1.3),
    ("nginx-lua-json", "swap", 0.65), ("haproxy-lua", "swap", 0.6),
    ("envoy-lua", "swap", 0.5), ("envoy-lua-json", "swap", 0.3), ("envoy-lua", "poll", 0.55),
    ("envoy-lua-json", "poll", 0.55), ("envoy-ext-proc", "swap", 0.25), ("envoy-ext-proc", "poll", 0.55),
    ("node", "swap", 0.18), ("express", "swap", 0.06), ("node", "poll", 0.3), ("express", "poll", 0.3),
]
UNMEASURED = {"envoy-ext-proc": "Envoy + ext_proc"}
FIGURES = {"swap": "CPU a swap", "poll": "CPU a poll", "p99": "p99 at the fixed rate", "memory": "memory"}


def middle(values):
    return statistics.median(values)


def figures(row):
    """For each figure its value in every round."""
    return {
        "swap": [run["cpu_us"] for run in row["swap"]], "poll": [run["cpu_us"] for run in row["poll"]],
        "rps": [run["rps"] for run in row["swap"]], "poll_rps": [run["rps"] for run in row["poll"]],
        "p50": [run["p50_us"] for run in row["paced"]], "p99": [run["p99_us"] for run in row["paced"]],
        "p999": [run["p999_us"] for run in row["paced"]], "memory": row["memory"],
    }


def cell(values, digits=1):
    low, mid, high = min(values), middle(values), max(values)
    text = [f"{one:,.{digits}f}" for one in (mid, low, high)]
    return text[0] if low == high else f"{text[0]} ({text[1]}–{text[2]})"


def table(results):
    rate = results["settings"]["rate"]
    lines = [f"| | CPU µs a swap | CPU µs a poll | swaps/s | polls/s | p50 µs at {rate:,}/s | p99 µs | p99.9 µs | memory MiB |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for row in results["contenders"].values():
        all = figures(row)
        cells = [cell(all["swap"]), cell(all["poll"]), cell(all["rps"], 0), cell(all["poll_rps"], 0), cell(all["p50"], 0), cell(all["p99"], 0),
                 cell(all["p999"], 0), f"{middle(all['memory']):.0f}"]
        lines.append(f"| {row['title']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def ratios(results, ours, theirs, figure):
    """The ratio in every round: minutes apart at most, so that a machine that is busy for long slows both."""
    return [mine / other for mine, other in zip(figures(results["contenders"][ours])[figure], figures(results["contenders"][theirs])[figure]) if other]


def targets(results):
    lines = ["| against | figure | target | as shipped | | answers not searched |", "| --- | --- | ---: | ---: | --- | ---: |"]
    for theirs, figure, most in SWAP_TARGETS:
        row = results["contenders"].get(theirs)
        if not row:
            lines.append(f"| {UNMEASURED.get(theirs, theirs)} | {FIGURES[figure]} | ≤ {most}× | not measured | | |")
            continue
        found = ratios(results, "cloakroom", theirs, figure)
        bare = ratios(results, "cloakroom-bare", theirs, figure) if "cloakroom-bare" in results["contenders"] else []
        said = "met" if middle(found) <= most else "missed"
        lines.append(f"| {row['title']} | {FIGURES[figure]} | ≤ {most}× | {cell(found, 2)}× | **{said}** | {cell(bare, 2) + '×' if bare else ''} |")
    return "\n".join(lines + ["", *redis(results)])


def redis(results):
    """What a store on another process adds to the memory store's latency, in the same round."""
    rows = results["contenders"]
    if "cloakroom-redis" in rows and "cloakroom" in rows:
        far, here = figures(rows["cloakroom-redis"]), figures(rows["cloakroom"])
        added = {at: cell([mine - ours for mine, ours in zip(far[at], here[at])], 0) for at in ("p50", "p99")}
        yield (f"Handles in Redis cost {added['p50']} µs more than in memory at p50 and {added['p99']} µs more at p99, "
               f"at {results['settings']['rate']:,}/s in the same round.")


def bars(results, figure, title, unit):
    rows = [(row["title"], figures(row)[figure]) for row in results["contenders"].values()]
    most = max(max(values) for _, values in rows) or 1
    left, width, step, top = 300, 380, 26, 46
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 {top + step * len(rows) + 12}" font-family="sans-serif" font-size="13">',
           '<rect width="100%" height="100%" fill="#fff"/>', f'<text x="12" y="24" font-size="16" fill="#222">{html.escape(title)}</text>']
    for at, (name, values) in enumerate(rows):
        y, mid = top + at * step, middle(values)
        colour = "#1f6f5c" if name.startswith("Cloakroom") else "#9aa5b1"
        scale = lambda value: round(left + width * value / most, 1)
        out += [f'<text x="{left - 8}" y="{y + 14}" text-anchor="end" fill="#222">{html.escape(name)}</text>',
                f'<rect x="{left}" y="{y + 2}" width="{round(width * mid / most, 1)}" height="16" fill="{colour}"/>',
                f'<path d="M{scale(min(values))} {y + 10}H{scale(max(values))}M{scale(min(values))} {y + 6}v8M{scale(max(values))} {y + 6}v8" stroke="#222" fill="none"/>',
                f'<text x="{scale(max(values)) + 8}" y="{y + 14}" fill="#222">{mid:,.{1 if mid < 1000 else 0}f} {unit}</text>']
    return "\n".join(out + ["</svg>", ""])


def curves(series, title, across, unit):
    """Lines over a logarithmic axis: `series` is {name: [(x, y), …]}."""
    points = [point for line in series.values() for point in line]
    low, high = math.log10(max(1, min(x for x, _ in points))), math.log10(max(10, max(x for x, _ in points)))
    most = max(y for _, y in points) * 1.1 or 1
    place = lambda x, y: (round(70 + 560 * (math.log10(max(1, x)) - low) / ((high - low) or 1), 1), round(250 - 190 * y / most, 1))
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 300" font-family="sans-serif" font-size="13">', '<rect width="100%" height="100%" fill="#fff"/>',
           f'<text x="12" y="24" font-size="16" fill="#222">{html.escape(title)}</text>', '<path d="M70 60V250H630" stroke="#222" fill="none"/>',
           f'<text x="350" y="292" text-anchor="middle" fill="#222">{html.escape(across)}</text>']
    for share in (0.5, 1.0):
        out.append(f'<text x="64" y="{254 - 190 * share:.0f}" text-anchor="end" fill="#222">{most * share:,.{0 if most > 20 else 1}f}</text>')
    out.append(f'<text x="12" y="48" fill="#222">{html.escape(unit)}</text>')
    for x in sorted({x for x, _ in points}):
        out.append(f'<text x="{place(x, 0)[0]}" y="270" text-anchor="middle" fill="#222">{x:,}</text>')
    named = []
    for at, (name, line) in enumerate(series.items()):
        colour = ["#1f6f5c", "#9aa5b1", "#b5651d", "#4b5fa8"][at % 4]
        path = " ".join(f"{x},{y}" for x, y in (place(*point) for point in line))
        out += [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
        out += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in (place(*point) for point in line)]
        end = place(*line[-1])
        # Two lines that end together would have their names on each other.
        while any(abs(end[1] - other) < 14 for other in named):
            end = (end[0], end[1] - 14)
        named.append(end[1])
        out.append(f'<text x="{end[0] + 10}" y="{round(end[1] + 4, 1)}" fill="{colour}">{html.escape(name)}</text>')
    return "\n".join(out + ["</svg>", ""])


def circumstances(results):
    machine, settings = results["machine"], results["settings"]
    others = [run["others_core_share"] for row in results["contenders"].values() for kind in ("swap", "poll", "paced") for run in row[kind]]
    versions = "; ".join(machine["versions"].values())
    absent = "".join(f"\nLeft out: {name}: {why}." for name, why in results["absent"].items())
    return (f"{results['when']}, commit `{results['commit']}`. {machine['cpu']}, {machine['cores']} virtual cores, {machine['memory_gib']} GiB, Linux "
            f"{machine['kernel']}; {versions}.\nProxy on one core, generator and upstream on the other. {settings['handles']:,} handles stored, "
            f"{settings['requests']:,} different requests in turn; {settings['rounds']} rounds, forward and backward, of {settings['seconds']} s closed loop "
            f"over {settings['connections']} connections for swap and poll each, and {settings['paced_seconds']} s at {settings['rate']:,}/s over 16. "
            f"Medians over the rounds; in brackets the lowest and the highest. Other processes took {100 * middle(others):.0f} % of one core while measuring "
            f"(median; at most {100 * max(others):.0f} %). The upstream alone: {results['upstream_alone'][0]['rps']:,} requests/s.{absent}")


def stamp(seconds=None):
    """When, on what, and of which commit a section was measured that has no file of results."""
    when = datetime.datetime.fromtimestamp(seconds or time.time(), datetime.timezone.utc).isoformat(timespec="minutes")
    model = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{when}, commit `{commit()}`, {model[0] if model else 'unknown CPU'}"


def commit():
    """What was measured: the documents that a run before wrote are no part of it."""
    git = ["git", "-C", str(ROOT)]
    said = subprocess.run([*git, "describe", "--always"], capture_output=True, text=True).stdout.strip()
    changed = subprocess.run([*git, "status", "--porcelain", "--", "src", "conf", "examples", "benches", "Cargo.toml", "Cargo.lock"], capture_output=True, text=True).stdout
    return said + ("-dirty" if changed else "")


def put(name, text):
    """Replaces what stands between the markers of that name."""
    first, last = f"<!-- {name}: written by benches/load/report.py -->", f"<!-- /{name} -->"
    page = PAGE.read_text()
    if first not in page or last not in page:
        raise SystemExit(f"{PAGE} lacks the markers of {name}")
    PAGE.write_text(page.split(first)[0] + first + "\n" + text + "\n" + last + page.split(last, 1)[1])


def main():
    measured, grown = HOME / "results.json", HOME / "grow.json"
    if measured.exists():
        compared(json.loads(measured.read_text()))
    if grown.exists():
        grow(json.loads(grown.read_text()))
    criterion = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "criterion"
    if criterion.exists():
        hot(criterion)


def compared(results):
    put("circumstances", circumstances(results))
    put("table", table(results))
    put("targets", targets(results))
    plots = {"swap": ("CPU of the proxy a swap", "µs"), "poll": ("CPU of the proxy a poll", "µs"),
             "p99": (f"99th percentile at {results['settings']['rate']:,} swaps a second", "µs"), "memory": ("Memory with the handles stored", "MiB")}
    for figure, (title, unit) in plots.items():
        (HOME / f"{figure}.svg").write_text(bars(results, figure, title, unit))


def hot(folder):
    """What criterion last estimated, in the order of its groups."""
    lines = ["| | median | 95 % interval | GB/s |", "| --- | ---: | --- | ---: |"]
    found = []
    for file in folder.glob("**/new/estimates.json"):
        named = json.loads((file.parent / "benchmark.json").read_text())
        size = int("".join(re.findall(r"\d+", (named["value_str"] or "0").replace("KiB", "000"))) or 0)
        through = named.get("throughput") or {}
        found.append((named["group_id"], size, named["full_id"], json.loads(file.read_text())["median"], through.get("Bytes")))
    for _, _, name, median, size in sorted(found, key=lambda one: one[:3]):
        inside = median["confidence_interval"]
        lines.append(f"| {name} | {nanos(median['point_estimate'])} | {nanos(inside['lower_bound'])} – {nanos(inside['upper_bound'])} | {speed(size, median)} |")
    newest = max(file.stat().st_mtime for file in folder.glob("**/new/estimates.json"))
    put("hot", f"{stamp(newest)}.\n\n" + "\n".join(lines))


def speed(size, median):
    return f"{size / median['point_estimate']:.2f}" if size else ""


def nanos(time):
    return f"{time:,.0f} ns" if time < 10_000 else f"{time / 1000:,.1f} µs"


def grow(results):
    lines = []
    for name, one in results["series"].items():
        (HOME / f"grow-{name}.svg").write_text(curves(one["cpu_us"], one["title"], one["across"], "CPU µs"))
        lines += [f"### {one['title']}", "", f"![{one['title']}](performance/grow-{name}.svg)", "", f"| {one['across']} | " + " | ".join(one["cpu_us"]) + " |",
                  "| ---: |" + " ---: |" * len(one["cpu_us"])]
        for at, (x, _) in enumerate(next(iter(one["cpu_us"].values()))):
            lines.append(f"| {x:,} | " + " | ".join(f"{line[at][1]:,.1f}" if at < len(line) else "" for line in one["cpu_us"].values()) + " |")
        if "memory_mib" in one:
            lines += ["", "Memory: " + ", ".join(f"{mib:,.0f} MiB with {x:,}" for x, mib in one["memory_mib"]) + "."]
        lines.append("")
    put("grow", f"{results['when']}, commit `{results['commit']}`, {results['machine']['cpu']}; CPU µs a request of the proxy, {results['seconds']} s each, the "
                f"better of {results['rounds']} runs; with stored handles the median of {3 * results['rounds']}.\n\n" + "\n".join(lines).rstrip())


if __name__ == "__main__":
    sys.exit(main())
