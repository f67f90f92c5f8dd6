//! Jinja as transformers sets it up for chat templates, with what it gives them.

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Value,
    syntax::SyntaxConfig,
    value::{Enumerator, Object},
};
use minijinja_contrib::pycompat::unknown_method_callback;

use super::{json, said::Chat, strftime::strftime};

/// What a template may do at most: about so many instructions, or so many times 64 bytes of text.
const FUEL: u64 = 2_000_000;

/// Line and cause of a failure.
type Failure = (Option<usize>, String);

/// The text that the template makes of a chat.
pub fn render(source: &str, chat: &Chat, special: &[(&str, String)]) -> Result<String, Failure> {
    let environment = environment(chat).map_err(failure)?;
    let template = environment.template_from_named_str(NAME, source).map_err(failure)?;
    let system = chat.system.iter().map(|text| Message { role: "system", content: text.clone() });
    let messages = system.chain([Message { role: "user", content: chat.user.clone() }]);
    let mut context: BTreeMap<&str, Value> =
        special.iter().map(|(name, token)| (*name, Value::from(&**token))).collect();
    context.insert("messages", messages.map(Value::from_object).collect());
    context.insert("add_generation_prompt", true.into());
    // Not undefined: templates ask whether they are none.
    context.extend(["tools", "documents"].map(|name| (name, ().into())));
    template.render(Value::from(context)).map_err(failure)
}

/// No ending of a name, so that nothing is escaped.
const NAME: &str = "chat template";

fn environment(chat: &Chat) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_unknown_method_callback(unknown_method_callback);
    environment.set_fuel(Some(FUEL));
    environment.add_filter("tojson", json::tojson);
    environment.add_function("raise_exception", |message: Cow<'_, str>| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, message.clone().into_owned())
            .with_source(Refusal(message.into_owned())))
    });
    let date = chat.date;
    environment.add_function("strftime_now", move |format: Cow<'_, str>| {
        strftime(date, &format).map_err(|what| Error::new(ErrorKind::InvalidOperation, format!("strftime_now: {what}")))
    });
    Ok(environment)
}

/// One turn.
#[derive(Debug)]
struct Message {
    role: &'static str,
    content: Arc<str>,
}

impl Object for Message {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "role" => Some(self.role.into()),
            "content" => Some((&self.content).into()),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["role", "content"])
    }
}

/// What a template itself says is wrong.
#[derive(Debug)]
struct Refusal(String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

fn failure(error: Error) -> Failure {
    let mut causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    let refusal = causes.find_map(|cause| cause.downcast_ref::<Refusal>());
    let what = match (refusal, error.detail()) {
        (Some(refusal), _) => return (error.line(), format!("refuses: {refusal}")),
        (None, Some(detail)) => format!("{}: {detail}", error.kind()),
        (None, None) => error.kind().to_string(),
    };
    (error.line(), what)
}
