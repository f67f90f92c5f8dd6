//! Pictures as textures: uploaded when their content changed, once for equal panels.

use std::sync::Arc;

use egui::{ColorImage, Context, TextureHandle, TextureId, TextureOptions};

use crate::{
    attention::{Grid, PanelId},
    figure::{PanelPicture, PanelPictures, Picture},
};

/// The panels' textures.
#[derive(Default)]
pub struct PanelTextures {
    /// Distinct pictures on the graphics card.
    uploaded: Vec<(Arc<Picture>, TextureHandle)>,
    ids: Option<Grid<TextureId>>,
}

impl PanelTextures {
    /// Brings the textures up to date with `pictures`.
    pub fn update(&mut self, ctx: &Context, pictures: &PanelPictures) {
        profiling::scope!("textures");
        let is_shown = |(uploaded, _): &(Arc<Picture>, TextureHandle)| {
            pictures.panels.values().any(|panel| Arc::ptr_eq(&panel.picture, uploaded))
        };
        let (kept, mut free) = std::mem::take(&mut self.uploaded).into_iter().partition::<Vec<_>, _>(is_shown);
        self.uploaded = kept;
        let id_of = |PanelPicture { picture, .. }: &PanelPicture| {
            let same = |(other, _): &&(Arc<Picture>, TextureHandle)| Arc::ptr_eq(other, picture);
            let known = self.uploaded.iter().find(same).map(|(_, handle)| handle.id());
            known.unwrap_or_else(|| {
                let handle = upload(ctx, picture, free.pop().map(|(_, handle)| handle));
                let id = handle.id();
                self.uploaded.push((picture.clone(), handle));
                id
            })
        };
        self.ids = Some(pictures.panels.each_ref().map(id_of));
    }

    pub fn get(&self, panel: PanelId) -> Option<TextureId> {
        self.ids.as_ref()?.get(panel).copied()
    }
}

/// Into the texture of a picture that is not shown any more, where there is one.
fn upload(ctx: &Context, picture: &Picture, free: Option<TextureHandle>) -> TextureHandle {
    let image = ColorImage::from_rgba_premultiplied([picture.width, picture.height], &picture.rgba);
    match free {
        Some(mut texture) => {
            texture.set(image, TextureOptions::NEAREST);
            texture
        }
        None => ctx.load_texture("pattern", image, TextureOptions::NEAREST),
    }
}
