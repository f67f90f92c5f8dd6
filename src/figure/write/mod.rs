//! Figures into files: PNG, SVG, PDF and animations, with the session inside.

pub mod animation;
pub mod caption;
pub mod color_runs;
pub mod draw;
pub mod file_name;
pub mod payload;
pub mod pdf;
pub mod picture_png;
pub mod png;
pub mod raster;
pub mod stamp;
pub mod svg;
pub mod sweep_export;
pub mod text_path;
