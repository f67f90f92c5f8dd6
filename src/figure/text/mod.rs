//! Fonts: texts shaped, measured and outlined, and the glyphs that an SVG embeds.

pub mod fonts;
pub mod outlines;
pub mod shaping;
pub mod truetype;
pub mod web_fonts;
pub mod woff;
