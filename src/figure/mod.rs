//! The publication figure, and the colours and pooling that the window shares. Knows nothing of any window.
//!
//! [`FigureSpec`] says what the figure shows, [`layout`] resolves it to a [`Figure`] of items in points, and
//! [`to_png`], [`to_svg`] and [`to_pdf`] write that without deciding anything; [`draw`] is all of it. A [`Measure`]
//! gives a [`Quantity`] of every cell; a value becomes a colour by [`ColorNorm`] and [`Colormap`], together a
//! [`Palette`]; cells become pixels by [`pool`] and [`paint`].

pub mod animation;
mod color_runs;
mod colormap;
mod dpi;
mod draw;
mod error;
mod fonts;
mod geometry;
mod ground;
mod histogram;
mod item;
mod labels;
mod layout;
mod limits;
mod look;
mod measure;
mod metric;
mod norm;
mod norm_error;
mod outlines;
mod page;
mod palette;
mod panel_columns;
mod panel_scales;
mod panels;
pub mod payload;
mod pdf;
mod picture_png;
mod png;
mod pooling;
mod quantity;
mod raster;
mod reduce;
mod scale;
mod shaping;
mod spacing;
mod spec;
mod style;
mod style_names;
mod svg;
mod sweep;
mod sweep_export;
mod ticks;
mod title_line;
mod truetype;
mod web_fonts;
mod woff;

pub use colormap::{ColorTable, Colormap, ParseColormapError, Rgb};
pub use dpi::Dpi;
pub use draw::{FileFormat, draw, figure};
pub use error::FigureError;
pub use ground::Ground;
pub use histogram::{Edges, Histogram};
pub use item::{Anchor, Detail, Figure, Heatmap, Item, Rect, Text, Turn};
pub use labels::{BAR_LABEL, label_step, panel_title, quantity_label, title, title_of, token_label};
pub use layout::layout;
pub use limits::{Limits, LogLimits};
pub use look::Look;
pub use measure::{CellValues, Measure, Rows};
pub use metric::PanelMetric;
pub use norm::{ColorNorm, LimitsFrom};
pub use norm_error::NormError;
pub use page::{PageSize, Unit};
pub use palette::{MaskedStyle, Palette, Picture, paint};
pub use panel_columns::PanelColumns;
pub use panels::{PanelPicture, PanelPictures, PanelRenderer, PictureSpec};
pub use pdf::to_pdf;
pub use png::{render, to_png};
pub use pooling::{Grain, Pooled, PooledRow, Window, cells_behind, pool, pool_measure, pool_pattern};
pub use quantity::{ParseQuantityError, Quantity};
pub use reduce::{Keep, ParsePoolingError, Pooling};
pub use scale::{NormPosition, NormScale};
pub use spec::{BarSpec, Beyond, FigureSpec, PanelSpec};
pub use style::{AxisLabels, FigureStyle, FontSize, LabelRotation, TextMode};
pub use svg::to_svg;
pub use sweep::sweep_figure;
pub use sweep_export::{SweepExport, SweepExportError, SweepFormat};
pub use ticks::Tick;
