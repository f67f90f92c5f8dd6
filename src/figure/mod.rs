//! The publication figure, and the colours and pooling that the window shares. Knows nothing of any window.
//!
//! [`FigureSpec`] says what the figure shows, [`layout`] resolves it to a [`Figure`] of items in points, and
//! [`to_png`], [`to_svg`] and [`to_pdf`] write that without deciding anything; [`draw`] is all of it. A [`Measure`]
//! gives a [`Quantity`] of every cell; a value becomes a colour by [`ColorNorm`] and [`Colormap`], together a
//! [`Palette`]; cells become pixels by [`pool`] and [`paint`].

mod data;
mod error;
mod look;
mod page;
mod panels;
mod scale;
mod text;
mod write;

pub use data::{
    measure::{CellValues, Measure, Rows},
    metric::PanelMetric,
    panel_columns::PanelColumns,
    pooling::{Grain, Pooled, PooledRow, Window, cells_behind, pool, pool_measure, pool_pattern},
    quantity::{ParseQuantityError, Quantity},
    reduce::{Keep, ParsePoolingError, Pooling},
};
pub use error::FigureError;
pub use look::Look;
pub use page::{
    arrangement::{Arrangement, LEGIBLE},
    dpi::Dpi,
    item::{Anchor, Detail, Figure, HeatmapItem, Item, Rect, Text, Turn},
    labels::{
        BAR_LABEL, illegible, label_step, outcome_panel_title, outcome_quantity_label, outcome_title, panel_title,
        title, title_of, token_label,
    },
    layout::layout,
    least_text::LeastText,
    repair::Repair,
    size::{PageSize, Unit},
    spec::{BarSpec, Beyond, FigureSpec, PanelSpec, StripSpec},
    strip::{StripLines, StripLinesError, TextStrip},
    style::{AxisLabels, FigureStyle, FontSize, LabelRotation, TextMode},
    sweep::{
        layout::sweep_figure,
        style::{SweepRange, SweepStyle},
    },
};
pub use panels::{PanelPicture, PanelPictures, PanelRenderer, PictureSpec};
pub use scale::{
    colormap::{ColorTable, Colormap, ParseColormapError, Rgb},
    ground::Ground,
    histogram::{Edges, Histogram},
    limits::{Limits, LogLimits},
    norm::{ColorNorm, LimitsFrom},
    norm_error::NormError,
    norm_scale::{NormPosition, NormScale},
    palette::{MaskedStyle, Palette, Picture, paint},
    ticks::Tick,
};
pub use text::{
    face::Face,
    fonts::Font,
    legible::{Illegible, stand_in},
    machine::Fonts,
};
pub use write::{
    animation,
    caption::caption,
    draw::{FileFormat, draw, encode, figure},
    file_name::file_stem,
    payload,
    pdf::to_pdf,
    png::{render, to_png},
    stamp::{Stamp, stamp},
    svg::to_svg,
    sweep_export::{SweepExport, SweepExportError, SweepFormat},
};
