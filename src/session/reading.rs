//! What the model of a session reads: a text, a chat, or token ids.

use std::sync::Arc;

use super::{Command, Session};
use crate::{
    base::Date,
    engine::{Bundled, Chat, Prompt, SourceSpec},
};

impl Session {
    /// The words that are read; of an example's token ids what they say, and `None` of others.
    pub fn words(&self) -> Option<Arc<str>> {
        let of_example = || Some(self.example_view()?.prompt.into());
        self.prompt.words().cloned().or_else(of_example)
    }

    /// Whether what is read is what the source opens on, and nobody's choice.
    pub fn reads_what_it_opened_on(&self) -> bool {
        let opened = match &self.source {
            SourceSpec::Bundled(bundled) => Self::example(*bundled),
            source => Self::default().with([Command::Open(source.clone())]),
        };
        self.prompt == opened.prompt
    }

    /// The default view of the example whose prompt is read.
    fn example_view(&self) -> Option<crate::engine::DefaultView> {
        let SourceSpec::Bundled(bundled) = self.source else { return None };
        let view = bundled.default_view();
        (self.prompt == view.into()).then_some(view)
    }

    pub(super) fn set_prompt(&mut self, text: &str) {
        if !self.source.is_live() {
            self.open_example(Bundled::READER);
        }
        self.read(self.prompt.reworded(text));
    }

    pub(super) fn set_bos(&mut self, bos: bool) {
        if let Prompt::Text { text, .. } = &self.prompt {
            self.read(Prompt::Text { text: text.clone(), bos });
        }
    }

    pub(super) fn start_chat(&mut self, typed: String, date: Date) {
        if self.source.is_live() && !matches!(self.prompt, Prompt::Chat(_)) {
            let user = self.words().unwrap_or_else(|| typed.into());
            self.read(Prompt::Chat(Chat { user, system: None, date }));
        }
    }

    pub(super) fn leave_chat(&mut self) {
        if let Prompt::Chat(chat) = &self.prompt {
            self.read(Prompt::text(&chat.user));
        }
    }

    pub(super) fn set_date(&mut self, date: Date) {
        if let Prompt::Chat(chat) = &self.prompt {
            self.read(Prompt::Chat(Chat { date, ..chat.clone() }));
        }
    }

    pub(super) fn set_system(&mut self, system: Option<String>) {
        if let Prompt::Chat(chat) = &self.prompt {
            self.read(Prompt::Chat(Chat { system: system.map(Into::into), ..chat.clone() }));
        }
    }

    pub(super) fn read(&mut self, prompt: Prompt) {
        if prompt != self.prompt {
            self.prompt = prompt;
            self.forget_cells();
        }
    }

    /// What goes along to another source is words: the ids that an example opens on are others in another vocabulary, and
    /// the other source may have no chat template.
    pub(super) fn leave_behind(&mut self, next: &SourceSpec) {
        if let Some(view) = self.example_view() {
            self.prompt = Prompt::text(view.prompt);
        }
        if *next != self.source {
            self.leave_chat();
        }
    }
}
