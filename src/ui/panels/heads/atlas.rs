//! Thumbnails as a few large textures: each is uploaded once, into its place.

use egui::{Color32, ColorImage, Context, Rect, TextureHandle, TextureId, TextureOptions, pos2};

use crate::figure::Picture;

/// Thumbnails side by side in a page, and rows of them at most.
const PER_SIDE: usize = 16;

/// Pages of thumbnails of one size.
#[derive(Default)]
pub struct Atlas {
    /// Of a thumbnail, in pixels.
    side: usize,
    /// How many there are in all.
    count: usize,
    pages: Vec<Option<TextureHandle>>,
    /// Whether a thumbnail is there.
    filled: Vec<bool>,
}

impl Atlas {
    /// Room for `count` thumbnails with `side` pixels to a side, and none of them there.
    pub fn clear(&mut self, count: usize, side: usize) {
        let pages = count.div_ceil(PER_SIDE * PER_SIDE);
        if (self.count, self.side) != (count, side) {
            self.pages = vec![None; pages];
        }
        (self.side, self.count) = (side, count);
        self.filled = vec![false; count];
    }

    /// Puts a thumbnail into its place. One of another size is left out.
    pub fn set(&mut self, ctx: &Context, index: usize, picture: &Picture) {
        if index >= self.count || [picture.width, picture.height] != [self.side; 2] {
            return;
        }
        let (page, [column, row]) = place(index);
        let (side, rows) = (self.side, self.rows(page));
        let texture = self.pages[page].get_or_insert_with(|| {
            let blank = ColorImage::filled([PER_SIDE * side, rows * side], Color32::TRANSPARENT);
            ctx.load_texture(format!("heads {page}"), blank, TextureOptions::NEAREST)
        });
        let image = ColorImage::from_rgba_premultiplied([side, side], &picture.rgba);
        texture.set_partial([column * side, row * side], image, TextureOptions::NEAREST);
        self.filled[index] = true;
    }

    /// The texture with a thumbnail, and where in it, from 0 to 1.
    pub fn get(&self, index: usize) -> Option<(TextureId, Rect)> {
        if !self.filled.get(index).copied().unwrap_or(false) {
            return None;
        }
        let (page, [column, row]) = place(index);
        let (width, height) = (PER_SIDE as f32, self.rows(page) as f32);
        let (column, row) = (column as f32, row as f32);
        let min = pos2(column / width, row / height);
        let max = pos2((column + 1.0) / width, (row + 1.0) / height);
        Some((self.pages.get(page)?.as_ref()?.id(), Rect::from_min_max(min, max)))
    }

    /// Rows of thumbnails in a page: the last one has only those that it needs.
    fn rows(&self, page: usize) -> usize {
        (self.count - page * PER_SIDE * PER_SIDE).div_ceil(PER_SIDE).min(PER_SIDE)
    }
}

/// Page, and column and row in it.
fn place(index: usize) -> (usize, [usize; 2]) {
    let in_page = index % (PER_SIDE * PER_SIDE);
    (index / (PER_SIDE * PER_SIDE), [in_page % PER_SIDE, in_page / PER_SIDE])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(side: usize) -> Picture {
        Picture { width: side, height: side, rgba: vec![255; side * side * 4] }
    }

    #[test]
    fn every_thumbnail_has_its_own_place() {
        let ctx = Context::default();
        let mut atlas = Atlas::default();
        atlas.clear(270, 8);
        assert_eq!(atlas.get(0), None);
        let mut places = Vec::new();
        for index in 0..270 {
            atlas.set(&ctx, index, &picture(8));
            let place = atlas.get(index).unwrap();
            assert!(!places.contains(&place), "{index}");
            assert!(place.1.max.x <= 1.0 && place.1.max.y <= 1.0, "{index}: {place:?}");
            places.push(place);
        }
        let textures: std::collections::HashSet<_> = places.iter().map(|(texture, _)| *texture).collect();
        assert_eq!(textures.len(), 2);
        // The last page has one row of 14.
        assert_eq!(places[269].1, Rect::from_min_max(pos2(13.0 / 16.0, 0.0), pos2(14.0 / 16.0, 1.0)));
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let ctx = Context::default();
        let mut atlas = Atlas::default();
        atlas.clear(4, 8);
        atlas.set(&ctx, 1, &picture(9));
        atlas.set(&ctx, 4, &picture(8));
        assert!((0..5).all(|index| atlas.get(index).is_none()));
        atlas.set(&ctx, 1, &picture(8));
        assert!(atlas.get(1).is_some());
        atlas.clear(4, 8);
        assert_eq!(atlas.get(1), None, "cleared");
    }
}
