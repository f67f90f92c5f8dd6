//! What differs between a frame and the one before it.

use crate::figure::Picture;

/// A part of a picture that takes the place of what the frame before had there.
pub(super) struct Patch {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
    /// `[height, width, 4]`
    pub rgba: Vec<u8>,
}

impl Patch {
    /// The smallest rectangle with all that differs; one pixel where nothing does, since a frame cannot be empty.
    pub(super) fn between(before: &Picture, after: &Picture) -> Self {
        let stride = 4 * after.width;
        let rows = || before.rgba.chunks_exact(stride).zip(after.rgba.chunks_exact(stride)).enumerate();
        let (mut left, mut right, mut top, mut bottom) = (after.width, 0, after.height, 0);
        for (y, (old, new)) in rows().filter(|(_, (old, new))| old != new) {
            let differs = |(old, new): (&[u8], &[u8])| old != new;
            let mut pixels = old.chunks_exact(4).zip(new.chunks_exact(4));
            let first = pixels.clone().position(differs).unwrap_or(0);
            let last = pixels.rposition(differs).unwrap_or(0);
            (left, right) = (left.min(first), right.max(last + 1));
            (top, bottom) = (top.min(y), y + 1);
        }
        if left >= right {
            (left, right, top, bottom) = (0, 1, 0, 1);
        }
        let part = |row: &[u8]| row[4 * left..4 * right].to_vec();
        let rgba = after.rgba.chunks_exact(stride).skip(top).take(bottom - top).flat_map(part).collect();
        Self { x: left, y: top, width: right - left, height: bottom - top, rgba }
    }

    pub(super) fn whole(picture: Picture) -> Self {
        Self { x: 0, y: 0, width: picture.width, height: picture.height, rgba: picture.rgba }
    }
}

/// `picture` on a page of this size: what lies outside is cut, what is missing is as its last pixel.
pub(super) fn on_page(picture: Picture, [width, height]: [usize; 2]) -> Picture {
    if [picture.width, picture.height] == [width, height] {
        return picture;
    }
    let corner = picture.rgba.last_chunk::<4>().copied().unwrap_or_default();
    let pixel = |x: usize, y: usize| {
        let start = 4 * (y * picture.width + x);
        let inside = x < picture.width && y < picture.height;
        if inside { picture.rgba[start..].first_chunk().copied().unwrap_or(corner) } else { corner }
    };
    let rgba = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect();
    Picture { width, height, rgba }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: usize, height: usize, set: &[(usize, usize)]) -> Picture {
        let mut rgba = vec![0; 4 * width * height];
        for &(x, y) in set {
            rgba[4 * (y * width + x)] = 255;
        }
        Picture { width, height, rgba }
    }

    #[test]
    fn a_patch_holds_all_that_differs_and_no_more() {
        let (before, after) = (picture(5, 4, &[(2, 1)]), picture(5, 4, &[(1, 1), (3, 2)]));
        let patch = Patch::between(&before, &after);
        assert_eq!([patch.x, patch.y, patch.width, patch.height], [1, 1, 3, 2]);
        let reds: Vec<u8> = patch.rgba.chunks_exact(4).map(|pixel| pixel[0]).collect();
        assert_eq!(reds, [255, 0, 0, 0, 0, 255]);
        let same = Patch::between(&before, &before);
        assert_eq!([same.x, same.y, same.width, same.height, same.rgba.len()], [0, 0, 1, 1, 4]);
    }

    #[test]
    fn every_frame_has_the_size_of_the_first() {
        let small = on_page(picture(3, 3, &[(0, 0), (2, 2)]), [2, 4]);
        assert_eq!([small.width, small.height, small.rgba.len()], [2, 4, 32]);
        assert_eq!((small.rgba[0], small.rgba[24]), (255, 255), "what is missing is as the last pixel");
    }
}
