//! Entries that the source has a say in: what differences are taken from, and what is done with its files.

use super::entry::{Entry, Situation};
use crate::{
    engine::{Adapter, Reference, SourceSpec},
    session::{Command, document::Follow},
    ui::shell::action::Action,
};

/// What differences are taken from.
pub fn compared_with(situation: &Situation<'_>, entries: &mut Vec<Entry>) {
    const COMPARE: &[&str] = &["View", "Compare with"];
    let session = situation.session;
    entries.extend([
        Entry::new(COMPARE, "Baseline", Command::Compare(Reference::Baseline))
            .hint("The shown head, unmodified")
            .radio(*session.reference() == Reference::Baseline),
        Entry::new(COMPARE, "The base model", Command::Compare(Reference::Base))
            .hint("The same panel of the model beneath the adapter: what fine-tuning did to the head")
            .radio(*session.reference() == Reference::Base)
            .only_if(has_adapter(situation), "This source has no adapter"),
        Entry::new(COMPARE, "What is in force", Command::Compare(Reference::InForce))
            .hint("The shown head under the changes that were kept, without the panel’s own")
            .radio(*session.reference() == Reference::InForce)
            .only_if(!session.in_force().is_empty(), "Nothing is in force: keep a change first"),
        Entry::new(COMPARE, "What is shown now", Command::KeepView)
            .hint("It is kept while ε, head and scope move on: ε now minus ε then")
            .radio(matches!(session.reference(), Reference::View(_))),
    ]);
}

fn has_adapter(situation: &Situation<'_>) -> bool {
    situation.frame.is_some_and(|frame| frame.outcome.facts.adapter == Adapter::Merged)
}

/// What is done with the source's files.
pub fn of_files(situation: &Situation<'_>, entries: &mut Vec<Entry>) {
    const VIEW: &[&str] = &["View"];
    let session = situation.session;
    entries.push(
        Entry::new(VIEW, "Follow the file", Action::ToggleFollow)
            .hint("Open the source anew whenever it changes on the disk")
            .check(situation.follow == Follow::AtOnce)
            .only_if(!matches!(session.source(), SourceSpec::Bundled(_)), "What is bundled does not change"),
    );
    let has_adapter = has_adapter(situation);
    let is_unadapted = matches!(session.source(), SourceSpec::Unadapted(_));
    entries.push(
        Entry::new(VIEW, "Adapter", Command::SwitchAdapter)
            .hint("The model with its adapter, or the base alone; all else stays")
            .check(has_adapter && !is_unadapted)
            .only_if(has_adapter || is_unadapted, "This source has no adapter"),
    );
}
