//! The colour of every cell: colormap, scale and what a masked cell looks like.

use pulp::Arch;
use serde::{Deserialize, Serialize};

use crate::figure::{Colormap, Ground, NormPosition, NormScale, Pooled, PooledRow, Quantity, Rgb};

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

    /// Colours of a quantity: `colormap` under `scale`, and masked cells as `masked` says, on `ground`.
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

    /// Colours from the lower limit to the upper one.
    pub fn colormap(&self) -> Colormap {
        self.colormap
    }

    /// How a value becomes a place in the colormap.
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
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
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
    let (ramp, masked) = (Ramp::of(palette), palette.masked.rgba());
    // Never cleared first: every pixel is written once.
    let mut pixels: Vec<[u8; 4]> = Vec::with_capacity(width * height);
    let mut places = vec![0; pooled.columns().len()];
    let is_reduced = pooled.columns().len() == width;
    for PooledRow { masked: first, columns, values, holes, repeat } in pooled.rows() {
        let places = &mut places[..values.len()];
        ramp.places(values, places);
        let color = |&place: &u16| ramp.colors[usize::from(place)];
        let line = pixels.len();
        pixels.resize(line + first, masked);
        if is_reduced {
            pixels.extend(places.iter().map(color));
        } else {
            for (place, &count) in places.iter().zip(columns) {
                pixels.resize(pixels.len() + count, color(place));
            }
        }
        pixels.resize(line + width, masked);
        for &hole in holes {
            let start = line + first + columns[..hole].iter().sum::<usize>();
            pixels[start..start + columns[hole]].fill(masked);
        }
        for _ in 1..repeat {
            pixels.extend_from_within(line..line + width);
        }
    }
    let rgba = pixels.into_flattened();
    Picture { width, height, rgba }
}

/// A palette's colours in one list.
struct Ramp {
    scale: NormScale,
    /// 256 from low to high, then under, over and not a number; longer than there are places to avoid a check.
    colors: [[u8; 4]; 512],
}

impl Ramp {
    const UNDER: u16 = 256;
    const OVER: u16 = 257;
    const BAD: u16 = 258;

    fn of(palette: &Palette) -> Self {
        let table = palette.colormap.table();
        let mut colors = [[0; 4]; 512];
        let listed = table.colors.iter().chain([&table.under, &table.over, &table.bad]);
        for (color, listed) in colors.iter_mut().zip(listed) {
            *color = listed.rgba();
        }
        Self { scale: palette.scale, colors }
    }

    /// Where the colour of each value stands, which is [`Palette::color`]'s.
    fn places(&self, values: &[f32], places: &mut [u16]) {
        match self.scale {
            NormScale::Linear(limits) => {
                let (low, range) = (limits.low(), limits.high() - limits.low());
                Arch::new().dispatch(
                    #[inline(always)]
                    || {
                        for (place, &value) in places.iter_mut().zip(values) {
                            *place = Self::place((value - low) / range);
                        }
                    },
                );
            }
            NormScale::Log(_) => {
                for (place, &value) in places.iter_mut().zip(values) {
                    *place = match self.scale.position(value) {
                        NormPosition::Within(t) => Self::place(t),
                        NormPosition::Under => Self::UNDER,
                        NormPosition::Over => Self::OVER,
                        NormPosition::Bad => Self::BAD,
                    };
                }
            }
        }
    }

    /// Of a place in the norm. The unit interval is cut into 256 equal steps.
    #[inline]
    fn place(t: f32) -> u16 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
        let step = (t * 256.0) as u16;
        let step = step.min(255);
        let step = if t < 0.0 { Self::UNDER } else { step };
        let step = if t > 1.0 { Self::OVER } else { step };
        if t.is_nan() { Self::BAD } else { step }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{ColorNorm, Keep, Window, pool};

    fn palette(masked: MaskedStyle, ground: Ground) -> Palette {
        Palette::new(Colormap::BlueRed, ColorNorm::default().resolve(|| None), masked, ground)
    }

    /// Writes a row that begins at key 0.
    fn prefix(row: &[f32], buffer: &mut [f32]) -> std::ops::Range<usize> {
        buffer[..row.len()].copy_from_slice(row);
        0..row.len()
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
    fn pictures_have_the_colours_of_the_palette() {
        let values: Vec<f32> = (0..=u32::MAX).step_by(1_300_021).map(f32::from_bits).collect();
        let values: Vec<f32> = values.into_iter().chain((0..=2100_u16).map(|i| f32::from(i) / 2048.0)).collect();
        let values: &'static [f32] = values.leak();
        for norm in ["linear", "-0.3:0.7", "log", "log:0.5:8"] {
            let scale = norm.parse::<ColorNorm>().unwrap().resolve(|| None);
            let palette = Palette::new(Colormap::Viridis, scale, MaskedStyle::Quiet, Ground::Light);
            let n = values.len();
            let pooled = pool(
                |_, buffer| prefix(values, buffer),
                n,
                Window { y1: 1.0, ..Window::whole(n) },
                [n, 1],
                Keep::Largest,
            );
            let picture = paint(&pooled, &palette);
            for (x, &value) in values.iter().enumerate() {
                assert_eq!(picture.pixel(x, 0), Some(palette.color(value)), "{value:e} in {norm}");
            }
        }
    }

    #[test]
    fn paints_every_pixel_with_the_colour_of_its_value() {
        let rows: [&'static [f32]; 2] = [&[1.0], &[0.25, f32::NAN]];
        let pooled = pool(|query, buffer| prefix(rows[query], buffer), 2, Window::whole(2), [5, 3], Keep::Largest);
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
