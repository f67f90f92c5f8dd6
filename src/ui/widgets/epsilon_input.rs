//! What a hand, a keyboard or an assistant makes of an ε: the same for every handle that stands for one.

use egui::{Event, Key, Modifiers, PointerButton, Pos2, Response, Role, Ui, WidgetInfo, accesskit};

use super::{
    epsilon_scale::{EpsilonScale, Snap, stepped},
    focus::{Arrows, keep_arrows},
};
use crate::attention::{Epsilon, Notation};

/// A thing on a scale that stands for `epsilon` and can be taken hold of.
#[derive(Clone, Copy, Debug)]
pub struct EpsilonHandle<'a> {
    pub epsilon: Epsilon,
    pub scale: &'a EpsilonScale,
    /// From the handle to where it can still be grabbed without moving it, in points.
    pub reach: f32,
}

impl EpsilonHandle<'_> {
    /// The ε that was asked for in this frame, if it is another one.
    ///
    /// Dragged: a decade's 1 and 5 draw the hand unless Shift is held. With the focus: ← → a tenth of a decade, with
    /// Shift a hundredth, with Ctrl (or Page Up, Page Down) a decade; Home is 0, End is 1e2. `response` senses drags.
    pub fn asked(&self, ui: &Ui, response: &Response) -> Option<Epsilon> {
        self.dragged(ui, response)
            .or_else(|| self.asked_by_key(ui, response))
            .or_else(|| self.asked_by_assistant(ui, response))
            .filter(|&epsilon| epsilon != self.epsilon)
    }

    fn dragged(&self, ui: &Ui, response: &Response) -> Option<Epsilon> {
        let pointer = held_at(ui, response)?;
        let handle = self.scale.x_of(self.epsilon);
        if response.drag_started() {
            response.request_focus();
            // Grabbing the handle anywhere must not move it; elsewhere it jumps to the pointer.
            let off = handle - pointer.x;
            let grab = if off.abs() <= self.reach { off } else { 0.0 };
            ui.data_mut(|data| data.insert_temp(response.id, grab));
        }
        let x = pointer.x + ui.data(|data| data.get_temp::<f32>(response.id)).unwrap_or_default();
        // Standing still must not round a typed value.
        if (x - handle).abs() < 0.1 {
            return None;
        }
        let snap = if ui.input(|i| i.modifiers.shift) { Snap::Free } else { Snap::Marks };
        Some(self.scale.epsilon_at(x, snap))
    }

    fn asked_by_key(&self, ui: &Ui, response: &Response) -> Option<Epsilon> {
        if !response.has_focus() {
            return None;
        }
        keep_arrows(ui, response.id, Arrows::Horizontal);
        let mut asked = None;
        ui.input_mut(|input| {
            input.events.retain(|event| {
                let Event::Key { key, pressed: true, modifiers, .. } = event else { return true };
                let next = key_step(asked.unwrap_or(self.epsilon), *key, *modifiers);
                asked = next.or(asked);
                next.is_none()
            });
        });
        asked
    }

    fn asked_by_assistant(&self, ui: &Ui, response: &Response) -> Option<Epsilon> {
        use accesskit::{Action, ActionData};
        ui.input(|input| {
            let count = |action| input.num_accesskit_action_requests(response.id, action);
            let up = (0..count(Action::Increment)).map(|_| 0.1);
            let down = (0..count(Action::Decrement)).map(|_| -0.1);
            let steps = up.chain(down).fold(None, |e, step| Some(stepped(e.unwrap_or(self.epsilon), step)));
            input
                .accesskit_action_requests(response.id, Action::SetValue)
                .filter_map(|request| match &request.data {
                    Some(ActionData::NumericValue(value)) => Epsilon::new(*value).ok(),
                    Some(ActionData::Value(text)) => text.parse().ok(),
                    _ => None,
                })
                .last()
                .map(|e| if e > Epsilon::SLIDER.1 { Epsilon::SLIDER.1 } else { e })
                .or(steps)
        })
    }
}

/// What `key` makes of `epsilon`; none for a key that is not a handle's.
fn key_step(epsilon: Epsilon, key: Key, modifiers: Modifiers) -> Option<Epsilon> {
    let size = match modifiers {
        m if m.command || m.ctrl => 1.0,
        m if m.shift => 0.01,
        _ => 0.1,
    };
    Some(match key {
        Key::ArrowRight => stepped(epsilon, size),
        Key::ArrowLeft => stepped(epsilon, -size),
        Key::PageUp => stepped(epsilon, 1.0),
        Key::PageDown => stepped(epsilon, -1.0),
        Key::Home => Epsilon::ZERO,
        Key::End => Epsilon::SLIDER.1,
        _ => return None,
    })
}

/// Says that `response` is a slider called `name` that stands at `shown`; an empty `description` is left out.
pub fn describe_epsilon(
    ui: &Ui,
    response: &Response,
    name: &str,
    (shown, notation): (Epsilon, Notation),
    description: &str,
) {
    response.widget_info(|| WidgetInfo {
        // A screen reader does not read raised digits well.
        current_text_value: Some(shown.typed(notation)),
        ..WidgetInfo::slider(ui.is_enabled(), shown.get(), name)
    });
    ui.ctx().accesskit_node_builder(response.id, |node| {
        debug_assert_eq!(node.role(), Role::Slider);
        node.set_min_numeric_value(0.0);
        node.set_max_numeric_value(Epsilon::SLIDER.1.get());
        if !description.is_empty() {
            node.set_description(description);
        }
        for action in [accesskit::Action::SetValue, accesskit::Action::Increment, accesskit::Action::Decrement] {
            node.add_action(action);
        }
    });
}

/// Where the pointer is, or was when the button went up: in a slow frame it may have moved on since.
fn held_at(ui: &Ui, response: &Response) -> Option<Pos2> {
    let now = response.interact_pointer_pos()?;
    let last = ui.input(|input| {
        input.events.iter().rev().find_map(|event| match *event {
            Event::PointerButton { pos, button: PointerButton::Primary, pressed, .. } => Some((pos, pressed)),
            _ => None,
        })
    });
    Some(last.filter(|(_, pressed)| !pressed).map_or(now, |(pos, _)| pos))
}
