//! A page's token through the proxy: in each algorithm, what does not verify is
//! refused, and what does is signed again so that the public key opens it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::calls::refused;
use crate::support::house::{SECRET, issue_with, route, start_text};
use crate::support::tokens::{NOW, Signing, pem};
use crate::support::{Answer, Reply, Running, Vendor, request};

/// The house on a route to Halo, with these keys and more lines of `[tenant.jwt]`.
async fn halo(vendor: &Vendor, signing: Signing, more: &str) -> (Running, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let text =
        format!("{}{}", signing.preamble(folder.path(), more), route("halo", vendor.address));
    (start_text(&text, folder.path()).await, folder)
}

/// The two claims of a good handle, with more.
async fn claims(running: &Running, more: &Value) -> String {
    let issued = issue_with(running, SECRET, r#"{"email":"ann@example.com"}"#, "").await;
    let mut claims =
        json!({ "chatmatchingdataguid": issued["id"], "chatmatchingdatakey": issued["key"] });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims.to_string()
}

async fn chat(running: &Running, token: &str) -> Answer {
    let body = json!({ "chatprofile_id": "7", "id_token": token }).to_string();
    running.send(&request("POST", "/api/Chat", &[], body.as_bytes())).await
}

fn encoded(header: &str, claims: &str) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

fn with_hmac(claims: &str, secret: &[u8]) -> String {
    let signed = encoded(r#"{"alg":"HS256","typ":"JWT"}"#, claims);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// The claims of the one token that reached the vendor.
fn opened(vendor: &Vendor, signing: Signing) -> Value {
    let body: Value = serde_json::from_slice(&vendor.only().body).unwrap();
    let claims = signing.open(body["id_token"].as_str().unwrap());
    serde_json::from_str(&claims.expect("the public key opens it")).unwrap()
}

#[tokio::test]
async fn a_token_that_names_no_algorithm_is_refused_in_each_setting() {
    for signing in Signing::ALL {
        let vendor = Vendor::start().await;
        let (running, _files) = halo(&vendor, signing, "").await;
        let claims = claims(&running, &json!({})).await;
        let signature = signing.mint(&claims).split('.').nth(2).unwrap().to_owned();
        for algorithm in ["none", "None", "NONE", ""] {
            let header = format!(r#"{{"alg":"{algorithm}"}}"#);
            let unsigned = encoded(&header, &claims);
            for end in ["", signature.as_str()] {
                let token = format!("{unsigned}.{end}");
                refused(&chat(&running, &token).await, 403, "handle_unusable");
            }
        }
        let token = encoded(r#"{"typ":"JWT"}"#, &claims) + ".";
        refused(&chat(&running, &token).await, 403, "handle_unusable");
        vendor.saw_nothing();
    }
}

#[tokio::test]
async fn a_token_signed_with_the_public_key_as_a_secret_is_refused() {
    for (signing, name) in [(Signing::Rs256, "rsa-public"), (Signing::Es256, "ec-public")] {
        let vendor = Vendor::start().await;
        let (running, _files) = halo(&vendor, signing, "").await;
        let claims = claims(&running, &json!({})).await;
        let text = pem(name);
        let der = SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes()).unwrap();
        for secret in [text.as_bytes(), text.trim_end().as_bytes(), der.as_ref()] {
            let token = with_hmac(&claims, secret);
            refused(&chat(&running, &token).await, 403, "handle_unusable");
        }
        vendor.saw_nothing();
    }
}

#[tokio::test]
async fn a_token_of_another_algorithm_or_key_is_refused() {
    for signing in Signing::ALL {
        let vendor = Vendor::start().await;
        let (running, _files) = halo(&vendor, signing, "").await;
        let claims = claims(&running, &json!({})).await;
        for other in Signing::ALL.into_iter().filter(|other| *other != signing) {
            refused(&chat(&running, &other.mint(&claims)).await, 403, "handle_unusable");
        }
        let stranger = with_hmac(&claims, b"a secret that nobody shares");
        refused(&chat(&running, &stranger).await, 403, "handle_unusable");
        vendor.saw_nothing();
    }
}

#[tokio::test]
async fn a_token_whose_claims_were_changed_is_refused() {
    for signing in Signing::ALL {
        let vendor = Vendor::start().await;
        let (running, _files) = halo(&vendor, signing, "").await;
        let token = signing.mint(&claims(&running, &json!({})).await);
        let parts: Vec<_> = token.split('.').collect();
        let changed = URL_SAFE_NO_PAD.encode(claims(&running, &json!({ "admin": true })).await);
        let token = [parts[0], &changed, parts[2]].join(".");
        refused(&chat(&running, &token).await, 403, "handle_unusable");
        vendor.saw_nothing();
    }
}

#[tokio::test]
async fn a_token_that_has_expired_is_refused_and_one_that_has_not_is_taken() {
    for signing in Signing::ALL {
        let vendor = Vendor::start().await;
        let (running, _files) = halo(&vendor, signing, "").await;
        // A minute is left for clocks that differ.
        let late = signing.mint(&claims(&running, &json!({ "exp": NOW - 61 })).await);
        refused(&chat(&running, &late).await, 403, "handle_unusable");
        vendor.saw_nothing();
        let live = signing.mint(&claims(&running, &json!({ "exp": NOW + 60 })).await);
        assert_eq!(chat(&running, &live).await.status, 200);
        let expected = json!({ "emailaddress": "ann@example.com", "exp": NOW + 60 });
        assert_eq!(opened(&vendor, signing), expected);
    }
}

#[tokio::test]
async fn a_token_for_another_audience_or_of_another_issuer_is_refused() {
    let more = "audience = \"halo\"\nissuer = \"shop\"\n";
    for signing in Signing::ALL {
        let vendor = Vendor::start().await;
        let (running, _files) = halo(&vendor, signing, more).await;
        for wrong in [
            json!({}),
            json!({ "aud": "halo" }),
            json!({ "aud": "halo", "iss": "evil" }),
            json!({ "aud": "other", "iss": "shop" }),
            json!({ "aud": ["other"], "iss": "shop" }),
        ] {
            let token = signing.mint(&claims(&running, &wrong).await);
            refused(&chat(&running, &token).await, 403, "handle_unusable");
        }
        vendor.saw_nothing();
        let right = json!({ "aud": ["other", "halo"], "iss": "shop" });
        let token = signing.mint(&claims(&running, &right).await);
        assert_eq!(chat(&running, &token).await.status, 200);
        assert_eq!(opened(&vendor, signing)["aud"], json!(["other", "halo"]));
    }
}

#[tokio::test]
async fn one_of_the_two_claims_is_no_handle() {
    for signing in Signing::ALL {
        let vendor = Vendor::start().await;
        let (running, _files) = halo(&vendor, signing, "").await;
        let issued = issue_with(&running, SECRET, r#"{"email":"a"}"#, "").await;
        let other = issue_with(&running, SECRET, r#"{"email":"b"}"#, "").await;
        for claims in [
            json!({ "chatmatchingdataguid": issued["id"] }),
            json!({ "chatmatchingdataguid": issued["id"], "chatmatchingdatakey": other["key"] }),
            json!({ "chatmatchingdataguid": 7, "chatmatchingdatakey": issued["key"] }),
        ] {
            let token = signing.mint(&claims.to_string());
            refused(&chat(&running, &token).await, 403, "handle_unusable");
        }
        vendor.saw_nothing();
    }
}

/// What a browser must not get of a token: the whole, and the claims that anybody can read.
#[tokio::test]
async fn a_token_that_was_signed_for_the_vendor_does_not_come_back() {
    // Escaped so, no value of it is found within base64.
    let payload = r#"{"email":"ann@example.com","colour":"gr\u00fcn & bl\u00e4u\u006cich"}"#;
    for (signing, bare) in [(Signing::Hs256, true), (Signing::Es256, true), (Signing::Rs256, false)]
    {
        let vendor = Vendor::answering(|seen| {
            let body: Value = serde_json::from_slice(&seen.body).unwrap();
            let token = body["id_token"].as_str().unwrap();
            let (signed, signature) = token.rsplit_once('.').unwrap();
            let claims = signed.split_once('.').unwrap().1;
            Reply::Raw(
                format!(
                    "HTTP/1.1 200 OK\r\nX-Token: Bearer {token}\r\nContent-Type: text/plain\r\n\
                     Location: /next?t={token}#c={claims}\r\nContent-Length: {}\r\n\r\n\
                     {{\"t\":\"{token}\",\"claims\":\"{claims}\",\"s\":\"{signature}\"}}",
                    token.len() + claims.len() + signature.len() + 27,
                )
                .into_bytes(),
            )
        })
        .await;
        let (running, _files) = halo(&vendor, signing, "").await;
        let issued = issue_with(&running, SECRET, payload, "").await;
        let pair =
            json!({ "chatmatchingdataguid": issued["id"], "chatmatchingdatakey": issued["key"] });
        let sent = match bare {
            true => issued["handle"].as_str().unwrap().to_owned(),
            false => signing.mint(&pair.to_string()),
        };
        let answer = chat(&running, &sent).await;
        let seen: Value = serde_json::from_slice(&vendor.only().body).unwrap();
        let token = seen["id_token"].as_str().unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        assert!(claims.contains(r#"gr\u00fcn & bl\u00e4u\u006cich"#), "{claims}");
        let all = format!("{}{}", answer.head, answer.text());
        assert!(!all.contains(parts[1]), "{all}");
        let body = format!(r#"{{"t":"[redacted]","claims":"[redacted]","s":"{}"}}"#, parts[2]);
        assert_eq!((answer.status, answer.text()), (200, body));
        assert_eq!(answer.header("X-Token").as_deref(), Some("Bearer [redacted]"));
        assert_eq!(answer.header("Location").as_deref(), Some("/next?t=[redacted]#c=[redacted]"));
    }
}

#[tokio::test]
async fn a_token_that_was_signed_when_a_chat_began_does_not_come_back_in_its_polls() {
    let vendor = Vendor::answering(|seen| {
        // Its history repeats what it was given.
        let known = String::from_utf8_lossy(&seen.body).into_owned();
        let said = std::sync::OnceLock::get_or_init(&SAID, || known);
        Reply::json(200, &json!({ "id": 7, "history": said }).to_string())
    })
    .await;
    static SAID: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let (running, _files) = halo(&vendor, Signing::Es256, "").await;
    let token = Signing::Es256.mint(&claims(&running, &json!({})).await);
    assert_eq!(chat(&running, &token).await.status, 200);
    let signed = SAID.get().unwrap();
    let signed: Value = serde_json::from_str(signed).unwrap();
    let signed = signed["id_token"].as_str().unwrap();
    assert_ne!(signed, token);
    for path in ["/api/Chat/7", "/api/ChatMessage?chat_id=7"] {
        let poll = running.send(&request("GET", path, &[], b"")).await;
        assert_eq!(poll.status, 200);
        for part in signed.split('.').skip(1) {
            assert!(!poll.text().contains(part), "{path}: {}", poll.text());
        }
    }
    let other = running.send(&request("GET", "/api/Chat/8", &[], b"")).await;
    assert!(other.text().contains(signed), "another chat's");
}
