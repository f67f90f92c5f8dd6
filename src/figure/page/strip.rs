//! What the model writes, as a strip under each panel and the baseline's at the foot of the page.

use std::{fmt, ops::RangeInclusive, str::FromStr, sync::Arc};

use crate::{
    attention::{Grid, Shape},
    engine::{PanelTexts, Written},
    figure::{Fonts, text::legible::legible},
};

/// Lines under each panel, 1 to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StripLines(u8);

impl StripLines {
    /// How many there may be.
    pub const RANGE: RangeInclusive<u8> = 1..=8;

    /// # Errors
    /// When there are none or more than 8.
    pub fn new(lines: u8) -> Result<Self, StripLinesError> {
        if Self::RANGE.contains(&lines) { Ok(Self(lines)) } else { Err(StripLinesError(lines.to_string())) }
    }

    /// How many.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for StripLines {
    fn default() -> Self {
        Self(3)
    }
}

impl fmt::Display for StripLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// No number of lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to 8 lines, found “{0}”")]
pub struct StripLinesError(String);

impl FromStr for StripLines {
    type Err = StripLinesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.trim().parse().ok().and_then(|lines| Self::new(lines).ok()).ok_or_else(|| StripLinesError(text.to_owned()))
    }
}

/// What the model writes under the change of each panel, and unmodified, to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct TextStrip {
    /// Under each panel.
    pub lines: StripLines,
    /// As the model writes it.
    pub texts: Arc<PanelTexts>,
}

impl TextStrip {
    /// The unmodified model's text on one line.
    pub(super) fn baseline(&self, fonts: &Fonts) -> String {
        self.texts.baseline().map_or_else(String::new, |written| readable(written, fonts))
    }

    /// Each panel's on one line.
    pub(super) fn panels(&self, shape: Shape, fonts: &Fonts) -> Grid<String> {
        let text = |panel| self.texts.get(panel).map_or_else(String::new, |text| readable(&text.modified, fonts));
        Grid::from_fn(shape, text)
    }

    /// All texts, as they are written.
    pub(super) fn all(&self, shape: Shape) -> Vec<String> {
        let panels = shape.panels().filter_map(|panel| self.texts.get(panel)).map(|text| text.modified.text());
        self.texts.baseline().map(Written::text).into_iter().chain(panels).collect()
    }
}

/// A text whose line breaks are seen, of characters that there are fonts for.
fn readable(written: &Written, fonts: &Fonts) -> String {
    let text = written.text().trim().replace("\r\n", "\n").replace('\n', " ↵ ");
    legible(&text, fonts).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_one_to_eight() {
        assert_eq!("8".parse::<StripLines>().map(StripLines::get), Ok(8));
        for text in ["0", "9", "-1", "three", ""] {
            assert!(text.parse::<StripLines>().is_err_and(|error| error.to_string().contains("1 to 8")), "{text}");
        }
    }
}
