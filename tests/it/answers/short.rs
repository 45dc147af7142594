//! Short values stand in texts by chance: below a length that the operator sets they are
//! looked for as whole JSON values alone.

use super::{SAY, Scene};
use crate::support::house::{mistakes, preamble};
use crate::support::{Reply, issue, request};

const PAYLOAD: &str = r#"{"id":"u-4711","a":"Bob","b":"Otto","c":"Ottilie"}"#;
const SAID: &str = r#"{"text":"to Bob, Otto, Ottilie","a":"Bob","b":"Otto","c":"Ottilie"}"#;

async fn heard(limits: &str) -> String {
    let dialect = SAY.replace("MORE", "redact_as = \"mark\"");
    let scene = Scene::of(&dialect, limits).await;
    let handle = issue(&scene.running, PAYLOAD).await;
    scene.will(Reply::json(200, SAID));
    let call = request("GET", "/say", &[("X-Ticket", &handle)], b"");
    scene.running.send(&call).await.text()
}

#[test]
fn a_length_out_of_bounds_is_a_mistake() {
    let value = [0, 2, 17].map(|bytes| ("short_value_max", bytes, "must be from 3 to 16"));
    let number = [0, 5].map(|bytes| ("short_number_max", bytes, "must be from 1 to 4"));
    for (key, bytes, why) in value.into_iter().chain(number) {
        let text = format!("{}[limits]\n{key} = {bytes}\n", preamble());
        let told = mistakes(&text, std::path::Path::new("."));
        assert!(told.contains(&format!("limits.{key}")) && told.contains(why), "{told}");
    }
}

#[tokio::test]
async fn a_short_number_and_a_single_letter_are_found_in_quotes() {
    const SHORT: &str = r#"{"id":"u-4711","pin":"123","age":42,"initial":"K","vip":"true"}"#;
    const ECHO: &str =
        r#"{"pin":"123","age":"42","initial":"K","vip":"true","code":123,"count":42,"ok":true}"#;
    const QUOTED: &str =
        r#""pin":"[redacted]","age":"[redacted]","initial":"[redacted]","vip":"[redacted]""#;
    const FOUND: &str = r#""code":"[redacted]","count":"[redacted]""#;
    for (limits, bare) in
        [("", r#""code":123,"count":42"#), ("[limits]\nshort_number_max = 1\n", FOUND)]
    {
        let scene = Scene::of(&SAY.replace("MORE", "redact_as = \"mark\""), limits).await;
        let handle = issue(&scene.running, SHORT).await;
        scene.will(Reply::json(200, ECHO));
        let call = request("GET", "/say", &[("X-Ticket", &handle)], b"");
        let heard = scene.running.send(&call).await.text();
        assert_eq!(heard, format!(r#"{{{QUOTED},{bare},"ok":true}}"#), "{limits}");
    }
}

#[tokio::test]
async fn below_the_length_a_value_is_found_as_a_whole_alone() {
    let whole = r#""a":"[redacted]","b":"[redacted]","c":"[redacted]""#;
    for (limits, text) in [
        ("", "to Bob, [redacted], [redacted]"),
        ("[limits]\nshort_value_max = 3\n", "to [redacted], [redacted], [redacted]"),
        ("[limits]\nshort_value_max = 5\n", "to Bob, Otto, [redacted]"),
        ("[limits]\nshort_value_max = 16\n", "to Bob, Otto, Ottilie"),
    ] {
        assert_eq!(heard(limits).await, format!("{{\"text\":\"{text}\",{whole}}}"), "{limits}");
    }
}

#[tokio::test]
async fn a_surname_of_one_letter_beyond_ascii_is_found_as_a_whole() {
    let scene = Scene::of(&SAY.replace("MORE", "redact_as = \"mark\""), "").await;
    let handle = issue(&scene.running, r#"{"id":"u-4711","last":"김","initial":"C"}"#).await;
    scene.will(Reply::json(200, r#"{"a":"김","b":"김치","c":"K"}"#));
    let call = request("GET", "/say", &[("X-Ticket", &handle)], b"");
    let heard = scene.running.send(&call).await.text();
    assert_eq!(heard, r#"{"a":"[redacted]","b":"김치","c":"K"}"#);
}
