//! From values to colours: limits, norms, colormaps and palettes, the ticks of a colour bar and its histogram.

pub mod colormap;
pub mod ground;
pub mod histogram;
pub mod limits;
pub mod norm;
pub mod norm_error;
pub mod norm_scale;
pub mod palette;
pub mod panel_scales;
pub mod ticks;
