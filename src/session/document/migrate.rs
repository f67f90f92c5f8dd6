//! Sessions of older versions, one step at a time; newer ones are refused by name.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    error::Problem,
    format::{FORMAT, VERSION},
    session_document::Unchecked,
};
use crate::session::Unsound;

/// A tree of JSON values takes many times its text: sessions of old versions, which are made into one, end here.
const MOST_OLD_BYTES: usize = 1 << 20;

/// `STEPS[n]` makes version n + 1 of version n.
const STEPS: [fn(Value) -> Result<Value, Problem>; VERSION as usize] = [one_of_zero];

#[derive(Deserialize)]
struct Header {
    format: Option<String>,
    version: Option<u64>,
    program: Option<String>,
}

/// The document that `text` holds, brought to the present version, not yet checked.
pub(super) fn read(text: &[u8]) -> Result<Unchecked, Problem> {
    // Editors of another desktop put a mark of the byte order in front.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if text.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(Problem::NotASession);
    }
    let header: Header = serde_json::from_slice(text).map_err(Problem::Json)?;
    if header.format.as_deref() != Some(FORMAT) {
        return Err(Problem::NotASession);
    }
    let version = header.version.ok_or_else(|| unsound("version", "a number", "none"))?;
    let Ok(steps) = usize::try_from(version).map(|version| STEPS.get(version..)) else {
        return Err(newer(version, header.program));
    };
    match steps {
        None => Err(newer(version, header.program)),
        Some([]) => serde_json::from_slice(text).map_err(Problem::Json),
        Some(_) if text.len() > MOST_OLD_BYTES => {
            Err(Problem::TooLarge { most: MOST_OLD_BYTES as u64, found: text.len() as u64 })
        }
        Some(steps) => {
            let old: Value = serde_json::from_slice(text).map_err(Problem::Json)?;
            let present = steps.iter().try_fold(old, |value, step| step(value))?;
            serde_json::from_value(present).map_err(Problem::Json)
        }
    }
}

fn newer(version: u64, program: Option<String>) -> Problem {
    Problem::Newer { version, program: program.unwrap_or_default() }
}

fn unsound(field: &'static str, expected: &str, found: &str) -> Problem {
    Unsound { field, expected: expected.to_owned(), found: found.to_owned() }.into()
}

/// Version 0 had the session's fields beside the header, and knew nothing of its source but the path.
fn one_of_zero(value: Value) -> Result<Value, Problem> {
    let Value::Object(mut fields) = value else { return Err(Problem::NotASession) };
    let mut take = |name: &str| fields.remove(name).unwrap_or(Value::Null);
    let (format, program, _) = (take("format"), take("program"), take("version"));
    let mut document = Map::new();
    document.insert("format".to_owned(), format);
    document.insert("version".to_owned(), json!(1));
    if program.is_string() {
        document.insert("program".to_owned(), program);
    }
    document.insert("session".to_owned(), Value::Object(fields));
    Ok(Value::Object(document))
}
