//! With which sources a person chats: their switch is where it was left when they are opened again.

use serde::{Deserialize, Serialize};

use crate::{
    base::Date,
    engine::{Prompt, SourceSpec},
    session::{Command, Session},
};

/// Most that are remembered.
const MOST: usize = 20;
/// A longer system text is not kept: what is remembered is read at every start.
const MOST_BYTES: usize = 2048;

/// The sources that were chatted with last, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Chats(Vec<Chatting>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Chatting {
    source: SourceSpec,
    #[serde(default)]
    system: Option<String>,
}

impl Chats {
    /// Takes in what `session` reads now; token ids say nothing of it.
    pub fn follow(&mut self, session: &Session) {
        let is_first = self.0.first().is_some_and(|first| first.source == *session.source());
        match session.prompt() {
            Prompt::Chat(chat) => {
                let system = chat.system.as_deref().filter(|system| system.len() <= MOST_BYTES);
                if is_first && self.0.first().is_some_and(|first| first.system.as_deref() == system) {
                    return;
                }
                let now = Chatting { source: session.source().clone(), system: system.map(ToOwned::to_owned) };
                self.forget(session.source());
                self.0.insert(0, now);
                self.0.truncate(MOST);
            }
            Prompt::Text { .. } => self.forget(session.source()),
            Prompt::TokenIds(_) => {}
        }
    }

    fn forget(&mut self, source: &SourceSpec) {
        self.0.retain(|chatting| chatting.source != *source);
    }

    /// What brings the session that the program starts on to where its source was left; a prompt that was given is read as
    /// it was given.
    pub fn resuming_at_start(&self, session: &Session) -> Vec<Command> {
        if session.reads_what_it_opened_on() { self.resuming(session) } else { Vec::new() }
    }

    /// What brings a session that was just opened to where its source was left.
    pub fn resuming(&self, session: &Session) -> Vec<Command> {
        let Some(chatting) = self.0.iter().find(|chatting| chatting.source == *session.source()) else {
            return Vec::new();
        };
        vec![
            Command::StartChat { typed: String::new(), date: Date::today() },
            Command::SetSystem(chatting.system.clone()),
        ]
    }
}
