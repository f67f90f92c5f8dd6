//! Heads that are chosen for the scope: ticked one by one, in runs, by a class, or as the first of a ranking.

use std::collections::BTreeSet;

use egui::{DragValue, Modifiers, Rect, RichText, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::{
    browser::Browser,
    listing::{row, short},
};
use crate::{
    attention::{HeadSet, Heads, Scope},
    engine::HeadMetric,
    session::{Command, Session},
    ui::{
        shell::action::Actions,
        theme::{self, space},
        widgets::{focus_ring, with_accessible_name},
    },
};

/// Side of a box.
pub const BOX: f32 = 16.0;
/// A head is of a class from this much of its metric on, where the slider asks for nothing else.
const OF_CLASS: f64 = 0.5;

/// The heads of the session's set, in a model of as many heads as the browser lists.
pub fn ticked(heads: &Browser, session: &Session) -> Heads {
    let n_heads = heads.gallery.n_heads().max(1);
    let n_layers = heads.gallery.summaries().len() / n_heads;
    session.scope().set.as_ref().map(|set| set.resolve(n_layers, n_heads)).unwrap_or_default()
}

/// The scope of these heads; of none it is the default again.
fn scope_of(heads: &Browser, session: &Session, chosen: &Heads) -> Command {
    let positions = session.scope().positions.clone();
    let set = HeadSet::of(chosen, heads.gallery.n_heads());
    Command::SetScope(Scope { set, positions, ..Scope::default() })
}

/// What a click on the box of the head at `position` of the list does: it joins or leaves; with Shift all from the one
/// clicked before do as that one did.
pub fn after_click(heads: &mut Browser, session: &Session, position: usize, is_run: bool) -> Option<Command> {
    let index = *heads.listing.indices().get(position)?;
    let mut chosen: BTreeSet<(usize, usize)> = ticked(heads, session).iter().collect();
    let run = heads.ticks.last.filter(|_| is_run);
    let run = run.and_then(|(last, joins)| Some((heads.listing.position(last)?, joins)));
    let (range, joins) = match run {
        Some((from, joins)) => (from.min(position)..=from.max(position), joins),
        None => (position..=position, !chosen.contains(&heads.place(index))),
    };
    for &index in &heads.listing.indices()[range] {
        let place = heads.place(index);
        if joins {
            chosen.insert(place)
        } else {
            chosen.remove(&place)
        };
    }
    heads.ticks.last = Some((index, joins));
    Some(scope_of(heads, session, &chosen.into_iter().collect()))
}

/// The box of the head at `position` of the list.
pub fn box_ui(
    ui: &Ui,
    heads: &mut Browser,
    session: &Session,
    position: usize,
    rect: Rect,
    is_ticked: bool,
    actions: &mut Actions,
) {
    let Some(&index) = heads.listing.indices().get(position) else { return };
    let response = ui.interact(rect.expand(2.0), ui.make_persistent_id(("tick", index)), Sense::click());
    let (painter, colors) = (ui.painter(), theme::of(ui));
    let fill = if is_ticked { colors.selection } else { colors.surface };
    painter.rect(rect, 3.0, fill, Stroke::new(1.0, colors.outline), StrokeKind::Inside);
    if is_ticked {
        let at = |x: f32, y: f32| pos2(rect.left() + x * rect.width(), rect.top() + y * rect.height());
        painter.line(vec![at(0.22, 0.52), at(0.43, 0.73), at(0.78, 0.3)], Stroke::new(2.0, colors.surface));
    }
    if response.has_focus() {
        focus_ring(painter, rect.expand(2.0), 3.0, colors);
    }
    let (layer, head) = heads.place(index);
    let (name, enabled) = (format!("Tick layer {}, head {head}", heads.gallery.layers().of(layer)), ui.is_enabled());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, enabled, is_ticked, &name));
    if response.clicked() {
        let is_run = ui.input(|input| input.modifiers.matches_logically(Modifiers::SHIFT));
        actions.extend(after_click(heads, session, position, is_run).map(Into::into));
    }
}

/// Where the box of a thumbnail or a row stands.
pub fn box_at(corner: egui::Pos2) -> Rect {
    Rect::from_min_size(corner + vec2(3.0, 3.0), vec2(BOX, BOX))
}

/// Whether there are boxes; and while there are, heads by the dozen.
pub fn ticks_ui(ui: &mut Ui, heads: &mut Browser, session: &Session, actions: &mut Actions) {
    let hint = "Choose heads for the scope: click their boxes, Shift-click for all between";
    ui.toggle_value(&mut heads.ticks.are_shown, "Tick heads").on_hover_text(hint);
    if !heads.ticks.are_shown {
        return;
    }
    let listed = heads.listing.indices();
    let mut chosen: Option<Vec<usize>> = None;
    let field = DragValue::new(&mut heads.ticks.first).range(1..=listed.len().max(1)).speed(0.1);
    with_accessible_name(ui.add(field), "How many of the list");
    let first = heads.ticks.first.min(listed.len());
    let hint = "The scope is the first heads of this list, in its order";
    if ui.button(format!("Tick the first {first}")).on_hover_text(hint).clicked() {
        chosen = Some(listed[..first].to_vec());
    }
    if ui.button("Tick all listed").on_hover_text("The scope is all heads of this list").clicked() {
        chosen = Some(listed.to_vec());
    }
    for (metric, name) in [
        (HeadMetric::SinkMass, "Sink heads"),
        (HeadMetric::PreviousToken, "Previous-token heads"),
        (HeadMetric::Induction, "Induction heads"),
    ] {
        let is_asked = heads.choice.metric == metric && heads.choice.at_least > 0.0;
        let least = if is_asked { heads.choice.at_least } else { OF_CLASS };
        let hint = format!("All heads with at least {} {}", short(metric, Some(least)), metric.name());
        if ui.button(name).on_hover_text(hint).clicked() {
            let is_of_class = |&index: &usize| {
                let value = row(&heads.gallery, &heads.effects, index).and_then(|row| row.get(metric));
                value.is_some_and(|value| value >= least)
            };
            chosen = Some((0..heads.gallery.summaries().len()).filter(is_of_class).collect());
        }
    }
    let now = ticked(heads, session);
    if !now.is_empty() {
        if ui.button("Clear ticks").on_hover_text("The scope is the head on screen again").clicked() {
            chosen = Some(Vec::new());
        }
        let text = if now.len() == 1 { "1 ticked".to_owned() } else { format!("{} ticked", now.len()) };
        ui.label(RichText::new(text).small().color(theme::of(ui).text_weak));
    }
    ui.add_space(space::XS);
    if let Some(chosen) = chosen {
        let chosen: Heads = chosen.into_iter().map(|index| heads.place(index)).collect();
        actions.push(scope_of(heads, session, &chosen).into());
    }
}
