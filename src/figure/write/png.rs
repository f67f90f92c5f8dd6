//! A resolved figure as PNG.

use std::io::Write as _;

use png::{ColorType, PixelDimensions, Unit};

use super::{
    picture_png::{encoder, opaque},
    raster::{Raster, to_pixel},
};
use crate::figure::{Dpi, Figure, FigureError, Picture, payload::PNG_KEYWORD};

/// Keyword of the text that names the fonts of the machine, where any was used.
const FONTS_KEYWORD: &str = "attenuate:fonts";

/// A picture in memory: 100 million pixels are 400 MB, a page of 178 mm at 1400 dpi.
const MOST_IN_MEMORY: u64 = 100_000_000;
/// A file, which is drawn in bands: 20 000 × 20 000 pixels.
const MOST_IN_FILE: u64 = 400_000_000;
/// Pixels of a band, 32 MB: most figures are one.
const BAND: u32 = 8_000_000;

/// The figure as a PNG file that knows its resolution and, as `payload`, the session that it shows (see
/// [`payload`](crate::figure::payload)). The same figure gives the same bytes. Large pictures are drawn in bands of 32 MB.
///
/// # Errors
/// When the picture would have more than 400 million pixels, or cannot be rendered or encoded.
pub fn to_png(figure: &Figure, dpi: Dpi, payload: Option<&str>) -> Result<Vec<u8>, FigureError> {
    let mut raster = Raster::new(figure, dpi, MOST_IN_FILE)?;
    let (width, height) = (raster.width, raster.height);
    let color = if figure.ground.is_some() { ColorType::Rgb } else { ColorType::Rgba };
    let mut file = Vec::new();
    let mut encoder = encoder(&mut file, [width, height], color);
    let per_meter = to_pixel(f64::from(dpi.get()) / 0.0254);
    encoder.set_pixel_dims(Some(PixelDimensions { xppu: per_meter, yppu: per_meter, unit: Unit::Meter }));
    if let Some(payload) = payload {
        encoder.add_itxt_chunk(PNG_KEYWORD.to_owned(), payload.to_owned())?;
    }
    let fonts: Vec<&str> = figure.machine_fonts().into_iter().collect();
    if !fonts.is_empty() {
        encoder.add_itxt_chunk(FONTS_KEYWORD.to_owned(), fonts.join(", "))?;
    }
    let mut writer = encoder.write_header()?;
    let rows = (BAND / width).max(1);
    if rows >= height {
        writer.write_image_data(&samples(raster.band(0..height)?, color))?;
    } else {
        let mut stream = writer.stream_writer_with_size(1 << 16)?;
        for top in (0..height).step_by(rows as usize) {
            let band = samples(raster.band(top..top.saturating_add(rows))?, color);
            stream.write_all(&band).map_err(png::EncodingError::IoError)?;
        }
        stream.finish()?;
    }
    writer.finish()?;
    Ok(file)
}

/// The figure in pixels: for the clipboard, or to look at.
///
/// # Errors
/// When the picture would have more than 100 million pixels, or cannot be rendered.
pub fn render(figure: &Figure, dpi: Dpi) -> Result<Picture, FigureError> {
    let mut raster = Raster::new(figure, dpi, MOST_IN_MEMORY)?;
    raster.band(0..raster.height)
}

/// As the file holds them.
fn samples(picture: Picture, color: ColorType) -> Vec<u8> {
    if color == ColorType::Rgba { picture.rgba } else { opaque(&picture.rgba) }
}
