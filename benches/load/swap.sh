#!/usr/bin/env bash
# Load with handles in the bodies: 30 s of wrk against the release build, in front
# of a vendor that counts what reached it. Needs wrk and curl (Debian packages).
# Prints wrk's figures, the answers that were not 200, and the vendor's counts.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${SECONDS_OF_LOAD:-30} connections=${CONNECTIONS:-32} handles=${HANDLES_COUNT:-1000}
cargo build --locked --release --bin cloakroom --example vendor

work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
target/release/cloakroom keygen > "$work/1.key" && chmod 600 "$work/1.key"
digest=$(printf %s load-secret | sha256sum | cut -d' ' -f1)
cat > "$work/load.toml" <<TOML
[data_plane]
listen = ["127.0.0.1:18980"]
[control_plane]
listen = ["127.0.0.1:18981"]
[keyring]
current = { id = 1, file = "1.key" }
[[tenant]]
id = "load"
[[tenant.caller]]
name = "load"
secret_sha256 = "$digest"
may = ["issue"]
[[route]]
path = "/"
dialect = "quiq"
tenant = "load"
upstream = { servers = ["127.0.0.1:18990"] }
TOML
target/release/examples/vendor 127.0.0.1:18990 &
target/release/cloakroom serve -c "$work/load.toml" 2> "$work/log" &
until curl -sf http://127.0.0.1:18981/readyz > /dev/null && curl -sf http://127.0.0.1:18990/counts > /dev/null; do :; done

payload='{"integrations":[{"provider":"crm","name":"customer","id":"35621455"}],"fieldUpdates":[{"field":"schema.conversation.customer.firstName","value":"Ann"}]}'
for _ in $(seq "$handles"); do
  curl -s -w '\n' http://127.0.0.1:18981/v1/handles -H 'Authorization: Bearer load-secret' -d "{\"payload\":$payload}" |
    sed 's/.*"handle":"\([^"]*\)".*/\1/'
done > "$work/handles"
HANDLES="$work/handles" wrk -t1 -c"$connections" -d"${seconds}s" --latency -s benches/load/swap.lua http://127.0.0.1:18980
echo "at the vendor: $(curl -s http://127.0.0.1:18990/counts)"
grep -c . "$work/log" | sed 's/^/log lines: /'
