use egui::{Rangef, Sense, TextStyle, Ui, vec2};

use super::{
    epsilon_input::{EpsilonHandle, describe_epsilon},
    epsilon_paint::{HANDLE_RADIUS, MARK_HEIGHT, Rail, STEM, TICK},
    epsilon_scale::{EpsilonScale, WHOLE, rough},
};
use crate::{
    attention::Epsilon,
    ui::{notation, theme::space},
};

/// From the left end to the stop for 0, and from the right end to 1e2: room for the handle and its focus ring.
const INSET: f32 = 12.0;
/// Between the stop for 0 and 1e-12.
const GAP: f32 = 40.0;

/// A logarithmic slider for ε, 1e-12 to 1e2 or a part of it, with a distinct stop for exactly 0 at its left end.
///
/// Drag or click; ← → a tenth of a decade, with Shift a hundredth, with Ctrl (or Page Up, Page Down) a decade; Home is
/// 0, End is 1e2. While dragging, a decade's 1 and 5 draw the hand unless Shift is held. Fills the available width.
#[derive(Debug)]
pub struct EpsilonSlider<'a> {
    epsilon: Epsilon,
    marks: &'a [Epsilon],
    neutral: Epsilon,
    name: &'a str,
    transition: Option<[Epsilon; 2]>,
    decades: [f64; 2],
}

impl<'a> EpsilonSlider<'a> {
    /// From the top of the slider to the middle of its rail in points, to line up what stands beside it.
    pub const RAIL_CENTER: f32 = MARK_HEIGHT + STEM + HANDLE_RADIUS;

    /// Shows `epsilon`; `marks` are the values of the columns, numbered from 1.
    pub fn new(epsilon: &Epsilon, marks: &'a [Epsilon]) -> Self {
        let neutral = Epsilon::ONE;
        Self { epsilon: *epsilon, marks, neutral, name: "epsilon", transition: None, decades: WHOLE }
    }

    /// The ε that changes nothing, from which the rail is filled; 1 unless set.
    #[must_use]
    pub fn neutral(mut self, neutral: Epsilon) -> Self {
        self.neutral = neutral;
        self
    }

    /// The accessible name; `epsilon` unless set.
    #[must_use]
    pub fn name(mut self, name: &'a str) -> Self {
        self.name = name;
        self
    }

    /// Where most of the change happens: tinted, and named in the accessible description. Unknown unless set.
    #[must_use]
    pub fn transition(mut self, transition: Option<[Epsilon; 2]>) -> Self {
        self.transition = transition;
        self
    }

    /// log10 of the ε at both ends of the rail, within -12 to 2 and the first below the last; all of it unless set.
    /// The stop for 0 stays.
    #[must_use]
    pub fn decades(mut self, decades: [f64; 2]) -> Self {
        self.decades = decades;
        self
    }

    /// Shows the slider and returns the new ε when the user changed it.
    pub fn show(self, ui: &mut Ui) -> Option<Epsilon> {
        let label_height = ui.text_style_height(&TextStyle::Small);
        let height = MARK_HEIGHT + STEM + 2.0 * HANDLE_RADIUS + TICK + space::XS + label_height;
        let width = ui.available_width().max(2.0 * INSET + 2.0 * GAP);
        let (rect, mut response) = ui.allocate_exact_size(vec2(width, height), Sense::drag());
        let scale = EpsilonScale {
            zero: rect.left() + INSET,
            log: Rangef::new(rect.left() + INSET + GAP, rect.right() - INSET),
            decades: self.decades,
            notation: notation::of(ui),
        };
        let handle = EpsilonHandle { epsilon: self.epsilon, scale: &scale, reach: HANDLE_RADIUS };
        let changed = handle.asked(ui, &response);
        let shown = changed.unwrap_or(self.epsilon);
        if changed.is_some() {
            response.mark_changed();
        }

        if ui.is_rect_visible(rect) {
            let rail = Rail { ui, scale: &scale, y: rect.top() + Self::RAIL_CENTER };
            rail.ticks();
            if let Some(transition) = self.transition {
                rail.tint(transition);
            }
            rail.rail(self.neutral, shown);
            rail.marks(self.marks, self.epsilon);
            rail.handle(&response, shown);
        }
        describe_epsilon(ui, &response, self.name, (shown, scale.notation), &self.description());
        changed
    }

    fn description(&self) -> String {
        let transition = self.transition.map(|[from, to]| format!("transition from {} to {}", rough(from), rough(to)));
        let part = (self.decades != WHOLE).then(|| {
            let [first, last] = self.decades.map(|decade| 10f64.powf(decade));
            format!("zoomed to {first:.1e} to {last:.1e}")
        });
        transition.into_iter().chain(part).collect::<Vec<_>>().join(", ")
    }
}
