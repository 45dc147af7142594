#!/usr/bin/env bash
# Alli's Integrate node and a visitor's browser, as a page on Alli's API calls.
#
#   cargo run --example play -- alli
#
# starts all that it needs; steps.bash says how to point it at a proxy of your own.
# Needs bash, curl and jq.
source "$(dirname "$0")/steps.bash"

say 'The Integrate node posts the conversation token to the control plane, and saves the handle'
HANDLE=$(issue '{"payload":{
    "conversation_token":"tok-1","own_user_id":"u-42","user_email":"ann@example.com","account":"12345678"},"ttl_secs":900}')
echo "$HANDLE"

APP=(--header 'API-KEY: key-1' --header 'Content-Type: application/json')
graphql() { jq --null-input --compact-output --arg query "$1" --argjson variables "$2" '{query: $query, variables: $variables}'; }

say 'The browser resumes the conversation: the token in a variable, the id in a header'
START='mutation($v_token:String!){startConversation(token:$v_token){conversation{id}}}'
browser /d/user/ "${APP[@]}" --header "OWN-USER-ID: $HANDLE" --data "$(graphql "$START" "{\"v_token\":\"$HANDLE\"}")"
saw '"variables":{"v_token":"tok-1"}' 'own-user-id: u-42'

say 'It sends a message: a handle in the text stays one'
SEND='mutation($v_convId:ID!,$v_message:String){sendChat(conversationId:$v_convId,message:$v_message){chat{__typename}}}'
browser /d/user/ "${APP[@]}" --header "OWN-USER-ID: $HANDLE" \
  --data "$(graphql "$SEND" "{\"v_convId\":\"$HANDLE\",\"v_message\":\"my code is $HANDLE\"}")"
saw "\"variables\":{\"v_convId\":\"tok-1\",\"v_message\":\"my code is $HANDLE\"}"

say 'The same by REST: in the body, in variables by their names, in two headers'
browser /webapi/apps/QXBwOjE=/run "${APP[@]}" --header "OWN-USER-ID: $HANDLE" --header "USER-EMAIL: $HANDLE" \
  --data "{\"mode\":\"sync\",\"conversationId\":\"$HANDLE\",\"variables\":{\"account\":\"$HANDLE\",\"lang\":\"en\"}}"
saw '"conversationId":"tok-1"' '{"account":"12345678","lang":"en"}' 'user-email: ann@example.com'

say 'A forged handle is refused'
refused /d/user/ "${APP[@]}" --data "$(graphql "$START" "{\"v_token\":\"${HANDLE%????}AAAA\"}")"
