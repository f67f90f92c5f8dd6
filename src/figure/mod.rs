//! The publication figure, and the colours and pooling that the window shares. Knows nothing of any window.
//!
//! [`FigureSpec`] says what the figure shows, [`layout`] resolves it to a [`Figure`] of items in points, and
//! [`to_svg`] and [`to_png`] write that without deciding anything. A weight becomes a colour by [`ColorNorm`] and
//! [`Colormap`], together a [`Palette`]; a pattern becomes pixels by [`pool`] and [`paint`].

mod colormap;
mod error;
mod geometry;
mod item;
mod labels;
mod layout;
mod norm;
mod palette;
mod panels;
mod png;
mod pooling;
mod spec;
mod style;
mod svg;
mod sweep;
mod text;

pub use colormap::{ColorTable, Colormap, ParseColormapError, Rgb};
pub use error::FigureError;
pub use item::{Anchor, Detail, Figure, Heatmap, Item, Rect, Text, Turn};
pub use labels::{BAR_LABEL, label_step, panel_title, title, token_label};
pub use layout::layout;
pub use norm::{ColorNorm, Limits, NormError, NormPosition, NormScale, Tick};
pub use palette::{Ground, MaskedStyle, Palette, Picture, paint};
pub use panels::{PanelPictures, PanelRenderer, PictureSpec, scale};
pub use png::{draw_png, render, to_png};
pub use pooling::{Pooled, Window, pool, pool_pattern};
pub use spec::{Beyond, FigureSpec, PanelSpec, weight_range};
pub use style::{AxisLabels, Dpi, FigureStyle, FontSize, PageSize};
pub use svg::to_svg;
pub use sweep::sweep_figure;
