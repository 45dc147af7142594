//! The vendors' scripts in `examples/play/`, run against the house in this process:
//! how each ends, and what the vendor received.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Output;

use tokio::net::TcpListener;

use crate::support::house::start_text;

#[path = "../../examples/play.rs"]
pub(crate) mod example;

use example::{Log, Places, VENDORS, configuration, script, vendor};

/// The example's start is compiled here and run by nobody.
const _: fn() -> Result<(), Box<dyn std::error::Error>> = example::main;

/// Runs a vendor's script against a configuration that is changed before.
async fn run(name: &'static str, change: fn(String) -> String) -> (Output, Vec<String>) {
    let log = Log::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let serving = tokio::spawn(axum::serve(listener, vendor(log.clone())).into_future());
    // The house of the tests takes ports of its own.
    let unused = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
    let places = Places { proxy: unused(8080), control: unused(8081), vendor: at };
    let running = start_text(&change(configuration(name, places)), Path::new(".")).await;
    let places = Places { proxy: running.data, control: running.control, vendor: at };
    let output = tokio::task::spawn_blocking(move || script(name, places).output());
    let output = output.await.unwrap().expect("bash is there");
    serving.abort();
    (output, log.calls())
}

/// What the vendor received from a script that ended well.
async fn played(name: &'static str) -> Vec<String> {
    let (output, calls) = run(name, |text| text).await;
    assert!(output.status.success(), "{output:#?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("Cloakroom-Rejection: handle_unusable"), "{said}");
    for call in &calls {
        let line = call.lines().next().unwrap();
        assert!(said.contains(&format!("   | {line}")), "{line} is not shown: {said}");
    }
    calls
}

/// The request lines of calls.
fn lines(calls: &[String]) -> Vec<&str> {
    calls.iter().map(|call| call.lines().next().unwrap()).collect()
}

fn body(call: &str) -> &str {
    call.split_once("\n\n").unwrap().1.trim_end()
}

/// Asserts that no call but these holds a handle.
#[track_caller]
fn typed_only_in(calls: &[String], typed: &[usize]) {
    let held: Vec<_> = (0..calls.len()).filter(|at| calls[*at].contains("klk1_")).collect();
    assert_eq!(held, typed, "{calls:#?}");
}

#[test]
fn there_is_a_script_for_each_vendor_and_no_other() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/play");
    let mut there: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".sh").map(str::to_owned))
        .collect();
    there.sort();
    let mut vendors = VENDORS;
    vendors.sort_unstable();
    assert_eq!(there, vendors);
}

#[tokio::test]
async fn a_script_fails_where_the_vendor_does_not_get_the_data() {
    for name in VENDORS {
        let (output, calls) = run(name, |text| {
            let from = text.find("dialect = ").unwrap();
            let end = from + text[from..].find('\n').unwrap();
            let passes = "dialect = \"generic\"\nunlisted = \"pass\"";
            format!("{}{passes}{}", &text[..from], &text[end..])
        })
        .await;
        assert!(!output.status.success(), "{name}: {output:#?}");
        // All went through as it was sent, and the script has noticed.
        assert!(calls.iter().any(|call| call.contains("klk1_") || call.contains("id_token")));
    }
}

#[tokio::test]
async fn quiqs_script_shows_the_stored_context_with_every_message() {
    let calls = played("quiq").await;
    let query = "?trackingId=8f3c1d7e&quiqVersion=2.16.17";
    let send = format!("POST /api/v1/messaging/chat/default/send-message{query}");
    let token = format!("POST /api/v1/token/generate{query}");
    assert_eq!(lines(&calls), [&token, &send, &send, &send]);
    let context = r#""context":{"href":"https://shop.example/cart","integrations":[{"provider":"rightnow","name":"incident","id":"35621455"}],"fieldUpdates":[{"field":"schema.conversation.customer.firstName","value":"Ann"}]}}"#;
    assert_eq!(body(&calls[1]), format!(r#"{{"text":"Hi",{context}"#));
    assert_eq!(body(&calls[2]), format!(r#"{{"text":"Are you there?",{context}"#));
    typed_only_in(&calls, &[3]);
}

#[tokio::test]
async fn genesys_script_shows_a_whole_chat() {
    let calls = played("genesys").await;
    let one = "POST /api/v2/chats/conversation-1";
    let get = "GET /api/v2/chats/conversation-1";
    let poll = "GET /api/v2/chats/conversation-1/messages?index=0";
    assert_eq!(lines(&calls), ["POST /api/v2/chats", one, one, one, get, poll, one]);
    let expected = r#"{"operationName":"RequestChat","nickname":"Visitor","subject":"Invoice 17","userData":{"nickname":"Ann","subject":"Invoice 17","FirstName":"Ann","EmailAddress":"ann@example.com","page":"/cart"}}"#;
    assert_eq!(body(&calls[0]), expected);
    typed_only_in(&calls, &[2]);
}

#[tokio::test]
async fn halos_script_shows_claims_of_a_token_and_a_token_of_a_handle() {
    let calls = played("halo").await;
    assert_eq!(
        lines(&calls),
        [
            "GET /api/ChatProfile/7?key=k-1&check_available=true",
            "POST /api/Chat",
            "POST /api/Chat",
            "POST /api/ChatMessage",
            "GET /api/ChatMessage?chat_id=31&last_id=0",
        ]
    );
    let claims = |call: &str| {
        let body: serde_json::Value = serde_json::from_str(body(call)).unwrap();
        let token = body["id_token"].as_str().unwrap();
        crate::support::tokens::Signing::Hs256.open(token).expect("it verifies")
    };
    let expected =
        r#"{"firstname":"John","emailaddress":"john@example.com","CFaccount":"12345678"}"#;
    assert_eq!(claims(&calls[1]), expected);
    let expected = r#"{"iat":1900000000,"exp":1900000300,"emailaddress":"john@example.com"}"#;
    assert_eq!(claims(&calls[2]), expected);
    typed_only_in(&calls, &[]);
}

#[tokio::test]
async fn opendialogs_script_shows_the_id_in_query_body_path_and_header() {
    let calls = played("opendialog").await;
    assert_eq!(
        lines(&calls),
        [
            "POST /webchat-config?url=https%3A%2F%2Fshop.example&user_id=u-42&width=1440",
            "POST /incoming/webchat",
            "POST /incoming/webchat",
            "GET /user/u-42/history?limit=10",
            "POST /chat-api/message",
            "POST /incoming/webchat",
        ]
    );
    let profile = r#""user_id":"u-42","email":"jane@example.com","first_name":"Jane","custom":{"selected_scenario":"0x1"}"#;
    assert!(body(&calls[1]).contains(&format!(r#""user":{{{profile},"os":"Mac OS"}}"#)));
    assert!(calls[4].contains("opendialog-user-id: u-42\n"), "{}", calls[4]);
    typed_only_in(&calls, &[2]);
}

#[tokio::test]
async fn allis_script_shows_the_token_in_a_variable_a_body_and_headers() {
    let calls = played("alli").await;
    let run = "POST /webapi/apps/QXBwOjE=/run";
    assert_eq!(lines(&calls), ["POST /d/user/", "POST /d/user/", run]);
    assert!(body(&calls[0]).ends_with(r#""variables":{"v_token":"tok-1"}}"#), "{}", calls[0]);
    let expected = r#"{"mode":"sync","conversationId":"tok-1","variables":{"account":"12345678","lang":"en"}}"#;
    assert_eq!(body(&calls[2]), expected);
    assert!(calls[2].contains("user-email: ann@example.com\n"), "{}", calls[2]);
    typed_only_in(&calls, &[1]);
}
