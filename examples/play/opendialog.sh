#!/usr/bin/env bash
# A shop's back end and its visitor's browser, as OpenDialog's webchat calls.
#
#   cargo run --example play -- opendialog
#
# starts all that it needs; steps.bash says how to point it at a proxy of your own.
# Needs bash, curl and jq.
source "$(dirname "$0")/steps.bash"

say 'The back end hands the user in'
HANDLE=$(issue '{"payload":{
    "user_id":"u-42","email":"jane@example.com","first_name":"Jane","custom":{"selected_scenario":"0x1"}},"ttl_secs":7200}')
echo "$HANDLE"

# The page: openDialogSettings = { url: PROXY, appKey, user: { email: HANDLE } }. The widget from here on.
JSON=(--header 'Content-Type: application/json' --header 'X-Requested-With: XMLHttpRequest')
open_chat() { jq --null-input --compact-output --arg id "$1" '{notification: "message", user_id: $id, author: $id,
  content: {type: "chat_open", callback_id: "WELCOME", user_id: $id, author: $id, user: {email: $id, os: "Mac OS"}}}'; }
text() { jq --null-input --compact-output --arg id "$1" --arg text "$2" '{notification: "message", user_id: $id,
  author: $id, content: {type: "text", user_id: $id, author: $id, data: {text: $text}}}'; }
PROFILE='"user_id":"u-42","email":"jane@example.com","first_name":"Jane","custom":{"selected_scenario":"0x1"}'

say 'The browser asks for the settings, with JSON that it calls text'
browser "/webchat-config?url=https%3A%2F%2Fshop.example&user_id=$HANDLE&width=1440" --header 'Content-Type: text/plain;charset=UTF-8' \
  --data "$(jq --null-input --compact-output --arg id "$HANDLE" '{custom_settings: {appKey: "k", user: {email: $id}}, tags: {}}')"
saw 'user_id=u-42&' "\"user\":{$PROFILE}"

say 'It opens the chat: the id in five places of one body, and the profile'
browser /incoming/webchat "${JSON[@]}" --data "$(open_chat "$HANDLE")"
saw '"user_id":"u-42","author":"u-42","content"' "\"user\":{$PROFILE,\"os\":\"Mac OS\"}"

say 'It sends a text: the id again, and a handle in the text stays one'
browser /incoming/webchat "${JSON[@]}" --data "$(text "$HANDLE" "my code is $HANDLE")"
saw '"user_id":"u-42","author":"u-42","data"' "my code is $HANDLE"

say 'It reads the history, by the path'
browser "/user/$HANDLE/history?limit=10"
saw 'GET /user/u-42/history?limit=10'

say 'The chat API of version 3: the id in header and body'
browser /chat-api/message "${JSON[@]}" --header "OPENDIALOG-USER-ID: $HANDLE" --header 'OPENDIALOG-SCENARIO-ID: 0x1' \
  --header 'Authorization: Bearer app-key' --data "$(text "$HANDLE" Hi)"
saw 'opendialog-user-id: u-42' '"user_id":"u-42"' 'authorization: Bearer app-key'

say 'An anonymous visitor passes as he is'
browser /incoming/webchat "${JSON[@]}" --data "$(text 5f0c2d9e Hi)"
saw '"user_id":"5f0c2d9e"'

say 'A forged handle is refused'
refused /incoming/webchat "${JSON[@]}" --data "$(open_chat "${HANDLE%????}AAAA")"
