//! What a figure shows and where: the specification, its style, and the layout that resolves them to items in points.

pub mod dpi;
pub mod geometry;
pub mod item;
pub mod labels;
pub mod layout;
pub mod size;
pub mod spacing;
pub mod spec;
pub mod style;
pub mod style_names;
pub mod sweep;
pub mod title_line;
