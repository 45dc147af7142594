//! The command line: exit codes, errors of one line, help that teaches.

use std::process::Output;

use crate::support::process::cloakroom;

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn wrong_usage_is_64_and_says_what_to_do() {
    for arguments in [&["serv"][..], &["serve"], &["check"], &["dialect", "show"], &[]] {
        let output = cloakroom(arguments, "");
        assert_eq!(code(&output), 64, "{arguments:?}");
        assert!(errors(&output).contains("Usage:"), "{arguments:?}");
        assert!(said(&output).is_empty());
    }
    assert!(errors(&cloakroom(&["serv"], "")).contains("serve"), "no suggestion");
}

#[test]
fn a_configuration_with_mistakes_is_78_and_every_mistake_has_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.toml");
    std::fs::write(&file, "[data_plane]\nlissen = [\"127.0.0.1:1\"]\n[store]\nkind = \"memry\"\n")
        .unwrap();
    let file = file.to_str().unwrap();
    for command in ["check", "serve"] {
        let output = cloakroom(&[command, "-c", file], "");
        assert_eq!(code(&output), 78);
        let errors = errors(&output);
        assert!(errors.contains("bad.toml:2:1"), "{errors}");
        assert!(errors.contains("did you mean \"listen\""), "{errors}");
        assert!(errors.contains("bad.toml:4:8"), "{errors}");
        assert!(errors.contains("did you mean \"memory\""), "{errors}");
    }
    assert_eq!(code(&cloakroom(&["check", "-c", "/nowhere.toml"], "")), 74);
}

#[test]
fn a_control_plane_that_is_not_there_is_69_and_the_secret_is_not_an_argument() {
    let address = crate::support::process::free_ports(1);
    let url = format!("http://{address}");
    let id = "7b1f4f4e-3f0a-4f43-9b3c-1d2e3f405162";
    let output = cloakroom(&["handle", "inspect", id, "--control", &url], "");
    assert_eq!(code(&output), 64);
    assert!(errors(&output).contains("CLOAKROOM_SECRET"), "{}", errors(&output));
    let mut command =
        crate::support::process::command(&["handle", "inspect", id, "--control", &url]);
    let output = command.env("CLOAKROOM_SECRET", "x").output().unwrap();
    assert_eq!(code(&output), 69);
    assert_eq!(errors(&output).trim_end().lines().count(), 1, "{}", errors(&output));
}

#[test]
fn a_new_key_is_32_bytes_and_never_the_same() {
    let keys: Vec<_> = (0..2).map(|_| said(&cloakroom(&["keygen"], ""))).collect();
    assert_ne!(keys[0], keys[1]);
    assert!(cloakroom_key(&keys[0]), "{}", keys[0]);
}

fn cloakroom_key(text: &str) -> bool {
    cloakroom::domain::RootKey::from_base64(text).is_ok()
}

#[test]
fn dialects_are_listed_shown_and_checked() {
    let list = said(&cloakroom(&["dialect", "list"], ""));
    for name in ["quiq", "genesys", "generic"] {
        assert!(list.contains(name), "{list}");
        let shown = cloakroom(&["dialect", "show", name], "");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.toml");
        std::fs::write(&file, &shown.stdout).unwrap();
        let checked = cloakroom(&["dialect", "check", file.to_str().unwrap()], "");
        assert_eq!(code(&checked), 0, "{}", errors(&checked));
        assert!(said(&checked).contains(": ok:"));
    }
    let unknown = cloakroom(&["dialect", "show", "nope"], "");
    assert_eq!(code(&unknown), 64);
    assert!(errors(&unknown).contains("quiq"));
    assert_eq!(code(&cloakroom(&["dialect", "check", "/nowhere.toml"], "")), 74);
}

#[test]
fn help_teaches_the_first_steps_and_the_exit_codes() {
    let help = cloakroom(&["--help"], "");
    assert_eq!(code(&help), 0);
    for word in ["cloakroom demo", "keygen", "check", "Exit codes", "78"] {
        assert!(said(&help).contains(word), "{word}");
    }
    assert!(said(&cloakroom(&["serve", "--help"], "")).contains("SIGHUP"));
    assert!(said(&cloakroom(&["--version"], "")).contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn what_a_handle_tells_anybody_is_read_offline() {
    let handle = "klk1_AQAs_h2QvA1A4YkctXCSXBTy6qXAvfRI401CHYGHxRRhdGsCgNWF_uksst6t-GsixHG28C6u";
    let output = cloakroom(&["handle", "inspect", handle], "");
    assert_eq!(code(&output), 0, "{}", errors(&output));
    assert!(said(&output).contains("2cfe1d90-bc0d-40e1-891c-b570925c14f2"));
    assert!(!said(&output).contains(handle), "the handle itself is a secret");
    assert_eq!(code(&cloakroom(&["handle", "inspect", "klk1_short"], "")), 64);
}

#[test]
fn the_schema_the_description_and_completions_are_printed() {
    let schema: serde_json::Value =
        serde_json::from_str(&said(&cloakroom(&["schema"], ""))).unwrap();
    assert!(schema["properties"]["data_plane"].is_object());
    let api: serde_json::Value = serde_json::from_str(&said(&cloakroom(&["openapi"], ""))).unwrap();
    assert!(api["paths"]["/v1/handles"]["post"].is_object());
    assert!(said(&cloakroom(&["completions", "bash"], "")).contains("cloakroom"));
}

#[test]
fn a_captured_request_is_explained_without_a_value_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    let text = format!(
        "{}{}",
        crate::support::house::preamble(),
        crate::support::house::route("quiq", "127.0.0.1:9".parse().unwrap())
    );
    std::fs::write(&file, text).unwrap();
    let explain = |input: &str| {
        let arguments = ["explain", "-c", file.to_str().unwrap()];
        let mut command = crate::support::process::command(&arguments);
        command.env("KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        crate::support::process::piped(command, input)
    };
    let handle = "klk1_AQAs_h2QvA1A4YkctXCSXBTy6qXAvfRI401CHYGHxRRhdGsCgNWF_uksst6t-GsixHG28C6u";
    let head = "POST /api/v1/messaging/chat/default/send-message?trackingId=marked HTTP/1.1\r\nHost: chat.test\r\nCookie: marked\r\n";
    let body = format!(r#"{{"text":"marked","context":{{"storedContextId":"{handle}"}}}}"#);
    let told = explain(&format!("{head}\r\n{body}"));
    assert_eq!(code(&told), 0, "{}", errors(&told));
    let told = said(&told);
    for line in [
        "tenant     acme",
        "exchange   send-message",
        "slot       body /context/storedContextId: handle 2cfe1d90-bc0d-40e1-891c-b570925c14f2 (until-expiry, key 1) -> the payload's members, merged into \"/context\"",
        "goes       upstream, if every handle can be redeemed",
    ] {
        assert!(told.contains(line), "{told}");
    }
    assert!(!told.contains("marked") && !told.contains(handle), "{told}");

    let refused = said(&explain("GET /admin HTTP/1.1\nHost: chat.test\n\n"));
    assert!(refused.contains("refused    not_listed (404"), "{refused}");
    assert_eq!(code(&explain("no request")), 64);
    assert_eq!(code(&explain("")), 64);
}
