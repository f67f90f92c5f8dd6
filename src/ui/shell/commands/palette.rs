//! The palette: every command by its name, found by typing.

use egui::{Align, Align2, Context, Key, Modifiers, RichText, ScrollArea, TextEdit, Ui, vec2};

use super::{
    entry::{Entry, Mark, Situation},
    table::table,
};
use crate::ui::{
    shell::{
        action::Action,
        part::{Modality, Part, PartContext},
    },
    theme::{self, space},
    widgets::with_accessible_name,
};

const WIDTH: f32 = 520.0;
/// Of the list, in a window that is high enough.
const HEIGHT: f32 = 340.0;
/// Below the upper edge of the window.
const TOP: f32 = 48.0;

/// Whether it is open, and what is typed into it.
#[derive(Debug, Default)]
pub enum Palette {
    #[default]
    Closed,
    Open(Search),
}

/// What is looked for.
#[derive(Debug, Default)]
pub struct Search {
    query: String,
    /// Which of the lines that are found Enter carries out.
    chosen: usize,
    /// Whether the list is to scroll to it.
    has_moved: bool,
}

impl Part for Palette {
    fn over_ui(&mut self, cx: &mut PartContext<'_>) {
        let Self::Open(search) = self else { return };
        let situation = Situation::new(cx.navigation, cx.shown);
        match search.show(cx.egui, &table(&situation)) {
            Answer::None => {}
            Answer::Closed => *self = Self::Closed,
            Answer::Chosen(action) => {
                cx.actions.push(action);
                *self = Self::Closed;
            }
        }
    }

    /// Opens it empty, or closes it.
    fn act(&mut self, action: &Action, _cx: &mut PartContext<'_>) {
        if *action == Action::OpenPalette {
            *self = match self {
                Self::Closed => Self::Open(Search::default()),
                Self::Open(_) => Self::Closed,
            };
        }
    }

    fn modality(&self) -> Modality {
        match self {
            Self::Closed => Modality::None,
            Self::Open(_) => Modality::Middle,
        }
    }
}

/// What became of the palette in this frame.
enum Answer {
    None,
    Closed,
    Chosen(Action),
}

impl Search {
    /// Esc closes it, Enter and a click carry a command out.
    fn show(&mut self, ctx: &Context, entries: &[Entry]) -> Answer {
        let pressed = |key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::Escape) {
            return Answer::Closed;
        }
        let mut found = search(entries, &self.query);
        // Before the field, to which up and down mean its ends.
        for (key, by) in [(Key::ArrowUp, -1), (Key::ArrowDown, 1), (Key::PageUp, -8), (Key::PageDown, 8)] {
            if pressed(key) {
                self.chosen = self.chosen.saturating_add_signed(by);
                self.has_moved = true;
            }
        }
        let is_entered = pressed(Key::Enter);
        let mut is_open = true;
        let room = ctx.content_rect();
        let mut carried_out = None;
        egui::Window::new("Command palette")
            .open(&mut is_open)
            .collapsible(false)
            .resizable(false)
            .pivot(Align2::CENTER_TOP)
            .fixed_pos(room.center_top() + vec2(0.0, TOP))
            .show(ctx, |ui| {
                ui.set_width(WIDTH.min(room.width() - 2.0 * space::XL));
                let field =
                    TextEdit::singleline(&mut self.query).hint_text("Search commands").desired_width(f32::INFINITY);
                let field = with_accessible_name(ui.add(field), "Search commands");
                // It is all that is typed into while the palette is open.
                field.request_focus();
                if field.changed() {
                    found = search(entries, &self.query);
                    (self.chosen, self.has_moved) = (0, true);
                }
                self.chosen = self.chosen.min(found.len().saturating_sub(1));
                ui.add_space(space::XS);
                let height = HEIGHT.min(room.height() - 3.0 * TOP - space::XL);
                carried_out = self.list_ui(ui, &found, height);
            });
        self.has_moved = false;
        let chosen = if is_entered { found.get(self.chosen).copied() } else { carried_out };
        match chosen.filter(|entry| entry.is_possible()) {
            Some(entry) => Answer::Chosen(entry.action.clone()),
            None if is_open => Answer::None,
            None => Answer::Closed,
        }
    }

    /// Returns what was clicked.
    fn list_ui<'a>(&self, ui: &mut Ui, found: &[&'a Entry], height: f32) -> Option<&'a Entry> {
        if found.is_empty() {
            ui.label(RichText::new("No command has these words.").color(theme::of(ui).text_weak));
        }
        let mut clicked = None;
        ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
            ui.with_layout(egui::Layout::top_down_justified(Align::LEFT), |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                for (index, entry) in found.iter().enumerate() {
                    let response = Self::line_ui(ui, entry, index == self.chosen);
                    if index == self.chosen && self.has_moved {
                        response.scroll_to_me(None);
                    }
                    if response.clicked() {
                        clicked = Some(*entry);
                    }
                }
            });
        });
        clicked
    }

    fn line_ui(ui: &mut Ui, entry: &Entry, is_chosen: bool) -> egui::Response {
        let keys = entry.keys().map_or_else(String::new, |keys| keys.to_string());
        let mark = match entry.mark {
            Mark::Radio(true) | Mark::Check(true) => "• ",
            _ => "",
        };
        let button =
            egui::Button::selectable(is_chosen, format!("{mark}{}", entry.full_name())).shortcut_text(keys).truncate();
        let response = ui.add_enabled(entry.is_possible(), button);
        match entry.why_not {
            Some(why_not) => response.on_disabled_hover_text(why_not),
            None if entry.hint.is_empty() => response,
            None => response.on_hover_text(&*entry.hint),
        }
    }
}

/// The entries that have all words of `query`: first those with one at the beginning of their name, last those that have
/// some in their hint alone.
fn search<'a>(entries: &'a [Entry], query: &str) -> Vec<&'a Entry> {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let mut found: Vec<(Found, &Entry)> = entries
        .iter()
        .filter_map(|entry| {
            let (name, full) = (entry.name.to_lowercase(), entry.full_name().to_lowercase());
            let said = format!("{full} {}", entry.hint.to_lowercase());
            let are_all_in = |text: &str| words.iter().all(|word| text.contains(word.as_str()));
            let found = match () {
                () if !are_all_in(&full) => are_all_in(&said).then_some(Found::InHint)?,
                () if words.iter().any(|word| name.starts_with(word.as_str())) => Found::AtBeginning,
                () => Found::InName,
            };
            Some((found, entry))
        })
        .collect();
    // Stable: otherwise in the order of the menus.
    found.sort_by_key(|(found, _)| *found);
    found.into_iter().map(|(_, entry)| entry).collect()
}

/// Where an entry has the words that are looked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    AtBeginning,
    InName,
    InHint,
}
