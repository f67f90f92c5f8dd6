//! Pictures as textures: uploaded when their content changed, once for equal panels.

use std::sync::Arc;

use egui::{ColorImage, Context, TextureHandle, TextureId, TextureOptions};

use crate::{
    attention::Component,
    figure::{PanelPicture, PanelPictures, Picture},
};

/// The nine panels' textures.
#[derive(Default)]
pub struct PanelTextures {
    /// Distinct pictures on the graphics card.
    uploaded: Vec<(Arc<Picture>, TextureHandle)>,
    /// `[component][column]`
    ids: [[Option<TextureId>; 3]; 3],
}

impl PanelTextures {
    /// Brings the textures up to date with `pictures`.
    pub fn update(&mut self, ctx: &Context, pictures: &PanelPictures) {
        let mut old = std::mem::take(&mut self.uploaded);
        for (row, pictures) in pictures.panels.iter().enumerate() {
            for (column, PanelPicture { picture, .. }) in pictures.iter().enumerate() {
                let same = |(other, _): &(Arc<Picture>, TextureHandle)| Arc::ptr_eq(other, picture);
                if !self.uploaded.iter().any(same) {
                    let kept = old.iter().position(same).map(|index| old.swap_remove(index));
                    let entry = kept.unwrap_or_else(|| (picture.clone(), upload(ctx, picture)));
                    self.uploaded.push(entry);
                }
                self.ids[row][column] = self.uploaded.iter().find(|entry| same(entry)).map(|(_, handle)| handle.id());
            }
        }
    }

    pub fn get(&self, component: Component, column: usize) -> Option<TextureId> {
        self.ids[component.row()][column]
    }
}

fn upload(ctx: &Context, picture: &Picture) -> TextureHandle {
    let image = ColorImage::from_rgba_premultiplied([picture.width, picture.height], &picture.rgba);
    ctx.load_texture("pattern", image, TextureOptions::NEAREST)
}
