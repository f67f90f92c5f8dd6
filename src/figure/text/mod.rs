//! Texts as glyphs and outlines: the program's fonts, those of the machine for what they lack, and what no font has.

pub mod face;
pub mod font_index;
pub mod fonts;
pub mod legible;
pub mod machine;
pub mod outlines;
pub mod shaping;
pub mod unseen;
pub mod wrapping;
