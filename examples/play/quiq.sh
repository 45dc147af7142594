#!/usr/bin/env bash
# A shop's back end and its visitor's browser, as Quiq's SDK calls.
#
#   cargo run --example play -- quiq
#
# starts all that it needs; steps.bash says how to point it at a proxy of your own.
# Needs bash, curl and jq.
source "$(dirname "$0")/steps.bash"

say 'The back end calls stored-context, at the control plane and not at Quiq'
HANDLE=$(curl --silent --fail "$CONTROL/api/v1/messaging/stored-context" --user "crm:$SECRET" \
  --header 'Content-Type: application/json' --data '{"context":{
    "integrations":[{"provider":"rightnow","name":"incident","id":"35621455"}],
    "fieldUpdates":[{"field":"schema.conversation.customer.firstName","value":"Ann"}]}}' | jq --raw-output .key)
echo "$HANDLE"

# The page: chat.setChatContext({ storedContextId: HANDLE }, true). The SDK from here on.
CHAT=/api/v1/messaging/chat/default
QUERY='trackingId=8f3c1d7e&quiqVersion=2.16.17'
SDK=(--header 'Content-Type: application/json' --header 'X-Quiq-Line: 2' --header 'X-Quiq-Client-Id: Quiq-Chat-Client')
SUBJECT=$(printf '{"sub":"8f3c1d7e"}' | base64 | tr -d '=\n')
TOKEN="eyJhbGciOiJIUzI1NiJ9.$SUBJECT.c2lnbmF0dXJl"
message() { jq --null-input --compact-output --arg text "$1" --arg handle "$2" \
  '{text: $text, context: {href: "https://shop.example/cart", storedContextId: $handle}}'; }

say 'The browser begins a session: nothing to swap'
browser "/api/v1/token/generate?$QUERY" --request POST "${SDK[@]}"
saw 'POST /api/v1/token/generate'

say 'The first message: the vendor gets the stored context in place of the handle'
browser "$CHAT/send-message?$QUERY" "${SDK[@]}" --header "X-Quiq-Access-Token: $TOKEN" --data "$(message Hi "$HANDLE")"
saw '"fieldUpdates":[{"field":"schema.conversation.customer.firstName","value":"Ann"}]' '"id":"35621455"'

say 'The second message: the SDK sends the handle again, and it works again'
browser "$CHAT/send-message?$QUERY" "${SDK[@]}" --header "X-Quiq-Access-Token: $TOKEN" --data "$(message 'Are you there?' "$HANDLE")"
saw '"value":"Ann"'

say 'A handle that the visitor types stays one'
browser "$CHAT/send-message?$QUERY" "${SDK[@]}" --header "X-Quiq-Access-Token: $TOKEN" \
  --data "$(jq --null-input --compact-output --arg text "$HANDLE" '{text: $text, context: {}}')"
saw "\"text\":\"$HANDLE\""

say 'A forged handle is refused'
refused "$CHAT/send-message?$QUERY" "${SDK[@]}" --header "X-Quiq-Access-Token: $TOKEN" --data "$(message Hi "${HANDLE%????}AAAA")"
