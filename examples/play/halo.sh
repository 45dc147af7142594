#!/usr/bin/env bash
# A shop's back end and its visitor's browser, as Halo's chat widget calls.
#
#   cargo run --example play -- halo
#
# starts all that it needs; steps.bash says how to point it at a proxy of your own.
# Also TOKEN_SECRET, the secret of [tenant.jwt].
# Needs bash, curl, jq and openssl.
source "$(dirname "$0")/steps.bash"

b64() { openssl base64 -A | tr '+/' '-_' | tr -d =; }
# A token with these claims, as the back end makes it today.
token() {
  local signed; signed="$(printf '{"alg":"HS256","typ":"JWT"}' | b64).$(printf %s "$1" | b64)"
  echo "$signed.$(printf %s "$signed" | openssl dgst -sha256 -hmac "$TOKEN_SECRET" -binary | b64)"
}
# The claims of the token in a text.
claims() {
  local part; part=$(grep --only-matching '"id_token":"[^"]*' | cut -d. -f2 | tr -- '-_' '+/')
  while [ $((${#part} % 4)) -ne 0 ]; do part="$part="; done
  openssl base64 -d -A <<<"$part"
}
chat() { jq --null-input --compact-output --arg token "$1" '{chatprofile_id: "7", key: "k-1", id_token: $token}'; }
WIDGET=(--header 'Content-Type: application/json')

say 'The back end calls ChatMatchingData, at the control plane and not at Halo'
DATA=$(curl --silent --fail "$CONTROL/api/ChatMatchingData" --header "Authorization: Bearer $SECRET" \
  --header 'Content-Type: application/json' --data '[{"json_content":{
    "firstname":"John","email":"john@example.com","CFaccount":"12345678"}}]')
jq . <<<"$DATA"
TOKEN=$(token "$(jq --compact-output '{chatmatchingdataguid: .guid, chatmatchingdatakey: .key}' <<<"$DATA")")

say 'The browser asks for the profile: nothing to swap'
browser '/api/ChatProfile/7?key=k-1&check_available=true'
saw 'GET /api/ChatProfile/7?key=k-1&check_available=true'

say 'It begins a chat: the vendor gets a token with the data as claims'
browser /api/Chat "${WIDGET[@]}" --data "$(chat "$TOKEN")"
RECEIVED=$(saw); claims <<<"$RECEIVED" | jq .
claims <<<"$RECEIVED" | jq --exit-status '. == {firstname: "John", emailaddress: "john@example.com", CFaccount: "12345678"}' >/dev/null

say 'Or it has a bare handle, and the proxy makes the whole token'
HANDLE=$(issue '{"payload":{"email":"john@example.com"}}')
browser /api/Chat "${WIDGET[@]}" --data "$(chat "$HANDLE")"
RECEIVED=$(saw); claims <<<"$RECEIVED" | jq .
claims <<<"$RECEIVED" | jq --exit-status '.emailaddress == "john@example.com" and .exp - .iat == 300' >/dev/null

say 'It sends a message and polls: nothing to swap'
browser /api/ChatMessage "${WIDGET[@]}" --data '[{"chat_id":31,"text":"Hello?"}]'
browser '/api/ChatMessage?chat_id=31&last_id=0'
saw '"text":"Hello?"' 'GET /api/ChatMessage?chat_id=31&last_id=0'

say 'A forged key in a genuine token is refused'
FORGED=$(token "$(jq --compact-output '{chatmatchingdataguid: .guid, chatmatchingdatakey: (.key[:-4] + "AAAA")}' <<<"$DATA")")
refused /api/Chat "${WIDGET[@]}" --data "$(chat "$FORGED")"
