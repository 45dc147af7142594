//! Every call of every vendor, with what it becomes: raw HTTP in
//! `tests/fixtures/VENDOR/CALL.ENDING`, compared to the byte.
//!
//! * `.request`: what the browser sends, or a back end to the control plane.
//! * `.upstream`: what the vendor must get; without one, nothing may reach it.
//! * `.answer`: what the vendor says, and what the browser gets; without
//!   `.upstream`, what Cloakroom itself says.
//! * `.browser`: what the browser gets, where that is not `.answer`; `{wrapped}` is a
//!   handle that was made for this answer.
//!
//! A head's lines end in a line feed in the file and in CR LF on the wire; a body ends
//! before the file's last line feed; `Content-Length` is added. A call that is issued
//! first gives its answer's `{handle}`, `{guid}`, `{key}` to the calls after it.
//! `{jwt CLAIMS}` is a token of these claims, to the byte, under the tenant's key.

/// A test for each call, named by its rule, and one that the folder holds the files of
/// these calls and no others.
macro_rules! calls {
    ($vendor:literal, $($rule:ident: $kind:ident $call:literal $(after $deposit:literal)?;)+) => {
        $(
            #[tokio::test]
            async fn $rule() {
                let scene = crate::fixtures::scene::Scene::start($vendor).await;
                $(scene.issues($deposit).await;)?
                scene.$kind($call).await;
            }
        )+

        #[test]
        fn every_fixture_is_there_and_used() {
            let calls = [$((stringify!($kind), $call)),+];
            crate::fixtures::files::complete($vendor, &calls);
        }
    };
}

mod alli;
mod files;
mod genesys;
mod halo;
mod opendialog;
mod quiq;
mod scene;

#[test]
fn every_folder_is_a_vendors_whose_calls_are_tested() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let there = std::fs::read_dir(folder).unwrap();
    let mut there: Vec<_> =
        there.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    there.sort();
    assert_eq!(there, ["alli", "genesys", "halo", "keys", "opendialog", "quiq"]);
}
