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

/// `STEPS[n]` makes version n + 1 of version n: of those versions whose fields are others than today's.
const STEPS: [fn(Value) -> Result<Value, Problem>; 1] = [one_of_zero];

/// The first version in which `bundled:smollm2` is a model and no capture.
const LIVE: u32 = 2;

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
    let version = match u32::try_from(version) {
        Ok(known) if known <= VERSION => known,
        _ => return Err(newer(version, header.program)),
    };
    let document = with_present_fields(text, version)?;
    Ok(if version < LIVE { document.of_captures() } else { document })
}

fn with_present_fields(text: &[u8], version: u32) -> Result<Unchecked, Problem> {
    let steps = STEPS.get(version as usize..).unwrap_or_default();
    if steps.is_empty() {
        return serde_json::from_slice(text).map_err(Problem::Json);
    }
    if text.len() > MOST_OLD_BYTES {
        return Err(Problem::TooLarge { most: MOST_OLD_BYTES as u64, found: text.len() as u64 });
    }
    let old: Value = serde_json::from_slice(text).map_err(Problem::Json)?;
    let present = steps.iter().try_fold(old, |value, step| step(value))?;
    serde_json::from_value(present).map_err(Problem::Json)
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
