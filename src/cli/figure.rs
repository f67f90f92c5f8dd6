//! What is chosen about a figure, still or moving.

use clap::Args;

use crate::attention::{Component, Components};
use crate::figure::{
    AxisLabels, Dpi, Face, FigureStyle, FontSize, Ground, LabelRotation, LeastText, PageSize, PanelColumns, PanelMetric,
};
use crate::session::{Command, OnScreen, Session};

/// Looks of the figure.
#[derive(Debug, Args)]
#[command(next_help_heading = "Figure")]
pub struct FigureArguments {
    /// Title above the grid; an empty text leaves it out
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Size of the page in mm, or in pixels with px: 178, 178x160, 1200x900px; without a height it is as high as its
    /// content
    #[arg(long, default_value = "178", value_name = "WxH")]
    pub size: PageSize,
    /// Pixels per inch, of a PNG and of a size in pixels [default: 300, of an animation 144]
    #[arg(long, value_name = "N")]
    pub dpi: Option<Dpi>,
    /// Rows that are drawn, such as query,value or query,key,value,output [default: those of the session, else
    /// query,key,value]
    #[arg(long, value_name = "NAMES")]
    pub rows: Option<Components>,
    /// Columns that are drawn, such as 0,2 or left,right
    #[arg(long, default_value = "all", value_name = "COLUMNS")]
    pub columns: PanelColumns,
    /// Along the axes: tokens, positions, none
    #[arg(long, default_value = "tokens", value_name = "WHAT")]
    pub labels: AxisLabels,
    /// How key labels read: upwards, slanted, level [default: upwards]
    #[arg(long, value_name = "HOW")]
    pub label_rotation: Option<LabelRotation>,
    /// What texts are set in: light (Ubuntu Light, as in the window), sans (widths of Helvetica), serif (widths of Times)
    #[arg(long, default_value = "light", value_name = "FACE")]
    pub font: Face,
    /// Size of the panel titles in points, 4 to 24; other texts follow it [default: 8, or less where the page has not
    /// the room]
    #[arg(long, value_name = "POINTS")]
    pub font_size: Option<FontSize>,
    /// Labels at the axes are no smaller than this, in points, 4 to 12; where they have no room some are left out
    #[arg(long, default_value = "5", value_name = "POINTS")]
    pub least_text: LeastText,
    /// What the figure lies on: light, dark, transparent
    #[arg(long, default_value = "light", value_name = "GROUND")]
    pub ground: Ground,
    /// Numbers under each panel: sink, entropy, kl (from baseline)
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub metrics: Vec<PanelMetric>,
}

impl FigureArguments {
    /// The options that name panels, and whether they were given.
    pub fn of_panels(&self) -> [(&'static str, bool); 2] {
        [("--rows", self.rows.is_some()), ("--columns", self.columns.named().is_some())]
    }

    /// Gives the grid the row of Output, where it is to be drawn: no grid has it unless it is asked for.
    pub fn add_output(&self, session: &mut Session) {
        let rows = session.shape().rows();
        if self.rows.is_some_and(|rows| rows.contains(Component::Output)) && !rows.contains(Component::Output) {
            session.apply(Command::SetRows(rows.with(Component::Output)), OnScreen::default());
        }
    }

    /// # Errors
    /// With one sentence, for labels that are turned and not there.
    pub fn check(&self) -> Result<(), String> {
        match (self.label_rotation, self.labels) {
            (Some(_), AxisLabels::Hidden) => Err("--label-rotation turns labels, found --labels none".to_owned()),
            _ => Ok(()),
        }
    }

    /// `style` with these looks.
    pub fn over(&self, style: FigureStyle) -> FigureStyle {
        FigureStyle {
            title: self.title.clone(),
            page: self.size,
            dpi: self.dpi.unwrap_or_default(),
            rows: self.rows,
            columns: self.columns,
            face: self.font,
            font_size: self.font_size,
            least_text: self.least_text,
            ground: self.ground,
            axis_labels: self.labels,
            label_rotation: self.label_rotation.unwrap_or_default(),
            metrics: self.metrics.iter().copied().collect(),
            ..style
        }
    }
}
