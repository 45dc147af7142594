//! The keys of a page's tokens: minted in a test, and opened with the public key
//! when the vendor has them.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use cloakroom::rewrite::jwt::{Expectations, ExpiryClaim, JwtKeys, mint, verify_at};

use super::house::preamble;

/// The house's clock at its start.
pub(crate) const NOW: u64 = 1_900_000_000;

/// What the variable `KEY` holds, which is the shared secret too.
const SHARED: &[u8] = b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// How a tenant's tokens are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signing {
    Hs256,
    Rs256,
    Es256,
}

impl Signing {
    pub(crate) const ALL: [Self; 3] = [Self::Hs256, Self::Rs256, Self::Es256];

    pub(crate) fn keys(self) -> JwtKeys {
        match self {
            Self::Hs256 => JwtKeys::hs256(SHARED).unwrap(),
            Self::Rs256 => JwtKeys::rs256(&pem("rsa-public"), &pem("rsa")).unwrap(),
            Self::Es256 => JwtKeys::es256(&pem("ec-public"), &pem("ec")).unwrap(),
        }
    }

    /// The lines of `[tenant.jwt]`; a private key is put in `folder`.
    fn lines(self, folder: &Path) -> String {
        let pair = |name: &str, algorithm: &str| {
            private(&folder.join("sign.pem"), &pem(name));
            private(&folder.join("verify.pem"), &pem(&format!("{name}-public")));
            format!(
                "algorithm = \"{algorithm}\"\nverify_key = {{ file = \"verify.pem\" }}\n\
                 sign_key = {{ file = \"sign.pem\" }}\n"
            )
        };
        match self {
            Self::Hs256 => "algorithm = \"HS256\"\nsecret = { env = \"KEY\" }\n".to_owned(),
            Self::Rs256 => pair("rsa", "RS256"),
            Self::Es256 => pair("ec", "ES256"),
        }
    }

    /// The preamble with these keys for `acme`, its names of claims, and more lines
    /// of `[tenant.jwt]`. Files are named relative to `folder`.
    pub(crate) fn preamble(self, folder: &Path, more: &str) -> String {
        let tenant = format!(
            "[tenant.jwt]\n{}{more}\n[tenant.field_mapping]\nemail = \"emailaddress\"\n\
             accountNumber = \"CFaccount\"\ncolour = \"Favourite colour\"\n[[tenant]]\nid = \"other\"",
            self.lines(folder)
        );
        preamble().replace("[[tenant]]\nid = \"other\"", &tenant)
    }

    /// The claims of a token that verifies.
    pub(crate) fn open(self, token: &str) -> Option<String> {
        let expected = Expectations { expiry: ExpiryClaim::Optional, ..Expectations::default() };
        let token = verify_at(&self.keys(), token, NOW, &expected).ok()?;
        Some(String::from_utf8(token.claims().to_vec()).unwrap())
    }

    /// A page's token with these claims.
    pub(crate) fn mint(self, claims: &str) -> String {
        mint(&self.keys(), Some("page"), claims.as_bytes()).unwrap()
    }
}

/// A key that is known to everybody; no secret.
pub(crate) fn pem(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/keys");
    fs::read_to_string(path.join(format!("{name}.pem"))).unwrap()
}

fn private(path: &Path, text: &str) {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).unwrap().write_all(text.as_bytes()).unwrap();
}
