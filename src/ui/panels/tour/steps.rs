//! What the tour says, and of what.

use super::Landmark;

pub struct Step {
    pub title: &'static str,
    pub text: &'static str,
    /// What it speaks of; the card stands beside the first.
    pub landmarks: &'static [Landmark],
}

pub const STEPS: [Step; 5] = [
    Step {
        title: "Nine panels",
        text: "Each row of panels turns down Query, Key or Value. The columns are three values of ε, from a half to \
               almost nothing. Red is much attention weight, blue is little.",
        landmarks: &[Landmark::Grid],
    },
    Step {
        title: "Turn ε down",
        text: "Choose a row and a column and drag the slider, or let it play (▶): the picture follows. Below it stands \
               why it looks as it does; “More…” opens a page about it.",
        landmarks: &[Landmark::Slider],
    },
    Step {
        title: "Read a cell",
        text: "Point at a cell for its exact numbers. The crosshair marks the same cell in every panel. A click pins it; \
               the inspector then shows where the weight comes from.",
        landmarks: &[Landmark::Panel, Landmark::Inspector],
    },
    Step {
        title: "Where ε acts",
        text: "The scope says which heads, layers and positions are changed. Sweep draws sink mass, entropy and other \
               metrics over all ε.",
        landmarks: &[Landmark::Scope, Landmark::Sweep],
    },
    Step {
        title: "Your own text",
        text: "Type a prompt and the model reads it; beside it stands what it says next, before → after. Export draws the \
               figure for print. Lessons, and three things to try, are in the Help menu.",
        landmarks: &[Landmark::Prompt, Landmark::Export],
    },
];
