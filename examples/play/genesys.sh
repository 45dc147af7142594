#!/usr/bin/env bash
# A shop's back end and its visitor's browser, as a page on GWS's chat API calls.
#
#   cargo run --example play -- genesys
#
# starts all that it needs; steps.bash says how to point it at a proxy of your own.
# Needs bash, curl and jq.
source "$(dirname "$0")/steps.bash"

say 'The back end hands the data in'
HANDLE=$(issue '{"payload":{
    "nickname":"Ann","subject":"Invoice 17","FirstName":"Ann","EmailAddress":"ann@example.com"},"ttl_secs":900}')
echo "$HANDLE"

CHATS=/api/v2/chats
PAGE=(--header 'ContactCenterId: cfe5ad67-ba6d-4340-81f9-bb680ef5d498' --header 'Content-Type: application/json')
request_chat() { jq --null-input --compact-output --arg handle "$1" '{operationName: "RequestChat",
  nickname: "Visitor", subject: $handle, userData: {cloakroom: $handle, page: "/cart"}}'; }

say 'The browser requests a chat: the vendor gets the data as userData, and one of it as the subject'
CHAT=$(browser "$CHATS" "${PAGE[@]}" --data "$(request_chat "$HANDLE")" | jq --raw-output .id)
saw '"subject":"Invoice 17"' '"EmailAddress":"ann@example.com","page":"/cart"'

say 'It types, and sends a message: nothing to swap, not even a handle in the text'
browser "$CHATS/$CHAT" "${PAGE[@]}" --data '{"operationName":"SendStartTypingNotification"}'
browser "$CHATS/$CHAT" "${PAGE[@]}" --data "{\"operationName\":\"SendMessage\",\"text\":\"Hello? $HANDLE\"}"
browser "$CHATS/$CHAT" "${PAGE[@]}" --data '{"operationName":"SendStopTypingNotification"}'
saw "\"text\":\"Hello? $HANDLE\"" SendStartTypingNotification SendStopTypingNotification

say 'It polls, and ends the chat'
browser "$CHATS/$CHAT" "${PAGE[@]}"
browser "$CHATS/$CHAT/messages?index=0" "${PAGE[@]}"
browser "$CHATS/$CHAT" "${PAGE[@]}" --data '{"operationName":"Complete"}'
saw "GET $CHATS/$CHAT" "GET $CHATS/$CHAT/messages?index=0" Complete

say 'A forged handle is refused'
refused "$CHATS" "${PAGE[@]}" --data "$(request_chat "${HANDLE%????}AAAA")"
