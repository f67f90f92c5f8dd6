//! The nine panels as pixels: only those that changed, equal ones once, both cores.

use std::sync::Arc;

use rayon::prelude::*;

use super::{
    ColorNorm, Colormap, Ground, Limits, MaskedStyle, NormScale, Palette, Picture, Window, paint, pool_pattern,
    weight_range,
};
use crate::{attention::Pattern, engine::Outcome};

/// How patterns become pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PictureSpec {
    /// The cells in view; `None` for all.
    pub window: Option<Window>,
    /// Width and height of a panel in pixels.
    pub size: [usize; 2],
    pub colormap: Colormap,
    pub norm: ColorNorm,
    pub masked: MaskedStyle,
    pub ground: Ground,
}

/// `[component][column]`; equal panels share one picture.
#[derive(Clone, Debug)]
pub struct PanelPictures {
    pub panels: [[Arc<Picture>; 3]; 3],
    /// The colours that all of them were drawn with.
    pub palette: Palette,
}

/// Draws panels, keeping the last nine pictures for those that do not change.
#[derive(Default)]
pub struct PanelRenderer {
    last: Vec<Drawn>,
}

struct Drawn {
    pattern: Pattern,
    window: Window,
    size: [usize; 2],
    palette: Palette,
    picture: Arc<Picture>,
}

impl PanelRenderer {
    /// The pictures of all nine panels.
    pub fn render(&mut self, outcome: &Outcome, spec: &PictureSpec) -> PanelPictures {
        let window = spec.window.unwrap_or_else(|| Window::whole(outcome.n_positions()));
        let palette = Palette::new(spec.colormap, scale(outcome, spec.norm), spec.masked, spec.ground);
        let (size, panels) = (spec.size, &outcome.panels);
        let mut distinct: Vec<&Pattern> = Vec::with_capacity(9);
        for panel in panels.iter().flatten() {
            if !distinct.contains(&&panel.pattern) {
                distinct.push(&panel.pattern);
            }
        }
        let last = &self.last;
        let drawn: Vec<Drawn> = distinct
            .into_par_iter()
            .map(|pattern| {
                let same = last.iter().find(|drawn| {
                    drawn.pattern == *pattern
                        && drawn.window == window
                        && drawn.size == size
                        && drawn.palette == palette
                });
                let picture = same.map_or_else(
                    || Arc::new(paint(&pool_pattern(pattern, window, size), &palette)),
                    |drawn| drawn.picture.clone(),
                );
                Drawn { pattern: pattern.clone(), window, size, palette, picture }
            })
            .collect();
        let picture_of = |pattern: &Pattern| {
            let found = drawn.iter().find(|drawn| drawn.pattern == *pattern);
            found.map_or_else(|| Arc::new(Picture::default()), |drawn| drawn.picture.clone())
        };
        let panels = panels.each_ref().map(|row| row.each_ref().map(|panel| picture_of(&panel.pattern)));
        self.last = drawn;
        PanelPictures { panels, palette }
    }
}

/// The scale that all nine panels share.
pub fn scale(outcome: &Outcome, norm: ColorNorm) -> NormScale {
    norm.resolve(|| {
        let patterns = outcome.panels.iter().flatten().map(|panel| &panel.pattern);
        Limits::around(weight_range(patterns).into_iter().flatten())
    })
}
