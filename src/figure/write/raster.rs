//! A resolved figure as pixels, a band at a time: a large picture takes no more memory than a small one.

use std::{collections::BTreeMap, ops::Range};

use resvg::{tiny_skia, usvg};

use super::{
    svg,
    text_path::{Place, text_path},
};
use crate::figure::{
    Dpi, Figure, FigureError, HeatmapItem, Picture, Pooled, PooledRow, Rgb, Text,
    text::shaping::{one_line, shape},
};

/// Draws bands of the figure, whole rows of pixels from the top.
///
/// Heatmaps go straight to their pixels, each cell or maximum of cells exactly; lines are rendered over them, and texts
/// over all.
pub struct Raster<'a> {
    figure: &'a Figure,
    items: usvg::Tree,
    texts: Vec<(tiny_skia::Path, Rgb)>,
    /// Pixels in a point.
    scale: f64,
    /// In pixels.
    pub width: u32,
    pub height: u32,
    /// The heatmaps that the last band has begun, by their index.
    pooled: BTreeMap<usize, Pooled>,
}

impl<'a> Raster<'a> {
    /// # Errors
    /// When there would be more than `most` pixels, or the figure cannot be read by the renderer.
    pub fn new(figure: &'a Figure, dpi: Dpi, most: u64) -> Result<Self, FigureError> {
        let scale = f64::from(dpi.get()) / 72.0;
        let [width, height] = [figure.width, figure.height].map(|side| to_pixel(side * scale).max(1));
        if u64::from(width) * u64::from(height) > most {
            return Err(FigureError::TooManyPixels { width: width.into(), height: height.into(), most });
        }
        let items = usvg::Tree::from_str(&svg::write(figure, svg::Medium::Items, None)?, &usvg::Options::default())?;
        let texts = figure.texts().filter_map(|text| Some((path(text, figure, scale)?, text.color))).collect();
        Ok(Self { figure, items, texts, scale, width, height, pooled: BTreeMap::new() })
    }

    /// These rows of pixels, which lie below those of the last band.
    ///
    /// # Errors
    /// When there are none.
    pub fn band(&mut self, rows: Range<u32>) -> Result<Picture, FigureError> {
        let height = rows.end.min(self.height).saturating_sub(rows.start);
        let mut pixmap = tiny_skia::Pixmap::new(self.width, height).ok_or(FigureError::TooManyPixels {
            width: self.width.into(),
            height: height.into(),
            most: 0,
        })?;
        if let Some(Rgb([r, g, b])) = self.figure.ground {
            pixmap.fill(tiny_skia::Color::from_rgba8(r, g, b, u8::MAX));
        }
        let rows = rows.start as usize..(rows.start + height) as usize;
        for (index, heatmap) in self.figure.heatmaps.iter().enumerate() {
            let [x, y, right, bottom] = edges(heatmap, self.scale);
            if y < rows.end && rows.start < bottom {
                let size = [right.saturating_sub(x), bottom.saturating_sub(y)];
                let pooled = self.pooled.entry(index).or_insert_with(|| heatmap.pooled(size));
                blit(pooled, heatmap, [x, y], &rows, &mut pixmap);
            }
            if bottom <= rows.end {
                self.pooled.remove(&index);
            }
        }
        #[expect(clippy::cast_possible_truncation, reason = "what the renderer takes")]
        let to_pixels = self.scale as f32 * (self.figure.width as f32 / self.items.size().width());
        let up = -(rows.start as f32);
        let transform = tiny_skia::Transform::from_scale(to_pixels, to_pixels).post_translate(0.0, up);
        resvg::render(&self.items, transform, &mut pixmap.as_mut());
        for (path, Rgb([r, g, b])) in &self.texts {
            let paint = tiny_skia::Paint {
                shader: tiny_skia::Shader::SolidColor(tiny_skia::Color::from_rgba8(*r, *g, *b, u8::MAX)),
                ..tiny_skia::Paint::default()
            };
            let moved = tiny_skia::Transform::from_translate(0.0, up);
            pixmap.fill_path(path, &paint, tiny_skia::FillRule::Winding, moved, None);
        }
        let (width, height) = (pixmap.width() as usize, pixmap.height() as usize);
        // On an opaque page the renderer's premultiplied colours are the colours themselves.
        let rgba = if self.figure.ground.is_some() { pixmap.take() } else { straight(&pixmap) };
        Ok(Picture { width, height, rgba })
    }
}

/// The text on the page, in pixels.
fn path(text: &Text, figure: &Figure, scale: f64) -> Option<tiny_skia::Path> {
    let line = shape(&one_line(&text.text), &figure.fonts);
    let size = text.size * scale;
    let back = text.anchor.part() * line.advance * size;
    let degrees = f64::from(text.turn.degrees());
    let (sin, cos) = degrees.to_radians().sin_cos();
    let [x, y] = text.at.map(|length| length * scale);
    text_path(&line, Place { start: [x - cos * back, y - sin * back], size, degrees })
}

/// Colours that no opacity is multiplied into.
fn straight(pixmap: &tiny_skia::Pixmap) -> Vec<u8> {
    let colors = pixmap.pixels().iter().map(tiny_skia::PremultipliedColorU8::demultiply);
    colors.flat_map(|color| [color.red(), color.green(), color.blue(), color.alpha()]).collect()
}

/// Left, top, right and bottom of a heatmap in pixels.
fn edges(heatmap: &HeatmapItem, scale: f64) -> [usize; 4] {
    let rect = heatmap.rect;
    [rect.x, rect.y, rect.right(), rect.bottom()].map(|edge| to_pixel(edge * scale) as usize)
}

/// Copies the part of a heatmap that lies in a band, which begins at the page's row `rows.start`.
fn blit(
    pooled: &Pooled,
    heatmap: &HeatmapItem,
    [x, y]: [usize; 2],
    rows: &Range<usize>,
    pixmap: &mut tiny_skia::Pixmap,
) {
    let stride = pixmap.width() as usize * 4;
    let (palette, data) = (&heatmap.palette, pixmap.data_mut());
    let masked = palette.masked();
    let mut line = Vec::with_capacity(pooled.width() * 4);
    let mut top = y;
    for PooledRow { masked: first, columns, values, holes, repeat } in pooled.rows() {
        let covered = top.max(rows.start)..(top + repeat).min(rows.end);
        top += repeat;
        if covered.is_empty() {
            continue;
        }
        line.clear();
        let color = |(bin, &value): (usize, &f32)| match holes.binary_search(&bin) {
            Ok(_) => masked,
            Err(_) => palette.color(value),
        };
        let colors = values.iter().enumerate().map(color).zip(columns.iter().copied());
        let shown = first + columns.iter().sum::<usize>();
        let behind = (masked, pooled.width() - shown);
        for (color, count) in std::iter::once((masked, first)).chain(colors).chain([behind]) {
            for _ in 0..count {
                line.extend(color.rgba());
            }
        }
        for row in covered {
            let start = (x * 4).min(stride);
            let end = (start + line.len()).min(stride);
            let row = &mut data[(row - rows.start) * stride..][start..end];
            row.copy_from_slice(&line[..end - start]);
        }
    }
}

/// The nearest pixel edge.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
pub fn to_pixel(edge: f64) -> u32 {
    edge.round() as u32
}
