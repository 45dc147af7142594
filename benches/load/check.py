"""Whether a contender does the work, before anybody times it.

A vendor that records what it gets stands behind a fresh instance of the contender;
what arrived must be the expected bytes (or, where the contender writes JSON anew,
the same document), and what must be refused must not arrive.
"""
import base64, http.client, http.server, json, threading, time

import contenders as c


class Recorder(http.server.BaseHTTPRequestHandler):
    protocol_version, seen, answer = "HTTP/1.1", [], c.ANSWER

    def handle_any(self):
        length = self.headers.get("Content-Length")
        text = self.rfile.read(int(length)) if length else b""
        Recorder.seen.append((self.command, self.path, dict(self.headers.items()), text))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(Recorder.answer)))
        self.end_headers()
        self.wfile.write(Recorder.answer.encode())

    do_GET = do_POST = handle_any

    def log_message(self, *_):
        pass


def recorder(port):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Recorder)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def call(port, method, path, text=None, center=c.CENTER):
    """The status of the answer, what arrived at the vendor, and the answer's text."""
    door = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {} if center is None else {"ContactCenterId": center}
    if text is not None:
        headers["Content-Type"] = "application/json"
    Recorder.seen.clear()
    door.request(method, path, text, headers)
    answer = door.getresponse()
    read = answer.read().decode()
    door.close()
    return answer.status, list(Recorder.seen), read


def forged(handle):
    """The same handle with its last MAC byte's neighbour changed."""
    other = "A" if handle[-4] != "A" else "B"
    return handle[:-4] + other + handle[-3:]


def faults(port, does, handles, written_anew, unknown, expired, redacts):
    """Everything that is wrong with a contender; nothing, for one that may be timed."""
    wrong = []

    def expect(what, holds):
        if not holds:
            wrong.append(what)

    for number in (0, len(handles) - 1):
        sent = c.body(handles[number])
        assert len(sent) == c.BODY_LEN
        status, seen, _ = call(port, "POST", c.PATH, sent)
        expect(f"a swap is answered with {status}, reached {len(seen)}", status == 200 and len(seen) == 1)
        if not seen:
            continue
        method, path, headers, text = seen[0]
        expect("method or path changed", (method, path) == ("POST", c.PATH))
        expect("chunked", "transfer-encoding" not in {name.lower() for name in headers})
        want = sent if does != "swap" else sent.replace('"storedContextId":"%s"' % handles[number], c.members(number))
        if written_anew:
            expect("another document", json.loads(text) == json.loads(want))
        else:
            expect(f"other bytes: {text[-600:]!r}", text == want.encode())
    status, seen, _ = call(port, "GET", c.POLL)
    expect(f"a poll is answered with {status}", status == 200 and len(seen) == 1)
    if does == "none":
        return wrong
    refusals = {
        "a swap of an unknown contact center": ("POST", c.PATH, c.body(handles[0]), "another"),
        "a swap of no contact center": ("POST", c.PATH, c.body(handles[0]), None),
        "a poll of an unknown contact center": ("GET", c.POLL, None, "another"),
        "a poll of no contact center": ("GET", c.POLL, None, None),
    }
    if does == "swap":
        refusals |= {
            "a forged handle": ("POST", c.PATH, c.body(forged(handles[0]))),
            "a text that is no handle": ("POST", c.PATH, c.body("klk1_" + "A" * 72)),
            "a signed handle of no payload": ("POST", c.PATH, c.body(unknown)),
        }
        if expired:
            refusals["an expired handle"] = ("POST", c.PATH, c.body(expired))
        value = "Ann-%08d" % 0
        Recorder.answer = '{"echo":"%s"}' % value
        status, _, read = call(port, "POST", c.PATH, c.body(handles[0]))
        Recorder.answer = c.ANSWER
        expect(f"an echo of a revealed value is answered with {status}: {read}", status == 200 and (value in read) != redacts)
    for what, parts in refusals.items():
        status, seen, _ = call(port, *parts)
        expect(f"{what} is let through: {status}, reached {len(seen)}", 400 <= status < 500 and not seen)
    return wrong


def check(work, name, does, port, upstream_port):
    """Starts an instance with 100 payloads, checks it and stops it."""
    handles = work.peer_vault(100, "check")
    unknown = work.sign(b"\0" * 16)
    expired = work.sign(base64.urlsafe_b64decode(handles[0][5:])[:16], ttl=-1)
    child = c.start(work, name, port, upstream_port, work.path / "check.tsv", "check")
    try:
        if name.startswith("cloakroom"):
            # It signs nothing that has expired already.
            handles, unknown, expired = c.issue(port, 100), revoked(port), None
        for _ in range(100):
            status, *_ = call(port, "GET", c.POLL)
            if status == 200:
                break
            time.sleep(0.05)
        redacts = name.startswith("cloakroom") and name != "cloakroom-bare"
        return faults(port, does, handles, "json" in name or name == "express", unknown, expired, redacts)
    finally:
        work.stop(child)


def revoked(port):
    """A handle that Cloakroom signed and no longer knows."""
    plane = http.client.HTTPConnection("127.0.0.1", port + 1000, timeout=10)
    headers = {"Authorization": "Bearer " + c.SECRET, "Content-Type": "application/json"}
    plane.request("POST", "/v1/handles", '{"payload":{"a":"b"}}', headers)
    issued = json.loads(plane.getresponse().read())
    plane.request("DELETE", "/v1/handles/" + issued["id"], headers=headers)
    assert plane.getresponse().status == 204
    return issued["handle"]
