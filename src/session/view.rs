use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::{
    attention::{Epsilon, PanelId},
    engine::{SweepMetric, Target, Writing},
    figure::{FigureStyle, Ground, Look, PictureSpec, Window},
};

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the desktop has it.
    #[default]
    System,
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
}

/// The panel with the curves over ε.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SweepView {
    /// Whether the panel with the curves is on screen.
    pub open: bool,
    /// What its curves show.
    pub metric: SweepMetric,
}

/// The panel with what the model writes behind the prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TextView {
    /// Whether the panel with both texts is on screen.
    pub open: bool,
    /// How many tokens, within [`Self::TOKENS`], and which.
    pub writing: Writing,
    /// Whose texts. Written where they are not the selected panel's.
    #[serde(skip_serializing_if = "TextsOf::is_usual")]
    pub of: TextsOf,
}

/// Whose texts the panel with what the model writes shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextsOf {
    /// The selected panel's beside the baseline's, token by token.
    #[default]
    SelectedPanel,
    /// Those of all panels, a line each.
    AllPanels,
}

impl TextsOf {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl TextView {
    /// What the number of tokens may be.
    pub const TOKENS: RangeInclusive<usize> = 1..=1024;

    /// The nearest number of tokens within [`Self::TOKENS`].
    pub(super) fn write(&mut self, writing: Writing) {
        let n_tokens = writing.n_tokens.clamp(*Self::TOKENS.start(), *Self::TOKENS.end());
        self.writing = Writing { n_tokens, ..writing };
    }

    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// What the tokens above the panels are tinted by, of the one that is pointed at or pinned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenTint {
    /// How much it reads of each.
    #[default]
    Reads,
    /// How much each reads of it.
    ReadBy,
    /// How much more or less it reads of each than what differences are taken from.
    Difference,
}

impl TokenTint {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// Where the browser of all heads is while it is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeadsPlace {
    /// At the side of the panels, in the place of the inspector.
    #[default]
    Beside,
    /// In the place of the panels.
    Centre,
}

impl HeadsPlace {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// What of the slider's scale for ε is in view, apart from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SliderRange {
    /// 1e-12 to 1e2.
    #[default]
    Whole,
    /// Two decades with this ε in the middle, as far as the whole scale allows.
    Around(Epsilon),
}

impl SliderRange {
    /// log10 of the ε at both ends.
    pub fn decades(self) -> [f64; 2] {
        const WHOLE: [f64; 2] = [-12.0, 2.0];
        match self {
            Self::Whole => WHOLE,
            Self::Around(epsilon) => {
                let tenths = (epsilon.get().log10() * 10.0).round() / 10.0;
                let middle = tenths.clamp(WHOLE[0] + 1.0, WHOLE[1] - 1.0);
                [middle - 1.0, middle + 1.0]
            }
        }
    }
}

/// How the numbers are shown; changes none of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    /// Quantity, pooling and colours.
    #[serde(flatten)]
    pub look: Look,
    /// The cells in view, the same in all panels; `None` for the whole matrix.
    pub window: Option<Window>,
    /// The panel that is shown alone.
    pub solo: Option<PanelId>,
    /// Whether the panel with the pinned cell's numbers is open.
    pub inspector: bool,
    /// The panel with the curves over ε.
    pub sweep: SweepView,
    /// The panel with what the model writes. Written where it is not as it was before there was one.
    #[serde(skip_serializing_if = "TextView::is_usual")]
    pub text: TextView,
    /// The token whose logit heads write into, and whose chances rankings and curves follow. Written where one is named.
    #[serde(skip_serializing_if = "Target::is_usual")]
    pub target: Target,
    /// What the tokens above the panels are tinted by. Written where it is not what is usual.
    #[serde(skip_serializing_if = "TokenTint::is_usual")]
    pub token_tint: TokenTint,
    /// Which decades of ε the slider covers.
    pub slider: SliderRange,
    /// Whether the browser of all heads is open.
    pub heads: bool,
    /// Where it is then. Beside the panels there is one of both, the inspector or it. Written where it is not what is
    /// usual.
    #[serde(skip_serializing_if = "HeadsPlace::is_usual")]
    pub heads_place: HeadsPlace,
    /// What belongs to the user rather than to the view.
    #[serde(flatten)]
    pub user: UserSettings,
}

/// What belongs to the user of the window, whoever's view is shown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserSettings {
    /// Light, dark, or as the desktop is.
    pub theme: Theme,
    /// Scale of the whole window, 1 = ordinary, within [`Self::UI_SCALE`].
    pub ui_scale: f32,
    /// Whether what opens, closes and scrolls does so at once.
    pub reduced_motion: bool,
    /// Whether the controls beside the panels are open. Written where they are not.
    #[serde(skip_serializing_if = "is_open")]
    pub controls: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn is_open(controls: &bool) -> bool {
    *controls
}

impl UserSettings {
    /// What [`Self::ui_scale`] may be.
    pub const UI_SCALE: RangeInclusive<f32> = 0.75..=2.5;
    /// The scales that are offered, from the smallest.
    pub const UI_SCALES: [f32; 6] = [0.75, 1.0, 1.25, 1.5, 2.0, 2.5];

    /// The next of [`Self::UI_SCALES`] above or below [`Self::ui_scale`]; at either end it stays.
    pub fn next_scale(self, direction: ScaleStep) -> f32 {
        let found = match direction {
            ScaleStep::Larger => Self::UI_SCALES.into_iter().find(|&scale| scale > self.ui_scale),
            ScaleStep::Smaller => Self::UI_SCALES.into_iter().rev().find(|&scale| scale < self.ui_scale),
        };
        found.unwrap_or(self.ui_scale)
    }
}

/// Which way a step of [`UserSettings::ui_scale`] leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleStep {
    /// Everything becomes larger.
    Larger,
    /// More has room.
    Smaller,
}

impl Default for UserSettings {
    fn default() -> Self {
        Self { theme: Theme::default(), ui_scale: 1.0, reduced_motion: false, controls: true }
    }
}

impl View {
    /// Whether the browser of all heads is open at the side of the panels.
    pub fn has_heads_beside(&self) -> bool {
        self.heads && self.heads_place == HeadsPlace::Beside
    }

    /// Beside the panels it takes the place of the heads.
    pub(super) fn toggle_inspector(&mut self) {
        self.inspector = !self.inspector;
        self.heads &= !(self.inspector && self.has_heads_beside());
    }

    pub(super) fn toggle_heads(&mut self) {
        if self.heads {
            self.heads = false;
        } else {
            self.place_heads(HeadsPlace::Beside);
        }
    }

    /// Beside the panels the heads take the place of the inspector.
    pub(super) fn place_heads(&mut self, place: HeadsPlace) {
        (self.heads, self.heads_place) = (true, place);
        self.inspector &= !self.has_heads_beside();
    }

    /// The figure that looks as the view does.
    pub fn figure_style(&self) -> FigureStyle {
        FigureStyle { look: self.look, ..FigureStyle::default() }
    }

    /// The panels' pictures on screen, each of `size` pixels on `ground`.
    pub fn picture_spec(&self, size: [usize; 2], ground: Ground) -> PictureSpec {
        PictureSpec { window: self.window, size, look: self.look, ground }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slider_shows_two_decades_of_its_scale() {
        for (middle, ends) in [(0.11, [-2.0, 0.0]), (0.0, [-12.0, -10.0]), (1e-300, [-12.0, -10.0]), (1e9, [0.0, 2.0])]
        {
            assert_eq!(SliderRange::Around(Epsilon::new(middle).unwrap()).decades(), ends, "{middle}");
        }
        assert_eq!(SliderRange::Whole.decades(), [-12.0, 2.0]);
    }
}
