//! Every place a handle can travel, in one dialect of an operator's own: where each
//! stands in a request, by name.

mod bad;
mod escaping;
mod spelling;

use std::path::Path;

use crate::support::client::request;
use crate::support::house::{OTHER_SECRET, Running, SECRET, issue_with, start_text};
use crate::support::tokens::Signing;
use crate::support::{Answer, Vendor};

/// One exchange for each place. The payload's member is always `who`.
const DIALECT: &str = include_str!("locators/places.toml");

/// The text of a request with a handle in one place, and a word in every other.
type Request = fn(&str) -> (String, Vec<(&'static str, String)>, String);

/// A place, and the request that has something in it.
#[derive(Clone, Copy)]
struct Place {
    name: &'static str,
    request: Request,
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A post of a body under a content type.
fn post(path: &str, kind: &str, body: String) -> (String, Vec<(&'static str, String)>, String) {
    (format!("POST {path}"), vec![("Content-Type", kind.to_owned())], body)
}

const PLACES: [Place; 15] = [
    Place {
        name: "json",
        request: |text| post("/json", JSON, format!(r#"{{"a":{{"who":"{text}"}},"n":1.0}}"#)),
    },
    Place {
        name: "json called text",
        request: |text| {
            let kind = "text/plain;charset=UTF-8";
            post("/json", kind, format!(r#"{{"a":{{"who":"{text}"}},"n":1.0}}"#))
        },
    },
    Place {
        name: "json in a json string",
        request: |text| {
            post("/inner", JSON, format!(r#"{{"outer":"{{\"who\":\"{text}\",\"n\":1.0}}"}}"#))
        },
    },
    Place {
        name: "json in a form field",
        request: |text| {
            post("/form", FORM, format!("a=%7e&data=%7B%22who%22%3A%22{text}%22%7D&z=1"))
        },
    },
    Place { name: "form", request: |text| post("/form", FORM, format!("a=%7e&who={text}&z=1")) },
    Place {
        name: "multipart",
        request: |text| {
            let part = "Content-Disposition: form-data; name=";
            let body = format!(
                "--b\r\n{part}\"who\"\r\n\r\n{text}\r\n--b\r\n{part}\"z\"\r\n\r\n1\r\n--b--\r\n"
            );
            post("/multipart", "multipart/form-data; boundary=b", body)
        },
    },
    Place {
        name: "query",
        request: |text| (format!("GET /head/x?a=%7e&who={text}&z=1"), Vec::new(), String::new()),
    },
    Place {
        name: "path",
        request: |text| (format!("GET /head/{text}?z=1"), Vec::new(), String::new()),
    },
    Place {
        name: "header",
        request: |text| ("GET /head/x".to_owned(), vec![("X-Who", text.to_owned())], String::new()),
    },
    Place {
        name: "cookie",
        request: |text| {
            ("GET /head/x".to_owned(), vec![("Cookie", format!("a=1; who={text}"))], String::new())
        },
    },
    Place {
        name: "claim",
        request: |text| {
            let token = Signing::Hs256.mint(&format!(r#"{{"who":"{text}","n":1.0}}"#));
            post("/claim", JSON, format!(r#"{{"token":"{token}"}}"#))
        },
    },
    Place {
        name: "claim of a token in a header",
        request: |text| {
            let token = Signing::Hs256.mint(&format!(r#"{{"who":"{text}"}}"#));
            ("GET /token".to_owned(), vec![("X-Token", token)], String::new())
        },
    },
    Place {
        name: "whole token",
        request: |text| post("/whole", JSON, format!(r#"{{"token":"{text}"}}"#)),
    },
    Place {
        name: "graphql variable",
        request: |text| {
            let query = "query($t:String!){x(t:$t)}";
            post(
                "/graphql",
                JSON,
                format!(r#"{{"query":"{query}","variables":{{"t":"{text}","n":1.0}}}}"#),
            )
        },
    },
    Place {
        name: "anywhere",
        request: |text| {
            post("/anywhere", JSON, format!(r#"{{"deep":[{{"x":"{text}"}},1.0],"text":"Hi"}}"#))
        },
    },
];

impl Place {
    /// The request with this text in the place.
    fn bytes(&self, text: &str) -> Vec<u8> {
        let (line, headers, body) = (self.request)(text);
        let (method, path) = line.split_once(' ').unwrap();
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        request(method, path, &headers, body.as_bytes())
    }

    async fn send(&self, running: &Running, text: &str) -> Answer {
        running.send(&self.bytes(text)).await
    }
}

/// The house with this dialect and a token's key.
async fn house(vendor: &Vendor) -> (Running, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("places.toml"), DIALECT).unwrap();
    let text = format!(
        "{}[[dialect]]\nfile = \"places.toml\"\n[[route]]\ndialect = \"places\"\ntenant = \"acme\"\n\
         upstream = {{ servers = [\"{}\"] }}\n",
        Signing::Hs256.preamble(Path::new(folder.path()), ""),
        vendor.address
    );
    (start_text(&text, folder.path()).await, folder)
}

/// A handle for somebody, with more members of the call.
async fn issued(running: &Running, secret: &str, more: &str) -> serde_json::Value {
    issue_with(running, secret, r#"{"who":"Ann"}"#, more).await
}

fn handle(issued: &serde_json::Value) -> String {
    issued["handle"].as_str().unwrap().to_owned()
}
