# The steps that every vendor's script is made of. Nothing here knows a vendor.
#
# PROXY, CONTROL and VENDOR are http://host:port, SECRET is that of the caller "crm".
# VENDOR answers GET /received with what arrived since it was asked last.
set -euo pipefail
: "${PROXY:?}" "${CONTROL:?}" "${VENDOR:?}" "${SECRET:?}"

say() { printf '\n== %s\n' "$*"; }

# browser PATH [CURL OPTIONS]: a call to the proxy; prints the answer.
browser() {
  curl --silent --show-error --fail-with-body "$PROXY$1" "${@:2}"
  echo
}

# saw [TEXT...]: prints what is new at the vendor, and fails if a text is not in it.
saw() {
  local received text
  received=$(curl --silent --fail "$VENDOR/received")
  sed 's/^/   | /' <<<"$received"
  for text in "$@"; do
    grep --quiet --fixed-strings -- "$text" <<<"$received" || fail "the vendor did not see $text"
  done
}

# refused PATH [CURL OPTIONS]: a call that must be refused, and not reach the vendor.
refused() {
  local answer
  answer=$(curl --silent --include "$PROXY$1" "${@:2}" | tr -d '\r')
  echo "$answer"
  grep --quiet --ignore-case '^cloakroom-rejection: handle_unusable$' <<<"$answer" || fail "it was not refused"
  [ -z "$(curl --silent --fail "$VENDOR/received")" ] || fail "the vendor saw a refused call"
}

# issue JSON: hands a payload in at the control plane; prints the handle.
issue() {
  curl --silent --fail "$CONTROL/v1/handles" --header "Authorization: Bearer $SECRET" \
    --header 'Content-Type: application/json' --data "$1" | jq --raw-output .handle
}

fail() {
  echo "$*" >&2
  exit 1
}
