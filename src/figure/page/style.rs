//! What a person chooses about the figure.

use std::{collections::BTreeSet, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{arrangement::Arrangement, least_text::LeastText, strip::TextStrip};
use crate::{
    attention::{Component, Components},
    figure::{Dpi, Face, FigureError, Fonts, Ground, Look, PageSize, PanelColumns, PanelMetric, Quantity},
};

/// Looks of the figure. The default is the figure that the program grew from, two journal columns wide.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct FigureStyle {
    /// `None`: as operation, quantity and rows have it, [`crate::figure::title`].
    pub title: Option<String>,
    /// Width and height.
    pub page: PageSize,
    /// Of a PNG, and what a page in pixels is measured by.
    pub dpi: Dpi,
    /// Which rows of the grid are shown; `None` for all that it has.
    pub rows: Option<Components>,
    /// Which columns of the grid are shown.
    pub columns: PanelColumns,
    /// What texts are set in.
    pub face: Face,
    /// Of labels and titles, in points; `None`: 8, or less where the page has not the room.
    pub font_size: Option<FontSize>,
    /// Labels at the axes are never smaller; where they have no room some are left out.
    pub least_text: LeastText,
    /// Quantity, pooling and colours.
    #[serde(flatten)]
    pub look: Look,
    /// Behind everything.
    pub ground: Ground,
    /// What stands at the axes.
    pub axis_labels: AxisLabels,
    /// Direction of the labels below.
    pub label_rotation: LabelRotation,
    /// Numbers under each panel.
    pub metrics: BTreeSet<PanelMetric>,
    /// Whether texts are written as texts or as outlines.
    pub text: TextMode,
    /// What the model writes, under each panel.
    #[serde(skip)]
    pub strip: Option<TextStrip>,
    /// How it is laid out; `None`: as it fits best. A film has it of one of its frames, so that none jumps.
    #[serde(skip)]
    pub arrangement: Option<Arrangement>,
    /// What texts are drawn with; a file that holds a style names none.
    #[serde(skip)]
    pub fonts: Fonts,
}

impl FigureStyle {
    /// The default looks of a figure of `quantity`.
    pub fn of(quantity: Quantity) -> Self {
        Self { look: Look::of(quantity), ..Self::default() }
    }

    /// Whether the row of `component` is shown, where the grid has it.
    pub fn shows(&self, component: Component) -> bool {
        self.rows.is_none_or(|rows| rows.contains(component))
    }

    /// The rows that are shown of a grid with `rows`; all of them, where it has none of those that are named.
    pub fn rows_of(&self, rows: Components) -> Components {
        Components::new(rows.iter().filter(|&component| self.shows(component))).unwrap_or(rows)
    }
}

/// What stands along the outer axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AxisLabels {
    /// The tokens' texts.
    #[default]
    Tokens,
    /// 0, 1, 2, …
    Positions,
    /// Nothing.
    Hidden,
}

/// How key labels read. Query labels are always level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelRotation {
    /// From the bottom to the top, 90°.
    #[default]
    Upwards,
    /// 45°
    Slanted,
    /// 0°; thinned where they are wider than their cells.
    Level,
}

/// How a vector file holds its words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextMode {
    /// As text, to be searched and selected, with the glyphs that it uses: in PDF as parts of their fonts, in SVG as
    /// outlines, with the text itself over them, unseen. Both look the same in every program.
    #[default]
    Embedded,
    /// As outlines alone.
    Paths,
}

/// Size of the panel titles in points, 4 to 24; other texts follow it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct FontSize(f64);

impl FontSize {
    /// # Errors
    /// When `points` is not between 4 and 24.
    pub fn new(points: f64) -> Result<Self, FigureError> {
        if (4.0..=24.0).contains(&points) { Ok(Self(points)) } else { Err(FigureError::FontSize(points)) }
    }

    /// In points, 4 to 24.
    pub fn points(self) -> f64 {
        self.0
    }
}

impl FromStr for FontSize {
    type Err = FigureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text.trim().parse().map_err(|_| FigureError::FontSizeText(text.to_owned()))?)
    }
}

impl TryFrom<f64> for FontSize {
    type Error = FigureError;

    fn try_from(points: f64) -> Result<Self, Self::Error> {
        Self::new(points)
    }
}

impl From<FontSize> for f64 {
    fn from(size: FontSize) -> Self {
        size.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_outside_their_ranges_are_refused() {
        assert!(FontSize::new(f64::NAN).is_err() && FontSize::new(3.9).is_err() && FontSize::new(24.0).is_ok());
    }

    #[test]
    fn a_style_survives_being_written_and_read() {
        let style = FigureStyle {
            page: "120x90".parse().unwrap(),
            dpi: Dpi::new(96).unwrap(),
            rows: Some("key".parse().unwrap()),
            ground: Ground::Transparent,
            label_rotation: LabelRotation::Slanted,
            metrics: PanelMetric::ALL.into(),
            text: TextMode::Paths,
            ..FigureStyle::default()
        };
        let json = serde_json::to_string(&style).unwrap();
        assert_eq!(serde_json::from_str::<FigureStyle>(&json).unwrap(), style);
        assert_eq!(serde_json::from_str::<FigureStyle>("{}").unwrap(), FigureStyle::default());
        let older = r#"{"title": null, "page": [120.0, 90.0], "font-size": 9.0, "axis-labels": "positions"}"#;
        let older = serde_json::from_str::<FigureStyle>(older).unwrap();
        assert_eq!((older.page.to_string().as_str(), older.rows), ("120x90", None));
        assert!(serde_json::from_str::<FigureStyle>(r#"{"font-size": 0}"#).is_err());
        assert!(serde_json::from_str::<FigureStyle>(r#"{"rows": []}"#).is_err());
    }
}
