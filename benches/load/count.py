"""`make bench-count`: instructions and allocations a request, of Cloakroom and of the engine alone.

Counted by callgrind over one connection, so the same on every machine, but for SHA-256:
valgrind hides the processor's instructions for it, and what is done without is counted
apart. Written into `docs/performance.md`.
"""
import os, re, shutil, socket, subprocess, sys, tempfile

import contenders as c, report

PORT, UPSTREAM, SIZED = (int(os.environ.get("BENCH_PORT", 18600)) + at for at in range(3))
WARM, COUNTED = 60, 300


def request(kind, handle):
    head = f"Host: 127.0.0.1:{PORT}\r\nContactCenterId: {c.CENTER}\r\n"
    if kind == "poll":
        return f"GET {c.POLL} HTTP/1.1\r\n{head}\r\n".encode()
    text = c.body(handle)
    return f"POST {c.PATH} HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()


def ask(connection, bytes):
    connection.sendall(bytes)
    answer = b""
    while not answer.endswith(c.ANSWER.encode()):
        piece = connection.recv(65536)
        if not piece:
            raise RuntimeError(f"closed after {answer[-200:]}")
        answer += piece
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{answer[:200]}")


def counted(work, name, kind):
    """The dump of so many requests."""
    out = work.path / f"{name}-{kind}.callgrind"
    command = [c.BUILD / "examples/pass", f"127.0.0.1:{PORT}", f"127.0.0.1:{UPSTREAM}", "alone"]
    if name == "cloakroom":
        command = [c.BUILD / "cloakroom", "serve", "-c", c.cloakroom(work, name, PORT, UPSTREAM)]
    # Without a shell or a pin between: the child is valgrind itself.
    child = subprocess.Popen(["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}", *map(str, command)],
                             cwd=work.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    work.children.append(child)
    if name == "cloakroom":
        c.wait(PORT + 1000)
    c.wait(PORT)
    handles = c.issue(PORT, 50) if name == "cloakroom" else ["klk1_" + "A" * 72]
    turns = [request(kind, handles[turn % len(handles)]) for turn in range(WARM + COUNTED)]
    with socket.create_connection(("127.0.0.1", PORT), 60) as connection:
        for bytes in turns[:WARM]:
            ask(connection, bytes)
        control = lambda *said: subprocess.run(["callgrind_control", *said, str(child.pid)], check=True, capture_output=True)
        control("-i", "on")
        for bytes in turns[WARM:]:
            ask(connection, bytes)
        control("-i", "off")
        control("-d")
    work.stop(child)
    dumps = [file for file in work.path.glob(out.name + "*") if "calls=" in file.read_text(errors="replace")]
    return max(dumps, key=lambda file: file.stat().st_size).read_text(errors="replace")


def read(dump):
    """Instructions in all, those of SHA-256's own, and calls of the allocator, a request."""
    names, into, total, hashed, allocated, calling = {}, None, 0, 0, 0, None

    def named(text):
        number, name = re.match(r"\((\d+)\)(?: (.*))?", text).groups()
        names.setdefault(number, name)
        return names[number] or ""

    for line in dump.splitlines():
        if line.startswith("fn="):
            into = named(line[3:])
        elif line.startswith("cfn="):
            calling = named(line[4:])
        elif line.startswith("calls="):
            if calling in ("mi_malloc_aligned", "mi_zalloc_aligned", "mi_realloc_aligned"):
                allocated += int(line[6:].split()[0])
            calling = "skip"
        elif re.match(r"[+\-*\d]", line):
            if calling == "skip":
                calling = None
                continue
            cost = int(line.split()[1])
            total += cost
            hashed += cost if "compress256" in (into or "") else 0
    return total / COUNTED, hashed / COUNTED, allocated / COUNTED


def main():
    if not shutil.which("valgrind"):
        print("needs valgrind (Debian: valgrind)", file=sys.stderr)
        return 69
    work = c.Work(tempfile.mkdtemp(prefix="cloakroom-count-"), (0, 1 if (os.cpu_count() or 1) > 1 else 0))
    lines = ["| a request | instructions | of them for SHA-256 | allocations |", "| --- | ---: | ---: | ---: |"]
    try:
        c.upstream(work, UPSTREAM, SIZED)
        for name, title in (("pass", "Pingora, nothing in it"), ("cloakroom", "Cloakroom")):
            for kind in ("swap", "poll"):
                total, hashed, allocated = read(counted(work, name, kind))
                lines.append(f"| {title}, {kind} | {total:,.0f} | {hashed:,.0f} | {allocated:,.0f} |")
                print(lines[-1], flush=True)
    finally:
        work.stop_all()
        shutil.rmtree(work.path, ignore_errors=True)
    report.put("count", f"{report.stamp()}.\n\n" + "\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
