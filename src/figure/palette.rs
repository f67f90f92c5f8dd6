//! The colour of every cell: colormap, scale and what a masked cell looks like.

use serde::{Deserialize, Serialize};

use super::{Colormap, NormScale, Pooled, Quantity, Rgb};

/// What a picture lies on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    #[default]
    Light,
    Dark,
    /// Whatever the figure is put on, which should be light: inks and the quiet colour are those of [`Self::Light`].
    Transparent,
}

/// How cells are drawn that no query may attend to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskedStyle {
    /// A quiet colour of their own, next to that of the ground.
    #[default]
    Quiet,
    /// As weight 0, the way the paper prints them.
    AsZero,
}

/// Everything between a value and its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    colormap: Colormap,
    scale: NormScale,
    masked: Rgb,
}

impl Palette {
    /// For weights.
    pub fn new(colormap: Colormap, scale: NormScale, masked: MaskedStyle, ground: Ground) -> Self {
        Self::for_quantity(Quantity::Weight, colormap, scale, masked, ground)
    }

    pub fn for_quantity(
        quantity: Quantity,
        colormap: Colormap,
        scale: NormScale,
        masked: MaskedStyle,
        ground: Ground,
    ) -> Self {
        let masked = match masked {
            MaskedStyle::AsZero => colormap.table().at(scale.position(quantity.at_weight_zero())),
            MaskedStyle::Quiet => colormap.quiet(ground),
        };
        Self { colormap, scale, masked }
    }

    pub fn colormap(&self) -> Colormap {
        self.colormap
    }

    pub fn scale(&self) -> NormScale {
        self.scale
    }

    /// The colour of an unmasked cell; NaN and values beyond the limits have colours of their own.
    pub fn color(&self, value: f32) -> Rgb {
        self.colormap.table().at(self.scale.position(value))
    }

    /// The colour of a masked cell.
    pub fn masked(&self) -> Rgb {
        self.masked
    }
}

/// Pixels, row by row from the top; opaque but for the page of a figure on a transparent ground.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    /// `[height, width, 4]`, sRGB and opacity, which no colour is multiplied by.
    pub rgba: Vec<u8>,
}

impl Picture {
    /// The colour of a pixel; `None` outside.
    pub fn pixel(&self, x: usize, y: usize) -> Option<Rgb> {
        let start = (x < self.width).then_some((y * self.width + x) * 4)?;
        self.rgba.get(start..start + 3)?.try_into().ok().map(Rgb)
    }
}

/// Colours a pooled pattern: each distinct value once, then copied over the pixels that show it.
pub fn paint(pooled: &Pooled, palette: &Palette) -> Picture {
    let (width, height) = (pooled.width(), pooled.height());
    let (table, masked) = (palette.colormap.table(), palette.masked.rgba());
    let mut rgba = vec![0; width * height * 4];
    let mut rest = rgba.as_mut_slice();
    for (row, repeat) in pooled.rows() {
        let (lines, below) = std::mem::take(&mut rest).split_at_mut(width * 4 * repeat);
        rest = below;
        let (line, copies) = lines.split_at_mut(width * 4);
        let colors = row.iter().map(|&value| table.at(palette.scale.position(value)).rgba());
        let mut pixels = line.chunks_exact_mut(4);
        for (color, &count) in colors.chain(std::iter::repeat(masked)).zip(pooled.columns()) {
            for pixel in pixels.by_ref().take(count) {
                pixel.copy_from_slice(&color);
            }
        }
        for copy in copies.chunks_exact_mut((width * 4).max(1)) {
            copy.copy_from_slice(line);
        }
    }
    Picture { width, height, rgba }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{ColorNorm, Keep, Window, pool};

    fn palette(masked: MaskedStyle, ground: Ground) -> Palette {
        Palette::new(Colormap::BlueRed, ColorNorm::default().resolve(|| None), masked, ground)
    }

    #[test]
    fn masked_cells_are_quiet_or_look_like_zero() {
        let quiet = palette(MaskedStyle::Quiet, Ground::Light);
        assert_ne!(quiet.masked(), quiet.color(0.0));
        assert_ne!(quiet.masked(), palette(MaskedStyle::Quiet, Ground::Dark).masked());
        assert_eq!(palette(MaskedStyle::AsZero, Ground::Dark).masked(), Rgb([59, 76, 192]));
        let score = Palette::for_quantity(
            Quantity::Score,
            Colormap::Viridis,
            ColorNorm::default().resolve(|| None),
            MaskedStyle::AsZero,
            Ground::Light,
        );
        assert_eq!(score.masked(), Colormap::Viridis.table().under, "no score is small enough for a weight of 0");
    }

    #[test]
    fn paints_every_pixel_with_the_colour_of_its_value() {
        let rows: [&'static [f32]; 2] = [&[1.0], &[0.25, f32::NAN]];
        let pooled = pool(|query, _| rows[query], 2, Window::whole(2), [5, 3], Keep::Largest);
        let palette = palette(MaskedStyle::Quiet, Ground::Light);
        let picture = paint(&pooled, &palette);
        assert_eq!((picture.width, picture.height, picture.rgba.len()), (5, 3, 60));
        for y in 0..3 {
            for x in 0..5 {
                let expected = pooled.value(x, y).map_or(palette.masked(), |value| palette.color(value));
                assert_eq!(picture.pixel(x, y), Some(expected), "{x} {y}");
            }
        }
        assert_eq!(picture.pixel(4, 2), Some(Colormap::BlueRed.table().bad), "NaN is seen");
        assert_eq!(picture.pixel(5, 0), None);
        assert_eq!(picture.pixel(0, 3), None);
    }
}
