//! What is above the list: which heads, in which order, and how far they are.

use std::sync::Arc;

use egui::{Button, CollapsingHeader, ComboBox, Label, RichText, ScrollArea, Slider, TextEdit, Ui};

use super::{
    browser::{Browser, selected},
    effects::Effects,
    listing::{Choice, Shows, short},
    presets, ranking, target, ticks,
};
use crate::{
    engine::{HeadMetric, MetricRange, OpenSource, Ranking, ShipsOf},
    session::{Command, HeadsPlace, Session},
    ui::{
        progress::{bar_ui as progress_bar_ui, cancel_ui},
        shell::{
            action::{Action, Actions},
            preferences::HeadsTab as Tab,
            sides::HeadsAt,
        },
        theme::{self, space},
        widgets::{segmented, with_accessible_name},
    },
};

const METRIC_WIDTH: f32 = 116.0;
/// Room for the list of all metrics.
const METRICS_HEIGHT: f32 = 400.0;
const FILTER_WIDTH: f32 = 104.0;
const SLIDER_WIDTH: f32 = 72.0;
/// Room that a group needs, lest it be cut where the window is narrow.
const GROUP: f32 = 210.0;
/// Of the choice of the order.
const ORDER: f32 = 196.0;
/// Beside the panels the bar takes no more of the height.
const MOST_OF_PANEL: f32 = 0.55;
/// With so much of that left, what is under the title is open until it is closed.
const HIGH: f32 = 400.0;
/// The effect on the output from which on a slider finds heads, and up to which, in nats.
const SHIPS: [f64; 2] = [1e-6, 10.0];

/// The order, without the metric.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    ByLayer,
    Highest,
    Lowest,
}

/// Where the list fills the window three rows, more where it is narrow; beside the panels the first choices, and the
/// others under a title.
pub fn bar_ui(ui: &mut Ui, heads: &mut Browser, session: &Session, source: &Arc<OpenSource>, actions: &mut Actions) {
    if heads.at != HeadsAt::Centre {
        // In a low window it scrolls, and the list keeps its room.
        let room = ui.available_height() * MOST_OF_PANEL;
        ScrollArea::vertical().id_salt("bar").max_height(room).auto_shrink([false, true]).show(ui, |ui| {
            narrow_ui(ui, heads, session, source, actions);
        });
        ui.add_space(space::XS);
        return;
    }
    let selected = selected(session);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        heads.cursor.wanted |= tab_ui(ui, &mut heads.choice);
        room(ui, GROUP);
        shows_ui(ui, &mut heads.choice, &selected);
        room(ui, 80.0);
        if ui.button("Back to the grid").on_hover_text("Without choosing a head (Esc)").clicked() {
            heads.leave_centre(actions);
        }
    });
    ui.horizontal_wrapped(|ui| {
        metric_ui(ui, &mut heads.choice, &heads.effects);
        room(ui, GROUP);
        order_ui(ui, &mut heads.choice);
        room(ui, GROUP);
        filter_ui(ui, &mut heads.choice);
        count_ui(ui, heads);
    });
    ui.horizontal_wrapped(|ui| {
        rank_ui(ui, heads, session, source, selected);
        presets::presets_ui(ui, heads, session, source, actions);
        table_buttons_ui(ui, heads, actions);
        ticks::ticks_ui(ui, heads, session, actions);
        room(ui, GROUP);
        progress_ui(ui, heads);
    });
    if heads.choice.metric.is_of_target() {
        ui.horizontal_wrapped(|ui| target::target_ui(ui, &session.view().target, &heads.effects.written, actions));
    }
    ui.add_space(space::XS);
}

/// The bar beside the panels, or of a narrow window.
fn narrow_ui(ui: &mut Ui, heads: &mut Browser, session: &Session, source: &Arc<OpenSource>, actions: &mut Actions) {
    ui.horizontal_wrapped(|ui| {
        heads.cursor.wanted |= tab_ui(ui, &mut heads.choice);
        if heads.at == HeadsAt::OnlyCentre {
            if ui.button("Back to the grid").on_hover_text("Without choosing a head (Esc)").clicked() {
                heads.leave_centre(actions);
            }
        } else {
            let fill =
                ui.button("Fill").on_hover_text("The list in the place of the panels (Enter, or a double click)");
            if fill.clicked() {
                actions.push(Command::PlaceHeads(HeadsPlace::Centre).into());
            }
        }
    });
    ui.horizontal_wrapped(|ui| {
        metric_ui(ui, &mut heads.choice, &heads.effects);
        room(ui, ORDER);
        order_ui(ui, &mut heads.choice);
    });
    if heads.choice.metric.is_of_target() {
        ui.horizontal_wrapped(|ui| target::target_ui(ui, &session.view().target, &heads.effects.written, actions));
    }
    let selected = selected(session);
    ui.horizontal_wrapped(|ui| rank_ui(ui, heads, session, source, selected.clone()));
    let title = RichText::new("Filter and tick").small();
    let is_high = ui.available_height() >= HIGH;
    CollapsingHeader::new(title).id_salt("more of the heads").default_open(is_high).show_unindented(ui, |ui| {
        ui.horizontal_wrapped(|ui| shows_ui(ui, &mut heads.choice, &selected));
        ui.horizontal_wrapped(|ui| filter_ui(ui, &mut heads.choice));
        ui.horizontal_wrapped(|ui| presets::presets_ui(ui, heads, session, source, actions));
        ui.horizontal_wrapped(|ui| table_buttons_ui(ui, heads, actions));
        ui.horizontal_wrapped(|ui| ticks::ticks_ui(ui, heads, session, actions));
    });
    ui.horizontal_wrapped(|ui| {
        count_ui(ui, heads);
        progress_ui(ui, heads);
    });
}

/// How many heads are listed.
fn count_ui(ui: &mut Ui, heads: &Browser) {
    let (listed, all) = (heads.listing.indices().len(), heads.gallery.summaries().len());
    let text = if listed == all { format!("{all} heads") } else { format!("{listed} of {all} heads") };
    ui.label(RichText::new(text).small().color(theme::of(ui).text_weak));
}

/// Begins a new row where less than `width` is left.
fn room(ui: &mut Ui, width: f32) {
    if ui.available_size_before_wrap().x < width {
        ui.end_row();
    }
}

/// Returns whether it was changed.
fn tab_ui(ui: &mut Ui, choice: &mut Choice) -> bool {
    let tabs = [
        (Tab::Thumbnails, "Thumbnails", "All heads as pictures of their attention"),
        (Tab::Table, "Table", "All heads as rows of numbers"),
        (Tab::Map, "Map", "All heads as cells, layer × head, in the colour of the metric"),
    ];
    segmented(ui, "Heads as", &mut choice.tab, &tabs)
}

fn shows_ui(ui: &mut Ui, choice: &mut Choice, selected: &ShipsOf) {
    let change = selected.to_string();
    let shows = [
        (Shows::Baseline, "Baseline", "The unmodified model"),
        (
            Shows::Selected,
            change.as_str(),
            "Under the selected panel’s intervention; a scope of this head or layer is each head’s own",
        ),
    ];
    segmented(ui, "Patterns of", &mut choice.shows, &shows);
}

fn metric_ui(ui: &mut Ui, choice: &mut Choice, effects: &Effects) {
    let mut metric = choice.metric;
    let combo = ComboBox::from_id_salt("heads metric")
        .width(METRIC_WIDTH)
        .height(METRICS_HEIGHT)
        .selected_text(titled(metric.name()))
        .show_ui(ui, |ui| {
            for candidate in HeadMetric::ALL {
                let is_there = effects.has(candidate);
                let missing = effects.missing(candidate);
                let text = titled(candidate.name());
                ui.add_enabled_ui(is_there, |ui| {
                    ui.selectable_value(&mut metric, candidate, text)
                        .on_hover_text(meaning(candidate))
                        .on_disabled_hover_text(missing);
                });
            }
        });
    with_accessible_name(combo.response, "Metric").on_hover_text(meaning(metric));
    choose_metric(choice, metric);
}

/// The order stays what it is, by the new metric.
pub fn choose_metric(choice: &mut Choice, metric: HeadMetric) {
    if choice.metric != metric {
        choice.metric = metric;
        choice.at_least = 0.0;
        choice.ranking = match choice.ranking {
            Ranking::ByLayer => Ranking::ByLayer,
            Ranking::Highest(_) => Ranking::Highest(metric),
            Ranking::Lowest(_) => Ranking::Lowest(metric),
        };
    }
}

fn order_ui(ui: &mut Ui, choice: &mut Choice) {
    let mut order = match choice.ranking {
        Ranking::ByLayer => Order::ByLayer,
        Ranking::Highest(_) => Order::Highest,
        Ranking::Lowest(_) => Order::Lowest,
    };
    let orders = [
        (Order::ByLayer, "By layer", "As they lie in the model"),
        (Order::Highest, "Highest", "Most of the metric first"),
        (Order::Lowest, "Lowest", "Least of the metric first"),
    ];
    if segmented(ui, "Order", &mut order, &orders) {
        choice.ranking = match order {
            Order::ByLayer => Ranking::ByLayer,
            Order::Highest => Ranking::Highest(choice.metric),
            Order::Lowest => Ranking::Lowest(choice.metric),
        };
    }
}

fn filter_ui(ui: &mut Ui, choice: &mut Choice) {
    ui.spacing_mut().slider_width = SLIDER_WIDTH;
    let slider = match choice.metric.range() {
        MetricRange::Nats | MetricRange::Signed => {
            Slider::new(&mut choice.at_least, 0.0..=SHIPS[1]).logarithmic(true).smallest_positive(SHIPS[0])
        }
        MetricRange::Share => Slider::new(&mut choice.at_least, 0.0..=1.0),
    };
    let sign = if choice.metric.range() == MetricRange::Signed { ", above or below 0" } else { "" };
    let hint = format!("Only heads with at least so much {}{sign}", choice.metric.name());
    with_accessible_name(ui.add(slider.show_value(false)), "Least value").on_hover_text(hint);
    let least = short(choice.metric, Some(choice.at_least));
    ui.label(RichText::new(format!("≥ {}", least.trim_start_matches('+'))).small());
    room(ui, FILTER_WIDTH + space::XL);
    let refused = choice.parsed().err();
    let colors = theme::of(ui);
    let mut field = TextEdit::singleline(&mut choice.filter).hint_text("layer 12-20").desired_width(FILTER_WIDTH);
    if refused.is_some() {
        field = field.text_color(colors.error).background_color(colors.error_soft);
    }
    let response = with_accessible_name(ui.add(field), "Filter heads");
    match refused {
        Some(message) => _ = ui.label(RichText::new(message).small().color(colors.error)),
        None => _ = response.on_hover_text("Layers and heads: “layer 12-20”, “L14 H3”, “head 0 2”"),
    }
}

fn rank_ui(ui: &mut Ui, heads: &mut Browser, session: &Session, source: &Arc<OpenSource>, selected: ShipsOf) {
    let is_model = source.facts().kind.is_model();
    let target = session.view().target.clone();
    let is_there = heads.effects.ships.answers(&selected, &session.scope().positions, &target);
    let disabled =
        if is_model { "Ranked by just this already" } else { "A capture has no output to compare: open a model" };
    let button = ui
        .add_enabled(is_model && !is_there, Button::new("Rank by effect"))
        .on_hover_text(ranking::explained(&selected))
        .on_disabled_hover_text(disabled);
    if button.clicked() {
        heads.rank(source, session.run_spec(), selected.clone(), target.clone());
    }
    if let Some(of) = heads.effects.ships.of() {
        let colors = theme::of(ui);
        let (text, color, hint) = if heads.effects.ships.target() != Some(&target) {
            (format!("Ships of {of}"), colors.warning, "Its changes are of another target: rank again for this one")
        } else if of == selected {
            (format!("Ships of {of}"), colors.text_weak, "What was done to each head alone")
        } else {
            (format!("Ships of {of}"), colors.warning, "Not what is selected at the left: rank again for that")
        };
        ui.label(RichText::new(text).small().color(color)).on_hover_text(hint);
    }
}

fn table_buttons_ui(ui: &mut Ui, heads: &mut Browser, actions: &mut Actions) {
    let is_there = heads.gallery.summaries().iter().any(Option::is_some);
    let copy = ui.add_enabled(is_there, Button::new("Copy table")).on_hover_text("The listed heads, tab-separated");
    if copy.clicked() {
        let mut bytes = Vec::new();
        if heads.listing.table(&heads.gallery, &heads.effects, Arc::default()).write_tabs(&mut bytes).is_ok() {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            actions.push(Action::Copy { text, what: "The listed heads’ numbers" });
        }
    }
    let save = ui.add_enabled(is_there, Button::new("Save table…")).on_hover_text("The listed heads, CSV or JSON");
    if save.clicked() {
        heads.export.open();
    }
}

fn progress_ui(ui: &mut Ui, heads: &mut Browser) {
    if let Some((done, all)) = heads.gallery.progress() {
        part_ui(ui, "Looking at heads", done, all);
        if cancel_ui(ui, "Cancel looking", "What is there stays") {
            heads.gallery.cancel();
        }
    } else if heads.gallery.is_given_up() && ui.button("Go on looking").clicked() {
        heads.gallery.retry();
    }
    if let Some((done, all)) = heads.effects.ships.progress() {
        part_ui(ui, "Ranking by effect", done, all);
        if cancel_ui(ui, "Cancel ranking", "What is there stays") {
            heads.effects.ships.cancel();
        }
    } else if heads.effects.ships.is_given_up() {
        ui.label(RichText::new("ranking cancelled").small().color(theme::of(ui).warning));
    }
}

fn part_ui(ui: &mut Ui, what: &str, done: usize, all: usize) {
    progress_bar_ui(ui, done as f32 / all.max(1) as f32, what);
    ui.add(Label::new(RichText::new(format!("{what}: {done} of {all}")).small()).truncate());
}

/// With a capital.
pub fn titled(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// What a metric says, for a tooltip.
pub fn meaning(metric: HeadMetric) -> &'static str {
    match metric {
        HeadMetric::SinkMass => "Mean weight on the first token, over positions from 3 on",
        HeadMetric::Entropy => "How widely each token looks: 0 at one other alone, 1 at all alike",
        HeadMetric::Diagonal => "Mean weight of a token on itself",
        HeadMetric::PreviousToken => "Mean weight on the token before",
        HeadMetric::Induction => {
            "Where a token has occurred before: mean weight on the one that followed it then. None where nothing repeats"
        }
        HeadMetric::Ships => {
            "What changing that head alone does to the next token: KL(baseline ‖ modified) in nats (arXiv 2410.13708)"
        }
        HeadMetric::TargetChange => "How the target’s log-probability changes when that head alone is changed, in nats",
        HeadMetric::RivalChange => {
            "How the target’s log-probability less the rival’s changes when that head alone is changed, in nats"
        }
        HeadMetric::Writes => "What the head’s output adds to the target’s logit at the last position",
        HeadMetric::WritesOverRival => "What the head’s output adds to the target’s logit less the rival’s",
    }
}
