//! Where the parts of the window are that the tour speaks of. Each part says so itself, in every frame.

use egui::{Context, Id, Rect, Ui};

/// A part of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landmark {
    /// All panels.
    Grid,
    /// One panel.
    Panel,
    /// Rows, column, ε.
    Slider,
    Scope,
    Prompt,
    Inspector,
    Sweep,
    Export,
}

const COUNT: usize = Landmark::Export as usize + 1;

/// What was marked in this frame, as far as it is in view.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Landmarks {
    rects: [Option<Rect>; COUNT],
    /// What is to be scrolled to.
    wanted: Option<Landmark>,
}

fn id() -> Id {
    Id::unique("landmarks of the tour")
}

impl Landmarks {
    /// Those of this frame; the next one begins without any.
    pub fn take(ctx: &Context) -> Self {
        ctx.data_mut(|data| {
            let landmarks = data.get_temp_mut_or_default::<Self>(id());
            let taken = *landmarks;
            landmarks.rects = [None; COUNT];
            taken
        })
    }

    /// `None` where it was not drawn or is out of view.
    pub fn rect(&self, landmark: Landmark) -> Option<Rect> {
        self.rects[landmark as usize]
    }

    /// Has the view scrolled to `landmark` when it is marked next.
    pub fn want(ctx: &Context, landmark: Landmark) {
        ctx.data_mut(|data| data.get_temp_mut_or_default::<Self>(id()).wanted = Some(landmark));
    }
}

/// Says where `landmark` is.
pub fn mark(ui: &Ui, landmark: Landmark, rect: Rect) {
    let visible = rect.intersect(ui.clip_rect());
    let is_wanted = ui.data_mut(|data| {
        let landmarks = data.get_temp_mut_or_default::<Landmarks>(id());
        landmarks.rects[landmark as usize] = visible.is_positive().then_some(visible);
        landmarks.wanted.take_if(|wanted| *wanted == landmark).is_some()
    });
    if is_wanted && visible != rect {
        ui.scroll_to_rect(rect, None);
    }
}

/// Draws `contents` and says that this is where `landmark` is.
pub fn landmark<R>(ui: &mut Ui, landmark: Landmark, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let drawn = ui.scope(contents);
    mark(ui, landmark, drawn.response.rect);
    drawn.inner
}
