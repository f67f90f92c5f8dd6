//! `attenuate export`: the figure as a file.

use clap::Args;

use super::{
    args::{ExportArguments, PlaceArguments},
    batch, start,
};
use crate::{
    attention::Components,
    base::write_atomically,
    engine::Fingerprints,
    figure::{
        AxisLabels, Dpi, FigureStyle, FileFormat, FontSize, Ground, LabelRotation, PageSize, PanelColumns, PanelMetric,
        TextMode, draw,
    },
    session::document,
};

pub const EXAMPLES: &str = "\
Examples:
  attenuate export -o figure.png
  attenuate export -o figure.pdf --title \"\" --metrics sink,entropy,kl
  attenuate export -o row.svg --rows query --size 178x80
  attenuate export -o panel.svg --rows value --columns right --size 85 --text paths
  attenuate export -o slide.png --size 1600x1200px --dpi 144 --ground dark
  attenuate export -o difference.png --quantity difference --labels positions --ground transparent
  attenuate export -o 'head-{layer}-{head}.png' --layer 0..=5 --head all bundled:austen";

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
    /// Rows that are drawn, such as query,value
    #[arg(long, default_value = "query,key,value", value_name = "NAMES")]
    pub rows: Components,
    /// Columns that are drawn, such as 0,2 or left,right
    #[arg(long, default_value = "all", value_name = "COLUMNS")]
    pub columns: PanelColumns,
    /// Along the axes: tokens, positions, none
    #[arg(long, default_value = "tokens", value_name = "WHAT")]
    pub labels: AxisLabels,
    /// How key labels read: upwards, slanted, level
    #[arg(long, default_value = "upwards", value_name = "HOW")]
    pub label_rotation: LabelRotation,
    /// Size of the panel titles in points, 4 to 24; other texts follow it
    #[arg(long, default_value = "8", value_name = "POINTS")]
    pub font_size: FontSize,
    /// What the figure lies on: light, dark, transparent
    #[arg(long, default_value = "light", value_name = "GROUND")]
    pub ground: Ground,
    /// Numbers under each panel: sink, entropy, kl (from baseline)
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub metrics: Vec<PanelMetric>,
    /// Words in SVG and PDF: embedded (as text, with its font) or paths (as outlines)
    #[arg(long, default_value = "embedded", value_name = "HOW")]
    pub text: TextMode,
}

impl FigureArguments {
    /// `style` with these looks.
    pub fn over(&self, style: FigureStyle) -> FigureStyle {
        FigureStyle {
            title: self.title.clone(),
            page: self.size,
            dpi: self.dpi.unwrap_or_default(),
            rows: self.rows,
            columns: self.columns,
            font_size: self.font_size,
            ground: self.ground,
            axis_labels: self.labels,
            label_rotation: self.label_rotation,
            metrics: self.metrics.iter().copied().collect(),
            text: self.text,
            ..style
        }
    }
}

pub fn export(arguments: &ExportArguments) -> anyhow::Result<()> {
    let format = FileFormat::of(&arguments.output)?;
    let session = start::session(&arguments.view, PlaceArguments::default())?;
    let inputs = start::inputs(&arguments.view.source, &session);
    let output = &arguments.output;
    let protected = if arguments.no_session { inputs.protected() } else { inputs.protected_from_session(output) };
    let style = arguments.figure.over(session.view.figure_style());
    let fingerprints = Fingerprints::default();
    batch::each(&session, &arguments.places, output, &protected, |session, outcome, path| {
        let payload =
            if arguments.no_session { None } else { Some(document::payload(session, outcome, path, &fingerprints)?) };
        let file = draw(outcome, &style, format, payload.as_deref())?;
        Ok(write_atomically(path, &protected, |out| out.write_all(&file))?)
    })
}
