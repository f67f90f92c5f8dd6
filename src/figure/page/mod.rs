//! What a figure shows and where: the specification, its style, and the layout that resolves them to items in points.

pub mod arrangement;
pub mod dpi;
pub mod geometry;
pub mod item;
pub mod labels;
pub mod layout;
pub mod least_text;
pub mod repair;
pub mod size;
pub mod spacing;
pub mod spec;
pub mod strip;
pub mod style;
pub mod style_names;
pub mod sweep;
pub mod title_line;
pub mod ways;
pub mod widths;
