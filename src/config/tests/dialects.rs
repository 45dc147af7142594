//! Dialects: the built-in ones hold their examples, and a wrong file says where.

use super::super::dialects::{Outcome, builtin_names, builtin_text, check_examples, parse_dialect};
use super::{good_but, load_in, mistakes_in};
use crate::dialect::rejection::Code;
use crate::dialect::{ContactCenterRule, Dialect};

const DIALECT: &str = r#"name = "mine"
[[exchange]]
name = "start"
call = "POST /start/{id}"
[[exchange.slot]]
at = { json = "/a/id" }
reveal = { merge_into = "/a" }
[[example]]
exchange = "start"
payload = { b = 1, a = { z = [true, 1.5], "y z" = "ü" } }
request = '{"a":{"id":"{handle}"}}'
upstream = '{"a":{"b":1,"a":{"z":[true,1.5],"y z":"ü"}}}'
"#;

fn parse(text: &str) -> Dialect {
    parse_dialect(text, "d.toml").unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn builtin(name: &str) -> Dialect {
    parse(builtin_text(name).unwrap())
}

/// In [`DIALECT`] this, replaced by that, gives this line among others.
const WRONG: &[(&str, &str, &str)] = &[
    ("name = \"mine\"", "", "1:1: name: this key is required; routes name the dialect by it"),
    ("\"mine\"", "\"My\"", "1:8: name: must be 1 to 32 of: a-z 0-9 -"),
    ("call = ", "cal = ", "4:1: exchange[0].cal: this key is not known; did you mean \"call\"?"),
    ("POST /start/{id}", "POST start", "4:8: exchange[0].call: the path must begin with \"/\""),
    (
        "\"/a/id\"",
        "\"a/id\"",
        "6:15: exchange[0].slot[0].at.json: a pointer begins with \"/\"; write \"/context/id\"",
    ),
    (
        "{ merge_into = \"/a\" }",
        "{ merge_into = \"/a\", member = \"b\" }",
        "7:10: exchange[0].slot[0].reveal: must have one key; \
             write { member = \"…\" }, { merge_into = \"/…\" } or \"same-name\"",
    ),
    (
        "{ merge_into = \"/a\" }",
        "{ merge_into = \"/*\" }",
        "7:25: exchange[0].slot[0].reveal.merge_into: must be one place, without \"*\"",
    ),
    (
        "call = \"POST /start/{id}\"",
        "call = \"POST /start/{id}\"\ntext_stream = [\"/t\"]\nlearn_link = { json = \"/id\" }",
        "5:16: exchange[0].text_stream[0]: a stream is not read as a whole, and another key of this \
             exchange needs that; leave out text_stream, or answer, learn_link and wrap that point \
             into JSON",
    ),
    (
        "call = \"POST /start/{id}\"",
        "call = \"POST /start/{id}\"\ntext_stream = [\"/t0\",\"/t1\",\"/t2\",\"/t3\",\"/t4\",\"/t5\",\"/t6\",\"/t7\",\
             \"/t8\",\"/t9\",\"/t10\",\"/t11\",\"/t12\",\"/t13\",\"/t14\",\"/t15\",\"/t16\"]",
        "5:118: exchange[0].text_stream[16]: there are more than 16 of these; name a list's elements \
             by one pointer with \"*\"",
    ),
    (
        "exchange = \"start\"",
        "exchange = \"stat\"",
        "9:12: example[0].exchange: there is no exchange \"stat\"; did you mean \"start\"?",
    ),
    (
        "payload = { b = 1, a = { z = [true, 1.5], \"y z\" = \"ü\" } }",
        "payload = '[]'",
        "10:11: example[0].payload: the payload is not a JSON object",
    ),
    (
        "[[exchange]]",
        "[rejection]\ncontent_type = \"application/json\"\nbody = '{\"a\":{message}}'\n[[exchange]]",
        "4:8: rejection.body: does not give JSON; \
             {code} and {status} become numbers; quote {message} and {rejection}",
    ),
    (
        "[[exchange]]",
        "[rejection]\ncontent_type = \"a/b\"\nbody = 'x'\nstatus = { upstrem = 502 }\n[[exchange]]",
        "5:12: rejection.status.upstrem: this is none of our codes; did you mean \"upstream\"?",
    ),
    (
        "[[exchange]]",
        "[rejection]\ncontent_type = \"a/b\"\nbody = 'x'\nstatus = { upstream = 200 }\n[[exchange]]",
        "5:23: rejection.status.upstream: must be from 400 to 599",
    ),
    (
        "[[exchange]]",
        "[[issue]]\ncall = \"POST /x\"\npayload = \"/p\"\nanswer = '{\"key\":1}'\n[[exchange]]",
        "5:10: issue[0].answer: must hold {handle}, or {id} and {key}",
    ),
];

#[test]
fn a_wrong_dialect_says_where() {
    for (what, with, expected) in WRONG {
        assert!(DIALECT.contains(what));
        let found = parse_dialect(&DIALECT.replacen(what, with, 1), "d.toml").unwrap_err();
        let all: Vec<String> = found.to_string().lines().map(str::to_owned).collect();
        let expected = format!("d.toml:{expected}");
        // A key that is not known may leave another one missing.
        assert!(all.contains(&expected), "{all:#?}\n{expected}");
    }
}

#[test]
fn a_broken_example_is_reported_with_what_came_instead() {
    let faults = check_examples(&parse(&DIALECT.replace("\"b\":1", "\"b\":2")));
    let [fault] = faults.as_slice() else { panic!("{faults:?}") };
    assert_eq!((fault.example, fault.exchange.as_str()), (0, "start"));
    assert!(matches!(&fault.outcome, Outcome::Differs { sent, .. } if sent.contains("\"b\":1")));
    assert!(fault.to_string().starts_with("example[0] (start): the vendor would receive {"));
    let plain = check_examples(&parse(&DIALECT.replace("{handle}", "plain")));
    assert_eq!(plain[0].outcome, Outcome::Refused);
    let broken = check_examples(&parse(&DIALECT.replace("{handle}\"}}", "{handle}\"")));
    assert_eq!(broken[0].outcome, Outcome::Request);
}

#[test]
fn a_tables_members_keep_their_order_and_the_example_holds() {
    let dialect = parse(DIALECT);
    assert_eq!(dialect.examples[0].payload, r#"{"b":1,"a":{"z":[true,1.5],"y z":"ü"}}"#);
    assert_eq!(check_examples(&dialect), []);
}

#[test]
fn every_built_in_dialect_is_named_like_its_file_and_holds_its_examples() {
    assert!(builtin_names().is_sorted());
    for name in builtin_names() {
        let dialect = builtin(name);
        assert_eq!(dialect.name, name);
        assert_eq!(check_examples(&dialect), [], "{name}");
    }
    for name in ["generic", "genesys", "quiq"] {
        assert!(builtin_names().contains(&name), "{name}");
    }
    assert_eq!(builtin_text("nope"), None);
}

#[test]
fn quiq_never_answers_what_hurts_its_widget() {
    use crate::reject::{Cause, refusal};
    let shape = builtin("quiq").rejection;
    let ours =
        [Cause::StoreUnavailable, Cause::UpstreamTimeout, Cause::UpstreamBroken, Cause::Internal];
    for cause in ours {
        let status = refusal(cause, &shape).status.as_u16();
        assert!((400..500).contains(&status) && ![401, 429, 466].contains(&status), "{cause:?}");
    }
    assert_eq!(shape.statuses[&Code::RateLimited].as_u16(), 403);
}

#[test]
fn genesys_takes_both_paths_and_a_slash_at_the_end() {
    let dialect = builtin("genesys");
    assert_eq!(dialect.contact_center, ContactCenterRule::Required);
    for base in ["/api/v2/chats", "/api/v2/me/chat"] {
        for slash in ["", "/"] {
            let named = |method: &str, rest: &str| {
                let path = format!("{base}{rest}{slash}");
                dialect.exchange(&method.parse().unwrap(), &path).map(|found| found.name.as_str())
            };
            assert_eq!(named("POST", ""), Some("request-chat"));
            assert_eq!(named("POST", "/7"), Some("chat"));
            assert_eq!(named("GET", "/7"), Some("get-chat"));
            assert_eq!(named("GET", "/7/messages"), Some("poll"));
            assert_eq!(named("DELETE", "/7"), None);
        }
    }
}

#[test]
fn an_own_file_takes_the_place_of_a_built_in_one() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("a.toml", &DIALECT.replace("mine", "generic"));
    let one = good_but("[[route]]", "[[dialect]]\nfile = \"a.toml\"\n[[route]]");
    let config = load_in(folder.path(), &one).unwrap();
    let route = config.settings.routes.iter().next().unwrap();
    assert_eq!(route.dialect.exchanges.len(), 1);
    let both = one.replace("[[route]]", "[[dialect]]\nfile = \"a.toml\"\n[[route]]");
    let twice = mistakes_in(folder.path(), &both);
    assert!(twice[0].ends_with("another file has a dialect \"generic\" too"), "{twice:?}");
    // Its mistakes are told under its own name, and no route is blamed for them.
    write("a.toml", "name = \"generic\"\nx = 1\n");
    let wrong = mistakes_in(folder.path(), &one);
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].contains("a.toml:2:1: x: this key is not known"), "{wrong:?}");
}
