//! What a chat template made of a chat, and which part of it is whose.

use std::ops::Range;

use super::said::Chat;
use crate::model::Role;

/// A text that no template and no user writes: where it comes out is where what it stands for does.
const MARK: &str = "\u{f8f0}\u{f8f1}\u{f8f2}";

/// A text and its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    pub text: String,
    user: Option<Range<usize>>,
    system: Option<Range<usize>>,
}

impl Rendered {
    /// `rendered` tells what the same template makes of another chat.
    pub fn new(text: String, chat: &Chat, rendered: &dyn Fn(&Chat) -> Option<String>) -> Self {
        let place = |marked: Chat| within(&text, &rendered(&marked)?);
        let user = place(Chat { user: MARK.into(), ..chat.clone() });
        let system = chat.system.as_ref().and_then(|_| place(Chat { system: Some(MARK.into()), ..chat.clone() }));
        Self { text, user, system }
    }

    /// Whose the token is that stands for these bytes.
    pub fn role(&self, bytes: Range<usize>) -> Role {
        // A token without bytes of its own (a space that was cut away) is where it begins.
        let end = bytes.end.max(bytes.start + 1);
        let is_in =
            |part: &Option<Range<usize>>| part.as_ref().is_some_and(|part| bytes.start < part.end && part.start < end);
        if is_in(&self.user) {
            Role::User
        } else if is_in(&self.system) {
            Role::System
        } else {
            Role::Template
        }
    }
}

/// Where in `text` stands what `marked` has its mark for. `None` where the template makes something else of the two than
/// the same text around them.
fn within(text: &str, marked: &str) -> Option<Range<usize>> {
    let (before, behind) = marked.split_once(MARK)?;
    let is_once = !behind.contains(MARK);
    let rest = text.strip_prefix(before).filter(|_| is_once)?;
    rest.ends_with(behind).then(|| before.len()..text.len() - behind.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(template: &dyn Fn(&Chat) -> String) -> String {
        let chat = Chat { user: " Hi ".into(), system: Some("Sys".into()), date: "2024-07-26".parse().unwrap() };
        let rendered = Rendered::new(template(&chat), &chat, &|chat| Some(template(chat)));
        let letter = |at: usize| match rendered.role(at..at + 1) {
            Role::User => 'u',
            Role::System => 's',
            _ => '.',
        };
        (0..rendered.text.len()).map(letter).collect()
    }

    #[test]
    fn what_is_whose_is_found_where_the_template_puts_it() {
        let system = |chat: &Chat| chat.system.as_deref().unwrap_or_default().to_owned();
        assert_eq!(roles(&|chat| format!("<{}|{}>", system(chat), chat.user)), ".sss.uuuu.");
        assert_eq!(roles(&|chat| format!("{}{}", chat.user.trim(), system(chat).len())), "uu.", "cut by the template");
        assert_eq!(roles(&|chat| format!("{}={}", chat.user, chat.user)), ".........", "twice: nobody says which");
        assert_eq!(
            roles(&|chat| if chat.user.starts_with(' ') { "a".into() } else { format!("<{}>", chat.user) }),
            "."
        );
    }
}
