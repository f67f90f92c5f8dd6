//! How many tokens are written and which, and what is done with the texts.

use std::num::NonZeroUsize;

use egui::{DragValue, Grid, Popup, PopupCloseBehavior, RadioButton, TextWrapMode, Ui};

use super::{Texts, texts::ShownTexts};
use crate::{
    attention::Notation,
    engine::{AtEnd, Choice, Sampling, Temperature, Writing},
    session::{Command, TextView, TextsOf},
    ui::{
        shell::action::{Action, Actions, Exported},
        widgets::{segmented, with_accessible_name},
    },
};

/// What the field for a temperature takes.
const TEMPERATURES: std::ops::RangeInclusive<f64> = 0.01..=10.0;
/// Of the likeliest so many, where that is first asked for.
const TOP_K: usize = 40;
/// More of the likeliest than any vocabulary has.
const MOST_TOP_K: usize = 1 << 20;

/// Room in which the choice whose texts are shown is written out, in points.
const WORDY: f32 = 260.0;

/// From right to left: export, copy, and how it is written.
pub fn controls_ui(ui: &mut Ui, texts: &Texts, view: TextView, actions: &mut Actions) {
    if with_accessible_name(ui.small_button("Export…"), "Export text…").on_hover_text("Both texts, as JSONL").clicked()
    {
        actions.push(Action::Export(Exported::Text));
    }
    let shown = texts.shown();
    let copy = ui.add_enabled(shown.is_some(), egui::Button::new("Copy").small());
    let copy = with_accessible_name(copy, "Copy both texts").on_hover_text("Prompt and both texts");
    if let Some(shown) = shown.filter(|_| copy.clicked()) {
        actions.push(Action::Copy { text: copied(shown), what: "Both texts" });
    }
    writing_button_ui(ui, view.writing, actions);
    of_ui(ui, view.of, actions);
}

/// Whose texts are shown; in few words where there is room for few.
pub fn of_ui(ui: &mut Ui, of: TextsOf, actions: &mut Actions) {
    let mut chosen = of;
    let [all, selected] = if ui.available_width() < WORDY { ["All", "One"] } else { ["All panels", "Selected panel"] };
    let choices = [
        (TextsOf::AllPanels, all, "What the model writes in every panel, a line each"),
        (TextsOf::SelectedPanel, selected, "The selected panel’s beside the baseline’s, token by token"),
    ];
    if segmented(ui, "Texts of", &mut chosen, &choices) {
        actions.push(Command::ShowTextsOf(chosen).into());
    }
}

/// How many tokens are written, and which.
pub fn writing_button_ui(ui: &mut Ui, writing: Writing, actions: &mut Actions) {
    let drawn = if writing.choice == Choice::Greedy { "" } else { ", drawn" };
    let button = ui.small_button(format!("{} tokens{drawn}…", writing.n_tokens));
    let button = with_accessible_name(button, "How it is written").on_hover_text("How many tokens, and which");
    Popup::from_toggle_button_response(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        let mut wanted = writing;
        writing_ui(ui, &mut wanted);
        if wanted != writing {
            actions.push(Command::SetWriting(wanted).into());
        }
    });
}

/// The fields of the popup.
fn writing_ui(ui: &mut Ui, writing: &mut Writing) {
    ui.style_mut().wrap_mode = Some(TextWrapMode::Extend);
    Grid::new("writing").num_columns(2).show(ui, |ui| {
        ui.label("Tokens");
        let tokens = DragValue::new(&mut writing.n_tokens).range(TextView::TOKENS).speed(0.2);
        with_accessible_name(ui.add(tokens), "Number of tokens");
        ui.end_row();
        ui.label("Each is");
        ui.vertical(|ui| {
            if ui.add(RadioButton::new(writing.choice == Choice::Greedy, "the likeliest")).clicked() {
                writing.choice = Choice::Greedy;
            }
            let is_drawn = writing.choice != Choice::Greedy;
            let hint = "By its probability, with the same random numbers in both texts";
            if ui.add(RadioButton::new(is_drawn, "drawn")).on_hover_text(hint).clicked() && !is_drawn {
                writing.choice = Choice::Sampled(Sampling { temperature: Temperature::ONE, top_k: None, seed: 0 });
            }
        });
        ui.end_row();
        if let Choice::Sampled(sampling) = &mut writing.choice {
            sampling_ui(ui, sampling);
        }
        ui.label("At the end of a text");
        let mut goes_on = writing.at_end == AtEnd::GoOn;
        ui.checkbox(&mut goes_on, "go on");
        writing.at_end = if goes_on { AtEnd::GoOn } else { AtEnd::Stop };
        ui.end_row();
    });
}

fn sampling_ui(ui: &mut Ui, sampling: &mut Sampling) {
    ui.label("Temperature");
    let mut temperature = sampling.temperature.get();
    let field = DragValue::new(&mut temperature).range(TEMPERATURES).speed(0.01).max_decimals(2);
    let field = with_accessible_name(ui.add(field), "Temperature");
    if let Some(changed) = Temperature::try_from(temperature).ok().filter(|_| field.changed()) {
        sampling.temperature = changed;
    }
    ui.end_row();
    ui.label("Of the likeliest");
    ui.horizontal(|ui| {
        let mut is_some = sampling.top_k.is_some();
        if with_accessible_name(ui.checkbox(&mut is_some, ""), "Of the likeliest alone").changed() {
            sampling.top_k = NonZeroUsize::new(TOP_K).filter(|_| is_some);
        }
        match &mut sampling.top_k {
            None => _ = ui.label("all"),
            Some(top_k) => {
                let mut count = top_k.get();
                with_accessible_name(
                    ui.add(DragValue::new(&mut count).range(1..=MOST_TOP_K)),
                    "How many of the likeliest",
                );
                *top_k = NonZeroUsize::new(count).unwrap_or(*top_k);
            }
        }
    });
    ui.end_row();
    ui.label("Seed");
    ui.horizontal(|ui| {
        with_accessible_name(ui.add(DragValue::new(&mut sampling.seed).speed(0.1)), "Seed of the tokens");
        if ui.button("Draw again").on_hover_text("With the next seed").clicked() {
            sampling.seed = sampling.seed.wrapping_add(1);
        }
    });
    ui.end_row();
}

/// Prompt and both texts under their names.
fn copied(shown: &ShownTexts) -> String {
    let ShownTexts { written, .. } = shown;
    let [baseline, modified] = [written.baseline.text(), written.modified.text()];
    format!(
        "Prompt:\n{}\n\nBaseline:\n{baseline}\n\n{}:\n{modified}\n",
        written.prompt,
        shown.changed_name(Notation::default())
    )
}
