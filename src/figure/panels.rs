//! The nine panels as pixels: only those that changed, equal ones once, both cores.

use std::sync::Arc;

use rayon::prelude::*;

use super::{
    ColorNorm, Colormap, Ground, Histogram, LimitsFrom, MaskedStyle, Measure, Palette, Picture, Quantity, Window,
    paint,
    panel_scales::{range, scales},
    pool_measure,
};
use crate::engine::Outcome;

/// How cells become pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PictureSpec {
    /// The cells in view; `None` for all.
    pub window: Option<Window>,
    /// Width and height of a panel in pixels.
    pub size: [usize; 2],
    pub quantity: Quantity,
    pub colormap: Colormap,
    pub norm: ColorNorm,
    pub limits_from: LimitsFrom,
    pub masked: MaskedStyle,
    pub ground: Ground,
}

/// One panel's pixels and what they show. Equal panels share one picture.
#[derive(Clone, Debug)]
pub struct PanelPicture {
    pub picture: Arc<Picture>,
    pub measure: Measure,
    pub palette: Palette,
    /// Of the cells in view.
    pub histogram: Histogram,
}

/// `[component][column]`
#[derive(Clone, Debug)]
pub struct PanelPictures {
    pub panels: [[PanelPicture; 3]; 3],
    /// Whether all of them have the same colour for the same value.
    pub limits_from: LimitsFrom,
}

impl PanelPictures {
    /// What is drawn: not always what was asked for, see [`Measure::of_panels`].
    pub fn quantity(&self) -> Quantity {
        self.panels[0][0].measure.quantity()
    }

    /// Of the cells in view of all nine panels.
    pub fn histogram(&self) -> Histogram {
        let mut all = Histogram::default();
        for panel in self.panels.as_flattened() {
            all.include(&panel.histogram);
        }
        all
    }
}

/// Draws panels, keeping the last nine pictures for those that do not change.
#[derive(Default)]
pub struct PanelRenderer {
    last: Vec<Drawn>,
}

struct Drawn {
    window: Window,
    size: [usize; 2],
    panel: PanelPicture,
    /// Smallest and largest finite value, where a norm asked for it.
    range: Option<[f32; 2]>,
}

impl PanelRenderer {
    /// The pictures of all nine panels.
    pub fn render(&mut self, outcome: &Outcome, spec: &PictureSpec) -> PanelPictures {
        let window = spec.window.unwrap_or_else(|| Window::whole(outcome.n_positions()));
        let measures = Measure::of_panels(spec.quantity, outcome);
        let mut distinct: Vec<&Measure> = Vec::with_capacity(9);
        let places = measures.each_ref().map(|row| row.each_ref().map(|measure| place_in(&mut distinct, measure)));
        let ranges = self.ranges(&distinct, spec.norm);
        let palettes =
            scales(spec.norm, spec.limits_from, &ranges).into_iter().zip(&distinct).map(|(scale, measure)| {
                Palette::for_quantity(measure.quantity(), spec.colormap, scale, spec.masked, spec.ground)
            });
        let palettes: Vec<Palette> = palettes.collect();
        let last = &self.last;
        let drawn: Vec<Drawn> = distinct
            .into_par_iter()
            .zip(palettes)
            .zip(ranges)
            .map(|((measure, palette), range)| {
                let same = last.iter().find(|drawn| {
                    drawn.panel.measure == *measure
                        && drawn.window == window
                        && drawn.size == spec.size
                        && drawn.panel.palette == palette
                });
                let panel = same.map_or_else(|| draw(measure, window, spec.size, palette), |drawn| drawn.panel.clone());
                Drawn { window, size: spec.size, panel, range }
            })
            .collect();
        let panels = places.map(|row| row.map(|place| drawn[place].panel.clone()));
        self.last = drawn;
        PanelPictures { panels, limits_from: spec.limits_from }
    }

    /// The ends of each measure's values where `norm` depends on them; panels that did not change are not gone through
    /// again.
    fn ranges(&self, measures: &[&Measure], norm: ColorNorm) -> Vec<Option<[f32; 2]>> {
        if !norm.is_automatic() {
            return vec![None; measures.len()];
        }
        let known = |measure: &Measure| {
            self.last.iter().find(|drawn| drawn.panel.measure == *measure).and_then(|drawn| drawn.range)
        };
        measures.par_iter().map(|measure| known(measure).or_else(|| range(measure))).collect()
    }
}

fn draw(measure: &Measure, window: Window, size: [usize; 2], palette: Palette) -> PanelPicture {
    let (pooled, histogram) = pool_measure(measure, window, size, palette.scale());
    PanelPicture { picture: Arc::new(paint(&pooled, &palette)), measure: measure.clone(), palette, histogram }
}

/// Where `measure` or its equal stands in `distinct`, behind the others if it is new.
fn place_in<'a>(distinct: &mut Vec<&'a Measure>, measure: &'a Measure) -> usize {
    distinct.iter().position(|other| *other == measure).unwrap_or_else(|| {
        distinct.push(measure);
        distinct.len() - 1
    })
}
