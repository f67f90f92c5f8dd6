//! The last line of a dialog: what is said there, and its buttons at the right, the one that does what the dialog is for
//! last.

use egui::{Align, Button, Layout, Ui, vec2};

use super::window::dialog_width;
use crate::ui::widgets::button_width;

/// A button at the foot of a dialog, which gives `A`.
#[derive(Clone, Copy, Debug)]
pub struct FootButton<'a, A> {
    /// What it is called.
    pub text: &'a str,
    /// What it gives when it is clicked.
    pub answer: A,
    /// Under the pointer.
    pub hint: &'a str,
    /// Why it cannot be used now, if so; may be empty where that is plain to see.
    pub why_not: Option<&'a str>,
}

impl<'a, A> FootButton<'a, A> {
    /// One that can be used.
    pub fn new(text: &'a str, answer: A) -> Self {
        Self { text, answer, hint: "", why_not: None }
    }

    /// With a text under the pointer.
    #[must_use]
    pub fn hint(self, hint: &'a str) -> Self {
        Self { hint, ..self }
    }

    /// It cannot be used unless `is_possible`.
    #[must_use]
    pub fn only_if(self, is_possible: bool, why_not: &'a str) -> Self {
        if is_possible { self } else { Self { why_not: Some(why_not), ..self } }
    }
}

/// Draws `beside` at the left and `buttons` at the right, in the order in which they are read and the keyboard comes to
/// them. Returns what was chosen.
pub fn foot<A: Copy>(ui: &mut Ui, buttons: &[FootButton<'_, A>], beside: impl FnOnce(&mut Ui)) -> Option<A> {
    ui.horizontal(|ui| {
        let of_buttons: f32 = buttons.iter().map(|button| button_width(ui, button.text)).sum();
        // In a dialog that is scrolled there is room without end.
        let rest = dialog_width(ui, ui.available_width()) - of_buttons;
        let size = vec2(rest.max(0.0), ui.spacing().interact_size.y);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(size.x);
            beside(ui);
        });
        let mut chosen = None;
        for button in buttons {
            let mut drawn = ui.add_enabled(button.why_not.is_none(), Button::new(button.text));
            if !button.hint.is_empty() {
                drawn = drawn.on_hover_text(button.hint);
            }
            if let Some(why_not) = button.why_not.filter(|why_not| !why_not.is_empty()) {
                drawn = drawn.on_disabled_hover_text(why_not);
            }
            if drawn.clicked() {
                chosen = Some(button.answer);
            }
        }
        chosen
    })
    .inner
}

#[cfg(test)]
mod tests {
    use egui_kittest::{Harness, kittest::Queryable as _};

    use super::*;

    #[test]
    fn buttons_end_at_the_right_in_order() {
        let mut harness = Harness::new_ui(|ui| {
            ui.set_width(400.0);
            let buttons = [FootButton::new("Cancel", ()), FootButton::new("Open", ())];
            foot(ui, &buttons, |ui| _ = ui.label("beside"));
        });
        harness.run();
        let at = |name: &str| harness.get_by_label(name).rect();
        let left = at("beside").left();
        assert!(at("beside").right() < at("Cancel").left() && at("Cancel").right() < at("Open").left());
        assert!((at("Open").right() - left - 400.0).abs() < 1.0, "{} from {left}", at("Open"));
    }

    #[test]
    fn what_cannot_be_used_gives_nothing() {
        let harness = Harness::builder().build_ui_state(
            |ui, chosen: &mut Option<u8>| {
                let buttons = [FootButton::new("One", 1).only_if(false, "not now"), FootButton::new("Two", 2)];
                *chosen = foot(ui, &buttons, |_| {}).or(*chosen);
            },
            None,
        );
        let mut harness = harness;
        for (name, chosen) in [("One", None), ("Two", Some(2))] {
            harness.get_by_label(name).click();
            harness.run();
            assert_eq!(*harness.state(), chosen, "{name}");
        }
    }
}
