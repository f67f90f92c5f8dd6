use std::collections::BTreeMap;

use super::{environment, rendered::Rendered, said::Chat, source};
use crate::{base::contained, model::ModelError};

/// A template, or why what stands in its place is none: a model without a sound one opens all the same.
#[derive(Clone, Debug)]
pub struct ChatTemplate {
    /// Where it is from, for messages.
    place: String,
    source: Result<String, String>,
    special: BTreeMap<String, SpecialToken>,
}

/// What a template knows by names such as `bos_token`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecialToken {
    /// As the files write it.
    Text(String),
    /// What the vocabulary calls it.
    Id(u32),
}

impl ChatTemplate {
    /// The text of a template that stands in `place`.
    pub fn new(place: impl Into<String>, source: &str) -> Self {
        Self { place: place.into(), source: Ok(source::understood(source)), special: BTreeMap::new() }
    }

    /// What stands in `place` and is no template, and why.
    pub fn unreadable(place: impl Into<String>, why: impl Into<String>) -> Self {
        Self { place: place.into(), source: Err(why.into()), special: BTreeMap::new() }
    }

    /// With tokens by the names that templates have for them.
    #[must_use]
    pub fn with_special(mut self, special: impl IntoIterator<Item = (String, SpecialToken)>) -> Self {
        self.special.extend(special);
        self
    }

    /// What the model reads, up to where its answer begins; `named` tells what the vocabulary calls an id.
    ///
    /// # Errors
    /// When the template fails, with the line that does.
    pub fn render(&self, chat: &Chat, named: &dyn Fn(u32) -> String) -> Result<Rendered, ModelError> {
        let failed = |line, what| ModelError::ChatTemplate { place: self.place.clone(), line, what };
        let source = self.source.as_ref().map_err(|why| failed(None, why.clone()))?;
        let special: Vec<(&str, String)> = self
            .special
            .iter()
            .map(|(name, token)| match token {
                SpecialToken::Text(text) => (&**name, text.clone()),
                SpecialToken::Id(id) => (&**name, named(*id)),
            })
            .collect();
        let text_of = |chat: &Chat| {
            let text = contained(|| environment::render(source, chat, &special));
            text.unwrap_or_else(|panic| Err((None, panic.to_string()))).map_err(|(line, what)| failed(line, what))
        };
        Ok(Rendered::new(text_of(chat)?, chat, &|other| text_of(other).ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(system: Option<&str>) -> Chat {
        let system = system.map(Into::into);
        Chat { user: "Hello!".into(), system, date: "2024-07-26".parse().unwrap() }
    }

    fn rendered(source: &str) -> Result<String, String> {
        let template = ChatTemplate::new("chat_template.jinja", source);
        let special = [("bos_token".to_owned(), SpecialToken::Text("<s>".to_owned()))];
        let special = special.into_iter().chain([("eos_token".to_owned(), SpecialToken::Id(2))]);
        let rendered = template.with_special(special).render(&chat(Some("Be brief.")), &|id| format!("<{id}>"));
        rendered.map(|rendered| rendered.text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_template_knows_what_transformers_tells_it() {
        for (source, expected) in [
            (
                "{{ bos_token }}{% for m in messages %}{{ m['role'] }}: {{ m.content }}{{ eos_token }}{% endfor %}",
                "<s>system: Be brief.<2>user: Hello!<2>",
            ),
            ("{% if add_generation_prompt %}go{% endif %}{% if tools %}tools{% endif %}{{ pad_token }}", "go"),
            ("{{ strftime_now('%d %b %Y, %A, day %j') }}", "26 Jul 2024, Friday, day 208"),
            ("{{ messages[0] | tojson }}", "{\"role\": \"system\", \"content\": \"Be brief.\"}"),
            (
                "{{ {'ä': [1, 2.0, none, true, '<\"\\n']} | tojson(indent=2) }}",
                "{\n  \"ä\": [\n    1,\n    2.0,\n    null,\n    true,\n    \"<\\\"\\n\"\n  ]\n}",
            ),
            ("{{ {'b': 1, 'a': []} | tojson(sort_keys=true, separators=(',', ':')) }}", "{\"a\":[],\"b\":1}"),
            ("{{ 'ä😀' | tojson(ensure_ascii=true) }}", "\"\\u00e4\\ud83d\\ude00\""),
            (
                "{% for m in messages %}{% if loop.last %}{% break %}{% endif %}{{ m.role.upper() }}{% endfor %}",
                "SYSTEM",
            ),
            ("{{ ' a b '.strip().split(' ')[-1] }}{{ messages[-1].content.startswith('He') }}{{ none }}", "bTrueNone"),
            (
                "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
                "2",
            ),
            ("  {% if true %}\n  x\n  {%- generation -%} y {%- endgeneration %}\n  {% endif %}\n", "  xy"),
            ("{% for m in messages[::-1] %}{{ m.get('name', m.role) }} {% endfor %}", "user system "),
            ("a\r\nb\rc\n", "a\nb\nc"),
        ] {
            assert_eq!(rendered(source).as_deref(), Ok(expected), "{source}");
        }
    }

    #[test]
    fn a_template_that_fails_names_its_line() {
        for (source, expected) in [
            (
                "\n\n{{ raise_exception('Roles must alternate') }}",
                "the chat template, chat_template.jinja, line 3, refuses: Roles must alternate",
            ),
            ("a\n{% if %}", "the chat template, chat_template.jinja, line 2: syntax error: "),
            ("a\n\n{{ nobody.content }}", "the chat template, chat_template.jinja, line 3: undefined value"),
            (
                "{{ strftime_now('%Q') }}",
                "the chat template, chat_template.jinja, line 1: invalid operation: strftime_now: %Q is not supported",
            ),
            ("{% include 'other' %}", "the chat template, chat_template.jinja, line 1: "),
            (
                "\n{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}",
                "the chat template, chat_template.jinja, line 2: engine ran out of fuel",
            ),
        ] {
            let found = rendered(source).unwrap_err();
            assert!(found.starts_with(expected), "{source}: {found}");
        }
        let unreadable = ChatTemplate::unreadable("tokenizer_config.json", "it is a number");
        let found = unreadable.render(&chat(None), &|id| id.to_string()).unwrap_err().to_string();
        assert_eq!(found, "the chat template, tokenizer_config.json: it is a number");
    }
}
