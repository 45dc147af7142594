//! The vendors' pages in `docs/vendors/`: complete, and true where they can be run.
//! Their TOML loads, their calls to the control plane issue, their checks give the
//! statuses that stand beside them.

use std::path::Path;
use std::process::Command;

use crate::play::example::VENDORS;
use crate::support::house::{Running, start_text};
use crate::support::{Seen, Vendor};

const SECTIONS: [&str; 7] = [
    "Before and after",
    "Embed",
    "The back end",
    "Configuration",
    "Confirmed and inferred",
    "Check",
    "Limits",
];

/// The secret of Halo's page, and what stands for it here.
const TOKEN_SECRET: (&str, &str) =
    ("a-secret-of-page-and-halo", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/vendors");
    std::fs::read_to_string(path.join(format!("{name}.md"))).unwrap()
}

fn section<'p>(page: &'p str, title: &str) -> &'p str {
    let heading = format!("\n## {title}\n");
    let (_, rest) = page.split_once(&heading).unwrap_or_else(|| panic!("no section {title}"));
    rest.split("\n## ").next().unwrap()
}

/// The first block of this language.
fn block<'p>(text: &'p str, language: &str) -> &'p str {
    let (_, rest) = text.split_once(&format!("```{language}\n")).unwrap_or_default();
    rest.split("```").next().unwrap()
}

/// The page's configuration on one machine, as `README.md` there says.
fn configuration(name: &str, vendor: &Vendor) -> String {
    let text = format!("{}{}", block(&page("README"), "toml"), block(&page(name), "toml"));
    let kept = text.lines().filter(|line| !line.starts_with("upstream = "));
    let text: String = kept.map(|line| format!("{line}\n")).collect();
    assert!(text.contains("# upstream = "), "{name}: no local upstream");
    text.replace("# upstream = ", "upstream = ")
        .replace("127.0.0.1:9000", &vendor.address.to_string())
        .replace("CLOAKROOM_KEY", "KEY")
        .replace("HALO_JWT", "KEY")
}

async fn house(name: &str, vendor: &Vendor) -> Running {
    start_text(&configuration(name, vendor), Path::new(".")).await
}

/// Runs a page's shell lines against the house.
async fn shell(running: &Running, text: &str) -> String {
    let text = text
        .replace("127.0.0.1:8080", &running.data.to_string())
        .replace("127.0.0.1:8081", &running.control.to_string())
        .replace(TOKEN_SECRET.0, TOKEN_SECRET.1);
    let run = move || Command::new("bash").args(["-ec", &text]).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(output.status.success(), "{output:#?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The statuses that a check promises, in order: `# 200; …` or `# 403, …`.
fn promised(check: &str) -> Vec<&str> {
    let after = check.split("# ").skip(1).filter_map(|rest| rest.get(..4));
    let status = after.filter_map(|start| start.strip_suffix([';', ',']));
    status.filter(|status| status.bytes().all(|byte| byte.is_ascii_digit())).collect()
}

fn statuses(said: &str) -> Vec<&str> {
    // A body without a line end stands before the next status.
    said.split("HTTP/1.1 ").skip(1).filter_map(|rest| rest.get(..3)).collect()
}

#[test]
fn each_page_has_every_section_and_names_its_script() {
    for name in VENDORS {
        let page = page(name);
        for title in SECTIONS {
            assert!(section(&page, title).trim().len() > 40, "{name}: {title} is empty");
        }
        let script = format!("cargo run --example play -- {name}");
        assert!(section(&page, "Check").contains(&script), "{name} does not say {script}");
        let back_end = section(&page, "The back end");
        for language in ["sh", "python", "js"] {
            assert!(!block(back_end, language).is_empty(), "{name}: no {language}");
        }
        let fixtures = format!("(../../tests/fixtures/{name}/)");
        assert!(page.contains(&fixtures), "{name} does not lead to {fixtures}");
    }
}

#[tokio::test]
async fn each_pages_configuration_starts_and_its_curl_issues() {
    for name in VENDORS {
        let vendor = Vendor::start().await;
        let running = house(name, &vendor).await;
        let page = page(name);
        let call = block(section(&page, "The back end"), "sh");
        let said = shell(&running, call).await;
        let answer: serde_json::Value = serde_json::from_str(&said).unwrap();
        let named = ["handle", "key"].iter().any(|member| answer[member].is_string());
        assert!(named, "{name}: {answer}");
    }
}

#[tokio::test]
async fn each_pages_check_gives_the_statuses_that_it_promises() {
    for name in VENDORS {
        let vendor = Vendor::start().await;
        let running = house(name, &vendor).await;
        let page = page(name);
        let check = block(section(&page, "Check"), "sh");
        let said = shell(&running, check).await;
        let promised = promised(check);
        assert_eq!(statuses(&said), promised, "{name}: {said}");
        assert!(said.contains("Cloakroom-Rejection: handle_unusable"), "{name}: {said}");
        let passed = promised.iter().filter(|status| **status == "200").count();
        assert_eq!(vendor.seen().len(), passed, "{name}");
        assert!(passed > 0 && vendor.seen().iter().all(is_revealed), "{name}");
    }
}

fn is_revealed(seen: &Seen) -> bool {
    !seen.head.contains("klk1_") && !seen.text().contains("klk1_")
}
