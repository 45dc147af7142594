//! A JSON text inside a TOML file: the text itself, or a TOML table whose members
//! become the text in the order in which they are written.
//!
//! A TOML table has no order; the places of its keys do.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::at::At;

/// The text; whether it is JSON is looked at later.
#[derive(Debug)]
pub(crate) struct JsonText(pub(crate) String);

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TextOrTable)
    }
}

struct TextOrTable;

impl<'de> Visitor<'de> for TextOrTable {
    type Value = JsonText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON text or a table")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<JsonText, E> {
        Ok(JsonText(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<JsonText, A::Error> {
        let written = Written::deserialize(MapAccessDeserializer::new(map))?;
        Ok(JsonText(written.0))
    }
}

/// A TOML value, written as JSON.
struct Written(String);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Writer)
    }
}

struct Writer;

impl<'de> Visitor<'de> for Writer {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON has too")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Written, E> {
        json(text)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Written, E> {
        json(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Written, E> {
        json(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Written, E> {
        json(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Written, E> {
        json(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Written, A::Error> {
        let mut items = Vec::new();
        while let Some(Written(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(Written(format!("[{}]", items.join(","))))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written, A::Error> {
        let mut members = Vec::new();
        while let Some((name, Written(value))) = map.next_entry::<At<String>, Written>()? {
            let Written(quoted) = json(name.as_str())?;
            members.push((name.span().start, format!("{quoted}:{value}")));
        }
        members.sort();
        let members: Vec<String> = members.into_iter().map(|(_, member)| member).collect();
        Ok(Written(format!("{{{}}}", members.join(","))))
    }
}

fn json<E: Error>(value: impl Serialize) -> Result<Written, E> {
    serde_json::to_string(&value).map(Written).map_err(E::custom)
}

impl JsonSchema for JsonText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "JsonText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "object"] })
    }
}
