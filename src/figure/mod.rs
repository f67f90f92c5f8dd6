//! The publication figure, and the colours and pooling that the window shares. Knows nothing of any window.
//!
//! [`FigureSpec`] says what the figure shows, [`layout`] resolves it to a [`Figure`] of items in points, and
//! [`to_svg`] and [`to_png`] write that without deciding anything. A [`Measure`] gives a [`Quantity`] of every cell; a
//! value becomes a colour by [`ColorNorm`] and [`Colormap`], together a [`Palette`]; cells become pixels by [`pool`] and
//! [`paint`].

mod colormap;
mod error;
mod geometry;
mod histogram;
mod item;
mod labels;
mod layout;
mod limits;
mod measure;
mod norm;
mod palette;
mod panel_scales;
mod panels;
mod png;
mod pooling;
mod quantity;
mod reduce;
mod scale;
mod spec;
mod style;
mod svg;
mod sweep;
mod text;
mod ticks;

pub use colormap::{ColorTable, Colormap, ParseColormapError, Rgb};
pub use error::FigureError;
pub use histogram::{Edges, Histogram};
pub use item::{Anchor, Detail, Figure, Heatmap, Item, Rect, Text, Turn};
pub use labels::{BAR_LABEL, label_step, panel_title, title, token_label};
pub use layout::layout;
pub use limits::{Limits, LogLimits};
pub use measure::{Measure, Rows};
pub use norm::{ColorNorm, LimitsFrom, NormError};
pub use palette::{Ground, MaskedStyle, Palette, Picture, paint};
pub use panels::{PanelPicture, PanelPictures, PanelRenderer, PictureSpec};
pub use png::{draw_png, render, to_png};
pub use pooling::{Grain, Pooled, Window, pool, pool_measure, pool_pattern};
pub use quantity::{ParseQuantityError, Quantity};
pub use reduce::{Keep, ParsePoolingError, Pooling};
pub use scale::{NormPosition, NormScale};
pub use spec::{BarSpec, Beyond, FigureSpec, PanelSpec};
pub use style::{AxisLabels, Dpi, FigureStyle, FontSize, PageSize};
pub use svg::to_svg;
pub use sweep::sweep_figure;
pub use ticks::Tick;
