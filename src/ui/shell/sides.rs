//! Which panels stand beside the figure, and which lie over it where the window is small. Pure geometry, in points.

use super::preferences::Sizes;
use crate::{
    session::{Command, HeadsPlace, View},
    ui::widgets::Place,
};

/// Width of the controls until it is dragged.
const CONTROLS: f32 = 336.0;
/// What they need at least, and take at most.
const LEAST_CONTROLS: f32 = 264.0;
const MOST_CONTROLS: f32 = 480.0;
/// The panel at the right with the inspector.
const INSPECTOR: Widths = Widths { usual: 320.0, share: 0.31, least: 280.0, most: 640.0 };
/// The panel at the right with all heads.
const HEADS: Widths = Widths { usual: 384.0, share: 0.31, least: 280.0, most: 1280.0 };
/// Below this width of the figure panels become narrower.
const GOOD_FIGURE: f32 = 420.0;
/// Below this width of the figure panels take turns, and then lie over it.
const LEAST_FIGURE: f32 = 300.0;
/// Below this height of the figure what stands under it lies over it.
const LEAST_FIGURE_HEIGHT: f32 = 190.0;
/// Of a panel that lies over the figure so much of the window is left to be seen.
const UNCOVERED: f32 = 24.0;

/// How wide a panel is.
struct Widths {
    /// Until it is dragged; of a narrow window no more than `share`.
    usual: f32,
    share: f32,
    least: f32,
    most: f32,
}

/// Where the browser of all heads is in this frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeadsAt {
    #[default]
    Closed,
    Beside,
    /// In the place of the panels, as was asked for.
    Centre,
    /// In the place of the panels, beside which it has no room.
    OnlyCentre,
}

impl HeadsAt {
    pub fn is_in_centre(self) -> bool {
        matches!(self, Self::Centre | Self::OnlyCentre)
    }
}

/// The places of the panels at both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sides {
    pub controls: Place,
    /// Of the inspector, or of the heads beside the panels.
    pub right: Place,
    pub heads: HeadsAt,
    /// Where there is room for one of both: whether the controls were asked for last.
    controls_asked_for: bool,
    had_right: bool,
}

impl Sides {
    /// Places both panels in a window of `width`.
    pub fn arrange(&mut self, width: f32, view: &View, sizes: &Sizes) {
        let controls = sizes.controls.unwrap_or(CONTROLS).clamp(LEAST_CONTROLS, MOST_CONTROLS);
        let has_room_for_heads = width >= HEADS.least + LEAST_FIGURE;
        self.heads = match (view.heads, view.heads_place) {
            (false, _) => HeadsAt::Closed,
            (true, HeadsPlace::Beside) if has_room_for_heads => HeadsAt::Beside,
            (true, HeadsPlace::Centre) if has_room_for_heads => HeadsAt::Centre,
            (true, _) => HeadsAt::OnlyCentre,
        };
        let has_right = self.has_right(view);
        let (widths, dragged) =
            if self.heads == HeadsAt::Beside { (HEADS, sizes.heads) } else { (INSPECTOR, sizes.inspector) };
        let right = dragged.unwrap_or(widths.usual.min(widths.share * width)).clamp(widths.least, widths.most);
        (self.controls, self.right) = (Place::Closed, Place::Closed);
        self.controls_asked_for &= self.had_right || !has_right;
        self.had_right = has_right;
        if view.user.controls && has_right && width >= LEAST_CONTROLS + widths.least + LEAST_FIGURE {
            let right = right.min(width - LEAST_CONTROLS - GOOD_FIGURE).max(widths.least);
            let controls = controls.min(width - right - GOOD_FIGURE).max(LEAST_CONTROLS);
            (self.controls, self.right) = (Place::Docked(controls), Place::Docked(right));
            self.controls_asked_for = false;
        } else if has_right && !self.controls_asked_for {
            self.right = alone(width, right, widths.least);
        } else if view.user.controls {
            let place = alone(width, controls, LEAST_CONTROLS);
            // At a start in a small window the figure is seen, not the controls.
            self.controls =
                if matches!(place, Place::Docked(_)) || self.controls_asked_for { place } else { Place::Closed };
        }
    }

    /// Whether something wants the place at the right.
    fn has_right(&self, view: &View) -> bool {
        view.inspector || self.heads == HeadsAt::Beside
    }

    /// Shows the controls, or hides them; returns what that asks of the session.
    pub fn toggle_controls(&mut self, view: &View) -> Option<Command> {
        let is_shown = self.controls != Place::Closed;
        if is_shown && self.controls_asked_for {
            self.controls_asked_for = false;
            return None;
        }
        self.controls_asked_for = !is_shown;
        (view.user.controls == is_shown).then_some(Command::ShowControls(!is_shown))
    }

    /// Whether one of both panels has the place of the other.
    pub fn take_turns(&self, view: &View) -> bool {
        view.user.controls && self.has_right(view) && (self.controls == Place::Closed || self.right == Place::Closed)
    }
}

/// One panel beside the figure, of `wished` width where there is room, or over it.
fn alone(width: f32, wished: f32, least: f32) -> Place {
    if width >= least + LEAST_FIGURE {
        Place::Docked(wished.min(width - GOOD_FIGURE).max(least))
    } else {
        Place::Over(wished.min(width - UNCOVERED))
    }
}

/// A panel under the figure of `wished` height, in a `room` for both; it needs `least`.
pub fn below(room: f32, wished: f32, least: f32) -> Place {
    if room >= least + LEAST_FIGURE_HEIGHT {
        Place::Docked(wished.clamp(least, room - LEAST_FIGURE_HEIGHT))
    } else {
        Place::Over(wished.max(least).min(room - UNCOVERED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Session;

    fn view(inspector: bool) -> View {
        let commands = inspector.then_some(Command::ToggleInspector);
        Session::default().with(commands).view().clone()
    }

    fn arranged(width: f32, inspector: bool) -> Sides {
        let mut sides = Sides::default();
        sides.arrange(width, &view(inspector), &Sizes::default());
        sides
    }

    #[test]
    fn the_figure_keeps_its_least_width_in_every_window() {
        let docked = |place: Place| if let Place::Docked(width) = place { width } else { 0.0 };
        for width in (360..5200).map(|width| width as f32) {
            for inspector in [false, true] {
                let sides = arranged(width, inspector);
                let left = width - docked(sides.controls) - docked(sides.right);
                assert!(left >= LEAST_FIGURE, "{left} of {width}: {sides:?}");
            }
        }
        for room in (180..2000).map(|room| room as f32) {
            let left = room - docked(below(room, 220.0, 130.0));
            assert!(left >= LEAST_FIGURE_HEIGHT.min(room), "{left} of {room}");
        }
    }

    #[test]
    fn panels_become_narrower_then_take_turns_then_lie_over() {
        let placed = |width, inspector| {
            let sides = arranged(width, inspector);
            (sides.controls, sides.right)
        };
        assert_eq!(placed(1280.0, true), (Place::Docked(336.0), Place::Docked(320.0)));
        assert_eq!(placed(900.0, true), (Place::Docked(264.0), Place::Docked(280.0)));
        assert_eq!(placed(640.0, true), (Place::Closed, Place::Docked(280.0)));
        assert_eq!(placed(640.0, false), (Place::Docked(264.0), Place::Closed));
        assert_eq!(placed(450.0, true), (Place::Closed, Place::Over(280.0)));
        assert_eq!(placed(450.0, false), (Place::Closed, Place::Closed));
    }

    #[test]
    fn heads_stand_beside_the_figure_or_in_its_place() {
        for width in (360..5200).map(|width| width as f32) {
            for place in [HeadsPlace::Beside, HeadsPlace::Centre] {
                let view = Session::default().with([Command::PlaceHeads(place)]).view().clone();
                let mut sides = Sides::default();
                sides.arrange(width, &view, &Sizes::default());
                let docked = |place: Place| if let Place::Docked(width) = place { width } else { 0.0 };
                let left = width - docked(sides.controls) - docked(sides.right);
                assert!(left >= LEAST_FIGURE, "{left} of {width}: {sides:?}");
                let expected = match place {
                    _ if width < 580.0 => HeadsAt::OnlyCentre,
                    HeadsPlace::Beside => HeadsAt::Beside,
                    HeadsPlace::Centre => HeadsAt::Centre,
                };
                assert_eq!(sides.heads, expected, "{width}");
                assert_eq!(matches!(sides.right, Place::Docked(_)), expected == HeadsAt::Beside, "{width}: {sides:?}");
            }
        }
    }

    #[test]
    fn the_controls_come_where_they_had_no_place_and_go_again() {
        for (width, inspector) in [(450.0, false), (450.0, true), (640.0, true)] {
            let (mut sides, view) = (arranged(width, inspector), view(inspector));
            let before = sides;
            assert_eq!(sides.toggle_controls(&view), None);
            sides.arrange(width, &view, &Sizes::default());
            assert!(sides.controls != Place::Closed && sides.right == Place::Closed, "{sides:?}");
            assert_eq!(sides.toggle_controls(&view), None);
            sides.arrange(width, &view, &Sizes::default());
            assert_eq!(sides, before);
        }
        let mut sides = arranged(1280.0, false);
        assert_eq!(sides.toggle_controls(&view(false)), Some(Command::ShowControls(false)));
    }
}
