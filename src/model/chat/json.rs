//! `tojson` as transformers has it: `json.dumps` of Python, with nothing escaped for HTML.

use std::fmt::Write as _;

use minijinja::{
    Error, ErrorKind, Value,
    value::{Kwargs, ValueKind},
};

/// `tojson(ensure_ascii=False, indent=None, separators=None, sort_keys=False)`
pub fn tojson(value: &Value, options: Kwargs) -> Result<String, Error> {
    let indent = match options.get::<Option<Value>>("indent")?.filter(|indent| !indent.is_none()) {
        None => None,
        Some(indent) => Some(match indent.as_str() {
            Some(text) => text.to_owned(),
            None => " ".repeat(usize::try_from(indent)?.min(MOST_INDENT)),
        }),
    };
    let between = if indent.is_some() { "," } else { ", " };
    let (item, key) = match options.get::<Option<Value>>("separators")?.filter(|given| !given.is_none()) {
        None => (between.to_owned(), ": ".to_owned()),
        Some(given) => (given.get_item_by_index(0)?.to_string(), given.get_item_by_index(1)?.to_string()),
    };
    let is_set = |name| Ok::<_, Error>(options.get::<Option<bool>>(name)?.unwrap_or(false));
    let (ascii, sorted) = (is_set("ensure_ascii")?, is_set("sort_keys")?);
    options.assert_all_used()?;
    let mut writer = Writer { out: String::new(), indent, item, key, ascii, sorted };
    writer.value(value, 0)?;
    Ok(writer.out)
}

/// Wider than anybody indents.
const MOST_INDENT: usize = 64;
/// Deeper than anything that a template makes.
const DEEPEST: usize = 100;

struct Writer {
    out: String,
    /// What each level of a value is moved by; `None` for all in one line.
    indent: Option<String>,
    item: String,
    key: String,
    ascii: bool,
    sorted: bool,
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        if depth > DEEPEST {
            return Err(refused("what is nested deeper than 100 levels"));
        }
        match value.kind() {
            ValueKind::None => self.out.push_str("null"),
            ValueKind::Bool => self.out.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => self.out.push_str(&value.to_string()),
            ValueKind::String => self.text(value.as_str().unwrap_or_default()),
            ValueKind::Seq | ValueKind::Iterable => {
                let items: Vec<Value> = value.try_iter()?.collect();
                self.all('[', ']', depth, &items, |writer, item| writer.value(item, depth + 1))?;
            }
            ValueKind::Map => {
                let mut keys: Vec<Value> = value.try_iter()?.collect();
                if self.sorted {
                    keys.sort();
                }
                self.all('{', '}', depth, &keys, |writer, key| {
                    if let Some(text) = key.as_str() {
                        writer.text(text);
                    } else {
                        writer.out.push('"');
                        writer.value(key, depth + 1)?;
                        writer.out.push('"');
                    }
                    let between = writer.key.clone();
                    writer.out.push_str(&between);
                    writer.value(&value.get_item(key)?, depth + 1)
                })?;
            }
            other => return Err(refused(&other.to_string())),
        }
        Ok(())
    }

    fn all(
        &mut self,
        open: char,
        close: char,
        depth: usize,
        items: &[Value],
        mut each: impl FnMut(&mut Self, &Value) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.out.push(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                let between = self.item.clone();
                self.out.push_str(&between);
            }
            self.new_line(depth + 1);
            each(self, item)?;
        }
        if !items.is_empty() {
            self.new_line(depth);
        }
        self.out.push(close);
        Ok(())
    }

    fn new_line(&mut self, depth: usize) {
        if let Some(indent) = &self.indent {
            self.out.push('\n');
            self.out.push_str(&indent.repeat(depth));
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        for character in text.chars() {
            match character {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                _ if u32::from(character) < 0x20 || self.ascii && !character.is_ascii() => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        // Writing into a String does not fail.
                        let _ = write!(self.out, "\\u{unit:04x}");
                    }
                }
                _ => self.out.push(character),
            }
        }
        self.out.push('"');
    }
}

fn refused(what: &str) -> Error {
    Error::new(ErrorKind::BadSerialization, format!("tojson: {what} cannot be written as JSON"))
}
