//! Encoders as others write them: every way a value may be spelt. No test.

pub(super) fn json(value: &str) -> String {
    value
        .chars()
        .map(|l| match l {
            '"' => "\\\"".into(),
            '\\' => "\\\\".into(),
            '\n' => "\\n".into(),
            '\t' => "\\t".into(),
            '/' => "\\/".into(),
            l => l.to_string(),
        })
        .collect()
}

pub(super) fn unicode(value: &str) -> String {
    value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}

pub(super) fn ascii_json(value: &str) -> String {
    json(value)
        .chars()
        .map(|l| {
            if l.is_ascii() {
                l.to_string()
            } else {
                unicode(&l.to_string()).to_uppercase().replace("\\U", "\\u")
            }
        })
        .collect()
}

pub(super) fn percent(value: &str, stays: fn(u8) -> bool) -> String {
    value
        .bytes()
        .map(|b| if stays(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

pub(super) fn html(value: &str) -> String {
    value
        .chars()
        .map(|l| match l {
            '&' => "&amp;".into(),
            '<' => "&lt;".into(),
            '>' => "&gt;".into(),
            '"' => "&quot;".into(),
            'ë' => "&euml;".into(),
            'ü' => "&uuml;".into(),
            l if l.is_ascii() => l.to_string(),
            l => format!("&#x{:X};", u32::from(l)),
        })
        .collect()
}

pub(super) fn spellings(value: &str) -> Vec<String> {
    let letter = |b: u8| b.is_ascii_alphanumeric();
    let url = percent(value, letter);
    vec![
        value.to_owned(),
        json(value),
        ascii_json(value),
        unicode(value),
        json(&json(value)),
        json(&ascii_json(value)),
        json(&unicode(value)),
        url.clone(),
        percent(value, letter).replace("%C3", "%c3").replace("%F0%9F", "%f0%9f"),
        percent(value, |_| false),
        url.replace("%20", "+"),
        percent(&url, letter),
        percent(&json(value), letter),
        percent(&ascii_json(value), letter),
        html(value),
        html(&json(value)),
        json(&html(value)),
        percent(&html(value), letter),
        ascii_json(&html(value)).replace('&', "\\u0026"),
        value.chars().map(|l| format!("&#{};", u32::from(l))).collect(),
    ]
}
