//! Rankings that were published, a click each.

use std::sync::Arc;

use egui::{Button, Ui};

use super::browser::Browser;
use crate::{
    attention::Scope,
    engine::{OpenSource, RunSpec, ShipsPreset},
    session::{Command, Session},
    ui::shell::action::Actions,
};

/// A button for each preset, which ranks by it, of the prompt in the preset's template.
pub fn presets_ui(
    ui: &mut Ui,
    heads: &mut Browser,
    session: &Session,
    source: &Arc<OpenSource>,
    actions: &mut Actions,
) {
    for preset in ShipsPreset::ALL {
        let prompt = session.words().map(|words| preset.prompt(&words));
        let (of, target) = (preset.of(), session.view().target.clone());
        let is_read = prompt.as_ref().is_some_and(|prompt| prompt == session.prompt());
        let is_there = is_read && heads.effects.ships.answers(&of, &preset.positions(), &target);
        let refused = match (source.facts().kind.is_model(), &prompt) {
            (false, _) => Some("A capture has no output to compare: open a model"),
            (true, None) => Some("The prompt is token ids, which stand in no template: type it as a text"),
            (true, Some(_)) if is_there => Some("Ranked by just this already"),
            (true, Some(_)) => None,
        };
        let button = ui
            .add_enabled(refused.is_none(), Button::new(preset.name()))
            .on_hover_text(explained(preset))
            .on_disabled_hover_text(refused.unwrap_or_default());
        if let Some(prompt) = prompt.filter(|_| button.clicked()) {
            let spec = RunSpec { prompt: prompt.clone(), ..session.run_spec() }.with(|experiment| {
                experiment.scope = Scope { positions: preset.positions(), ..experiment.scope.clone() };
            });
            heads.rank(source, spec, of, target);
            actions.push(Command::Read(prompt).into());
        }
    }
}

const fn explained(preset: ShipsPreset) -> &'static str {
    match preset {
        ShipsPreset::SafetyHeads => {
            "Ships as the paper’s code finds them: the queries of each head alone times 1e-4 at every position, KL(baseline \
             ‖ modified) behind the last one, and the prompt as “## Query:… ## Answer:”, which it is from then on"
        }
    }
}
