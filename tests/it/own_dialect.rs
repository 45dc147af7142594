//! An operator's own dialect: every kind of place, from a TOML file alone.

use crate::support::client::request;
use crate::support::house::{preamble, start_text};
use crate::support::{Running, Vendor, issue};

const DIALECT: &str = r#"
name = "own"
[[exchange]]
name = "form"
call = "POST /form"
[[exchange.slot]]
at = { form = "user" }
accepts = "handle-or-plain"
reveal = { member = "name" }
[[exchange.slot]]
at = { form = "data", json = "/who" }
accepts = "handle-or-plain"
reveal = { member = "name" }
[[exchange]]
name = "multipart"
call = "POST /multipart"
[[exchange.slot]]
at = { multipart = "user" }
reveal = { member = "name" }
[[exchange]]
name = "nested"
call = "POST /nested"
[[exchange.slot]]
at = { json = "/outer", inner_json = "/who/*" }
accepts = "handle-or-plain"
reveal = "same-name"
[[exchange]]
name = "cookie"
call = "GET /cookie"
on_unusable = "drop"
[[exchange.slot]]
at = { cookie = "who" }
reveal = { member = "name" }
[[exchange.slot]]
at = { query = "who" }
reveal = { member = "name" }
[[exchange.slot]]
at = { header = "X-Who" }
reveal = { member = "name" }
[[exchange]]
name = "anywhere"
call = "POST /anywhere"
danger_anywhere = true
"#;

async fn own(vendor: &Vendor) -> (Running, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("own.toml"), DIALECT).unwrap();
    let text = format!(
        "{}[[dialect]]\nfile = \"own.toml\"\n[[route]]\ndialect = \"own\"\ntenant = \"acme\"\n\
         upstream = {{ servers = [\"{}\"] }}\n",
        preamble(),
        vendor.address
    );
    (start_text(&text, folder.path()).await, folder)
}

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn a_bad_handle_in_any_place_is_refused_or_taken_out_as_the_exchange_says() {
    let vendor = Vendor::start().await;
    let (running, _folder) = own(&vendor).await;
    let handle = issue(&running, r#"{"name":"Ann"}"#).await;
    let bad = format!("{}AAAA", &handle[..73]);
    for (path, kind, body) in [
        ("/form", FORM.1, format!("a=1&user={bad}")),
        ("/form", FORM.1, format!("data=%7B%22who%22%3A%22{bad}%22%7D")),
        (
            "/nested",
            "application/json",
            format!(r#"{{"outer":"{{\"who\":{{\"name\":\"{bad}\"}}}}"}}"#),
        ),
        ("/anywhere", "application/json", format!(r#"["{bad}"]"#)),
        (
            "/multipart",
            "multipart/form-data; boundary=b",
            format!(
                "--b\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\n{bad}\r\n--b--\r\n"
            ),
        ),
    ] {
        let refused =
            running.send(&request("POST", path, &[("Content-Type", kind)], body.as_bytes())).await;
        assert_eq!(refused.rejection().as_deref(), Some("handle_unusable"), "{path}: {refused:?}");
    }
    vendor.saw_nothing();

    let cookies = format!("a=1; who={bad}; b=2");
    let headers = [("Cookie", cookies.as_str()), ("X-Who", bad.as_str())];
    let dropped =
        running.send(&request("GET", &format!("/cookie?a=1&who={bad}"), &headers, b"")).await;
    assert_eq!(dropped.status, 200);
    let seen = vendor.only();
    assert_eq!(seen.line(), "GET /cookie?a=1 HTTP/1.1");
    assert_eq!(seen.header("cookie").as_deref(), Some("a=1; b=2"));
    assert_eq!(seen.header("x-who"), None);
}

#[tokio::test]
async fn a_form_and_the_json_in_its_field_are_filled_and_the_rest_stays() {
    let vendor = Vendor::start().await;
    let (running, _folder) = own(&vendor).await;
    let handle = issue(&running, r#"{"name":"Ann & \"Co\" é"}"#).await;
    let body = format!(
        "x=%7e+y&user={handle}&data=%7B%22n%22%3A%201%2C%22who%22%3A%22{handle}%22%7D&user=plain"
    );
    assert_eq!(running.send(&request("POST", "/form", &[FORM], body.as_bytes())).await.status, 200);
    assert_eq!(
        vendor.only().text(),
        "x=%7e+y&user=Ann+%26+%22Co%22+%C3%A9&data=%7B%22n%22%3A+1%2C%22who%22%3A%22Ann+%26+%5C%22Co%5C%22+%C3%A9%22%7D&user=plain"
    );
}

#[tokio::test]
async fn a_multipart_field_is_filled_and_a_file_beside_it_is_not_looked_at() {
    let vendor = Vendor::start().await;
    let (running, _folder) = own(&vendor).await;
    let handle = issue(&running, r#"{"name":"Ann"}"#).await;
    let body = |who: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\n{who}\r\n--b\r\n\
             Content-Disposition: form-data; name=\"user\"; filename=\"f\"\r\n\r\n{handle}\r\n--b--\r\n"
        )
    };
    let kind = [("Content-Type", "multipart/form-data; boundary=b")];
    let sent = running.send(&request("POST", "/multipart", &kind, body(&handle).as_bytes())).await;
    assert_eq!(sent.status, 200);
    assert_eq!(vendor.only().text(), body("Ann"));
}

#[tokio::test]
async fn json_inside_a_json_string_is_filled_and_escaped_twice() {
    let vendor = Vendor::start().await;
    let (running, _folder) = own(&vendor).await;
    let handle = issue(&running, r#"{"name":"Ann \"A\""}"#).await;
    let body =
        format!(r#"{{ "n":1, "outer":"{{\"who\":{{\"name\":\"{handle}\",\"x\":\"y\"}}}}" }}"#);
    let sent = running.send(&request("POST", "/nested", &[], body.as_bytes())).await;
    assert_eq!(sent.status, 200);
    assert_eq!(
        vendor.only().text(),
        r#"{ "n":1, "outer":"{\"who\":{\"name\":\"Ann \\\"A\\\"\",\"x\":\"y\"}}" }"#
    );
}

#[tokio::test]
async fn a_cookie_a_parameter_and_a_header_are_filled() {
    let vendor = Vendor::start().await;
    let (running, _folder) = own(&vendor).await;
    let handle = issue(&running, r#"{"name":"Ann"}"#).await;
    let cookies = format!("a=1; who={handle}");
    let headers = [("Cookie", cookies.as_str()), ("X-Who", handle.as_str())];
    let sent =
        running.send(&request("GET", &format!("/cookie?who={handle}&z=%20"), &headers, b"")).await;
    assert_eq!(sent.status, 200);
    let seen = vendor.only();
    assert_eq!(seen.line(), "GET /cookie?who=Ann&z=%20 HTTP/1.1");
    assert_eq!(seen.header("cookie").as_deref(), Some("a=1; who=Ann"));
    assert_eq!(seen.header("x-who").as_deref(), Some("Ann"));
}

#[tokio::test]
async fn a_handle_anywhere_becomes_the_payload_only_where_the_operator_dared() {
    let vendor = Vendor::start().await;
    let (running, _folder) = own(&vendor).await;
    let handle = issue(&running, r#"{"name":"Ann"}"#).await;
    let body = format!(r#"{{"text":"see {handle}","deep":[{{"x":"{handle}"}}],"{handle}":1}}"#);
    assert_eq!(running.send(&request("POST", "/anywhere", &[], body.as_bytes())).await.status, 200);
    let expected =
        format!(r#"{{"text":"see {handle}","deep":[{{"x":{{"name":"Ann"}}}}],"{handle}":1}}"#);
    assert_eq!(vendor.only().text(), expected);
}

#[tokio::test]
async fn a_long_body_of_undeclared_length_is_refused_where_the_head_waits_for_it() {
    let vendor = Vendor::start().await;
    let running =
        crate::support::start(&crate::support::house::route("alli", vendor.address)).await;
    let long = format!(r#"{{"query":"{}"}}"#, "x".repeat(60_000));
    let pieces: Vec<&[u8]> = long.as_bytes().chunks(8000).collect();
    let sent = crate::support::chunked("POST", "/d/user/", &[], &pieces);
    let refused = running.send(&sent).await;
    assert_eq!((refused.status, refused.rejection().as_deref()), (411, Some("framing")));
    vendor.saw_nothing();
}
