//! Animated files, a frame at a time.

use std::io::Write;

use png::{BitDepth, BlendOp, ColorType, DeflateCompression, DisposeOp, Encoder, Filter};

use super::{AnimationError, Play, film::Film, frames::Patch};
use crate::figure::{Ground, Picture, payload::PNG_KEYWORD};

/// Pixels that the colours of a GIF's frame are learned from: every so many; 1 is slowest and best.
const GIF_SAMPLING: i32 = 10;

/// A file that frames are added to.
pub(super) trait AnimatedFile<'a>: Sized {
    /// A frame as the file holds it.
    type Frame: Send;

    fn begin(out: &'a mut dyn Write, film: &Film, size: [usize; 2], n_frames: usize) -> Result<Self, AnimationError>;

    /// What takes `picture` from what was `before`.
    fn encode(before: Option<&Picture>, picture: &Picture) -> Self::Frame;

    fn write(&mut self, frame: Self::Frame) -> Result<(), AnimationError>;

    fn finish(self) -> Result<(), AnimationError>;
}

fn patch(before: Option<&Picture>, picture: &Picture) -> Patch {
    before.map_or_else(|| Patch::whole(picture.clone()), |before| Patch::between(before, picture))
}

/// All colours, and as much opacity as the ground leaves.
pub(super) struct Apng<'a> {
    writer: png::Writer<&'a mut dyn Write>,
    color: ColorType,
    is_first: bool,
}

impl<'a> AnimatedFile<'a> for Apng<'a> {
    type Frame = Patch;

    fn begin(out: &'a mut dyn Write, film: &Film, size: [usize; 2], n_frames: usize) -> Result<Self, AnimationError> {
        let [width, height] = size.map(|side| u32::try_from(side).unwrap_or(u32::MAX));
        let color = if film.style.ground == Ground::Transparent { ColorType::Rgba } else { ColorType::Rgb };
        let mut encoder = Encoder::new(out, width, height);
        encoder.set_color(color);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_deflate_compression(DeflateCompression::Level(1));
        encoder.set_filter(Filter::Up);
        let n_plays = u32::from(film.animation.play == Play::Once);
        encoder.set_animated(u32::try_from(n_frames).unwrap_or(u32::MAX), n_plays)?;
        encoder.set_frame_delay(1, film.animation.rate.get())?;
        encoder.set_blend_op(BlendOp::Source)?;
        encoder.set_dispose_op(DisposeOp::None)?;
        if let Some(payload) = &film.payload {
            encoder.add_itxt_chunk(PNG_KEYWORD.to_owned(), payload.clone())?;
        }
        Ok(Self { writer: encoder.write_header()?, color, is_first: true })
    }

    fn encode(before: Option<&Picture>, picture: &Picture) -> Patch {
        patch(before, picture)
    }

    fn write(&mut self, patch: Patch) -> Result<(), AnimationError> {
        if !std::mem::take(&mut self.is_first) {
            let [x, y, width, height] =
                [patch.x, patch.y, patch.width, patch.height].map(|n| u32::try_from(n).unwrap_or(u32::MAX));
            self.writer.reset_frame_position()?;
            self.writer.set_frame_dimension(width, height)?;
            self.writer.set_frame_position(x, y)?;
        }
        let samples = if self.color == ColorType::Rgba {
            patch.rgba
        } else {
            patch.rgba.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
        };
        Ok(self.writer.write_image_data(&samples)?)
    }

    fn finish(self) -> Result<(), AnimationError> {
        Ok(self.writer.finish()?)
    }
}

/// 256 colours in each frame, all of them where there are no more.
pub(super) struct Gif<'a> {
    encoder: gif::Encoder<&'a mut dyn Write>,
    /// In hundredths of a second.
    delay: u16,
}

impl<'a> AnimatedFile<'a> for Gif<'a> {
    type Frame = gif::Frame<'static>;

    fn begin(out: &'a mut dyn Write, film: &Film, size: [usize; 2], _: usize) -> Result<Self, AnimationError> {
        if film.style.ground == Ground::Transparent {
            return Err(AnimationError::Transparent);
        }
        let [Ok(width), Ok(height)] = size.map(u16::try_from) else {
            return Err(AnimationError::TooLarge(size[0], size[1]));
        };
        let mut encoder = gif::Encoder::new(out, width, height, &[])?;
        if film.animation.play != Play::Once {
            encoder.set_repeat(gif::Repeat::Infinite)?;
        }
        let rate = film.animation.rate.get();
        Ok(Self { encoder, delay: (100 + rate / 2) / rate })
    }

    /// [`Gif::begin`] has seen that sides and places fit.
    #[expect(clippy::cast_possible_truncation, reason = "the size of the page was checked")]
    fn encode(before: Option<&Picture>, picture: &Picture) -> Self::Frame {
        let mut patch = patch(before, picture);
        let (width, height) = (patch.width as u16, patch.height as u16);
        let mut frame = gif::Frame::from_rgba_speed(width, height, &mut patch.rgba, GIF_SAMPLING);
        (frame.left, frame.top, frame.dispose) = (patch.x as u16, patch.y as u16, gif::DisposalMethod::Keep);
        frame
    }

    fn write(&mut self, frame: Self::Frame) -> Result<(), AnimationError> {
        Ok(self.encoder.write_frame(&gif::Frame { delay: self.delay, ..frame })?)
    }

    fn finish(self) -> Result<(), AnimationError> {
        Ok(self.encoder.into_inner().map(drop)?)
    }
}
