//! serde's words about a value, turned into words about a configuration.
//!
//! A value that was found where another was expected is never repeated: it may
//! be a secret that stands in the wrong place.

/// What to print for a message of serde's: the mistake, and what to do.
pub(crate) fn reword(message: &str) -> (String, Option<String>) {
    let (kind, rest) = message.split_once('`').unwrap_or((message, ""));
    let (name, expected) = rest.split_once("`, expected ").unwrap_or((rest, ""));
    match kind {
        "unknown field " => ("this key is not known".to_owned(), advice(name, &names(expected))),
        "unknown variant " => {
            let known = names(expected);
            (format!("must be {}", listed(&known)), closest(name, &known).map(did_you_mean))
        }
        _ => (expectation(message), None),
    }
}

/// "did you mean", or the whole list where nothing is close.
pub(crate) fn advice(name: &str, known: &[&str]) -> Option<String> {
    match closest(name, known) {
        Some(close) => Some(did_you_mean(close)),
        None if known.is_empty() => None,
        None => Some(format!("known: {}", listed(known))),
    }
}

/// `"a", "b" or "c"`.
pub(crate) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

pub(crate) fn did_you_mean(name: &str) -> String {
    format!("did you mean {name:?}?")
}

/// The known name that was meant, at most a third of its letters away.
fn closest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let distance = |other: &str| strsim::damerau_levenshtein(name, other);
    let near = known.iter().map(|other| (distance(other), *other));
    let (distance, best) = near.min_by_key(|(distance, _)| *distance)?;
    let slips = best.chars().count().div_ceil(3);
    (distance <= slips).then_some(best)
}

/// The names in backquotes.
fn names(expected: &str) -> Vec<&str> {
    expected.split('`').skip(1).step_by(2).collect()
}

fn expectation(message: &str) -> String {
    let found =
        ["invalid type: ", "invalid value: "].iter().find_map(|kind| message.strip_prefix(kind));
    let Some((found, expected)) = found.and_then(|found| found.rsplit_once(", expected ")) else {
        return message.to_owned();
    };
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0",
        "i64" => "a whole number",
        "a sequence" => "a list",
        other => other,
    };
    format!("must be {expected}, not {}", kind(found))
}

/// What was found, without its value.
fn kind(found: &str) -> &'static str {
    match found.split([' ', '`']).next() {
        Some("string") => "a string",
        Some("integer") => "this whole number",
        Some("floating") => "a fraction",
        Some("boolean") => "true or false",
        Some("sequence") => "a list",
        Some("map") => "a table",
        Some(_) | None => "this",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_in_the_wrong_place_is_not_repeated() {
        let (message, hint) =
            reword(r#"invalid type: string "s3cret, expected x", expected a table"#);
        assert_eq!(message, "must be a table, not a string");
        assert_eq!(hint, None);
    }

    #[test]
    fn an_unknown_key_gets_the_one_that_was_meant_or_all() {
        let (message, hint) = reword("unknown field `lisen`, expected one of `listen`, `threads`");
        assert_eq!(message, "this key is not known");
        assert_eq!(hint.unwrap(), r#"did you mean "listen"?"#);
        let (_, hint) = reword("unknown field `zzz`, expected `listen` or `threads`");
        assert_eq!(hint.unwrap(), r#"known: "listen" or "threads""#);
    }

    #[test]
    fn an_unknown_choice_gets_all_choices() {
        let (message, hint) = reword("unknown variant `neverr`, expected `idempotent` or `never`");
        assert_eq!(message, r#"must be "idempotent" or "never""#);
        assert_eq!(hint.unwrap(), r#"did you mean "never"?"#);
    }
}
