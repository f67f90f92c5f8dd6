//! The panels as pixels: only those that changed, equal ones once, both cores.

use std::sync::Arc;

use rayon::prelude::*;

use super::{
    Edges, Ground, Histogram, LimitsFrom, Look, Measure, Palette, Picture, Quantity, Window,
    data::pooling::{Grain, n_cells, pool_counted},
    paint,
    scale::panel_scales::{range, range_of_rows, scales},
};
use crate::{attention::Grid, engine::Outcome};

/// How cells become pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PictureSpec {
    /// The cells in view; `None` for all.
    pub window: Option<Window>,
    /// Width and height of a panel in pixels.
    pub size: [usize; 2],
    /// Quantity, pooling and colours.
    pub look: Look,
    /// Behind the cells, light or dark.
    pub ground: Ground,
}

/// One panel's pixels and what they show. Equal panels share one picture.
#[derive(Clone, Debug)]
pub struct PanelPicture {
    /// Its pixels.
    pub picture: Arc<Picture>,
    /// What they show.
    pub measure: Measure,
    /// The colours that they are shown in.
    pub palette: Palette,
    /// Of the cells in view.
    pub histogram: Histogram,
}

/// A picture for every panel.
#[derive(Clone, Debug)]
pub struct PanelPictures {
    /// One picture for each panel.
    pub panels: Grid<PanelPicture>,
    /// Whether all of them have the same colour for the same value.
    pub limits_from: LimitsFrom,
}

impl PanelPictures {
    /// What is drawn: not always what was asked for, see [`Measure::of_panels`].
    pub fn quantity(&self) -> Quantity {
        self.panels.as_slice()[0].measure.quantity()
    }

    /// Of the cells in view of all panels.
    pub fn histogram(&self) -> Histogram {
        let mut all = Histogram::default();
        for panel in self.panels.values() {
            all.include(&panel.histogram);
        }
        all
    }
}

/// Draws panels, keeping the last pictures for those that do not change.
#[derive(Default)]
pub struct PanelRenderer {
    last: Vec<Drawn>,
    /// Of the scales in use.
    edges: Vec<Edges>,
}

struct Drawn {
    window: Window,
    size: [usize; 2],
    panel: PanelPicture,
    /// Smallest and largest finite value, where a norm asked for it.
    range: Option<[f32; 2]>,
}

impl PanelRenderer {
    /// The pictures of all panels.
    pub fn render(&mut self, outcome: &Outcome, spec: &PictureSpec) -> PanelPictures {
        self.render_as(outcome, spec, Grain::Fine)
    }

    /// The pictures of all panels, those that are new in this grain. Coarse ones are not kept.
    pub fn render_as(&mut self, outcome: &Outcome, spec: &PictureSpec, grain: Grain) -> PanelPictures {
        profiling::scope!("panels");
        let window = window(outcome, spec);
        let measures = measures(outcome, spec);
        let mut distinct: Vec<&Measure> = Vec::with_capacity(outcome.shape().n_panels());
        let places = measures.each_ref().map(|measure| place_in(&mut distinct, measure));
        let ranges = self.ranges(&distinct, spec, grain);
        let palettes = scales(spec.look.norm, spec.look.limits_from, &ranges).into_iter().zip(&distinct).map(
            |(scale, measure)| {
                Palette::for_quantity(measure.quantity(), spec.look.colormap, scale, spec.look.masked, spec.ground)
            },
        );
        let palettes: Vec<Palette> = palettes.collect();
        self.keep_edges(&palettes);
        let (last, edges) = (&self.last, &self.edges);
        let is_same = |drawn: &&Drawn, measure: &Measure, palette: &Palette| {
            let looks = drawn.window == window && drawn.size == spec.size && drawn.panel.palette == *palette;
            looks && drawn.panel.measure == *measure
        };
        let known: Vec<Option<PanelPicture>> = distinct
            .iter()
            .zip(&palettes)
            .map(|(measure, palette)| last.iter().find(|drawn| is_same(drawn, measure, palette)))
            .map(|same| same.map(|drawn| drawn.panel.clone()))
            .collect();
        // Small panels are drawn before another thread has begun, one of them alone also if it is of some size.
        let is_alone = known.iter().filter(|known| known.is_none()).count() < 2;
        let at_once = if is_alone { ALONE } else { SMALL };
        let draw = |(((measure, palette), range), known): (((&Measure, Palette), _), Option<PanelPicture>)| {
            let panel = known.unwrap_or_else(|| draw(measure, window, spec.size, palette, edges, grain));
            Drawn { window, size: spec.size, panel, range }
        };
        let panels = distinct.into_iter().zip(palettes).zip(ranges).zip(known);
        let drawn: Vec<Drawn> = if outcome.n_positions() < at_once {
            panels.map(draw).collect()
        } else {
            panels.collect::<Vec<_>>().into_par_iter().map(draw).collect()
        };
        let panels = places.map(|place| drawn[place].panel.clone());
        if grain == Grain::Fine {
            self.last = drawn;
        }
        PanelPictures { panels, limits_from: spec.look.limits_from }
    }

    /// How many cells [`Self::render`] would look at now: those of the panels that are new.
    pub fn n_new_cells(&self, outcome: &Outcome, spec: &PictureSpec) -> usize {
        let (window, measures) = (window(outcome, spec), measures(outcome, spec));
        let mut distinct: Vec<&Measure> = Vec::with_capacity(outcome.shape().n_panels());
        for measure in measures.values() {
            place_in(&mut distinct, measure);
        }
        let is_new = |measure: &&&Measure| {
            let is_same = |drawn: &Drawn| drawn.window == window && drawn.size == spec.size;
            !self.last.iter().any(|drawn| is_same(drawn) && drawn.panel.measure == ***measure)
        };
        distinct.iter().filter(is_new).count() * n_cells(outcome.n_positions(), outcome.mask(), window, spec.size[1])
    }

    /// Makes the edges of scales that are new and forgets those that nothing is drawn on any more.
    fn keep_edges(&mut self, palettes: &[Palette]) {
        self.edges.retain(|edges| palettes.iter().any(|palette| palette.scale() == edges.scale()));
        for scale in palettes.iter().map(Palette::scale) {
            if !self.edges.iter().any(|edges| edges.scale() == scale) {
                self.edges.push(Edges::of(scale));
            }
        }
    }

    /// The ends of each measure's values where `norm` depends on them; panels that did not change are not gone through
    /// again.
    fn ranges(&self, measures: &[&Measure], spec: &PictureSpec, grain: Grain) -> Vec<Option<[f32; 2]>> {
        if !spec.look.norm.is_automatic() {
            return vec![None; measures.len()];
        }
        let range = |measure: &Measure| match grain {
            Grain::Fine => range(measure),
            Grain::Coarse => {
                // As many rows as the picture has, so that it takes as long.
                let n_positions = measure.n_positions();
                range_of_rows(measure, (0..n_positions).rev().step_by((n_positions / spec.size[1].max(1)).max(1)))
            }
        };
        let known = |measure: &Measure| {
            self.last.iter().find(|drawn| drawn.panel.measure == *measure).and_then(|drawn| drawn.range)
        };
        measures.par_iter().map(|measure| known(measure).or_else(|| range(measure))).collect()
    }
}

fn window(outcome: &Outcome, spec: &PictureSpec) -> Window {
    spec.window.unwrap_or_else(|| Window::whole(outcome.n_positions()))
}

fn measures(outcome: &Outcome, spec: &PictureSpec) -> Grid<Measure> {
    Measure::of_panels(spec.look.quantity, outcome).map(|measure| measure.pooled(spec.look.pooling))
}

/// With fewer positions panels are drawn before another thread has begun.
const SMALL: usize = 48;
/// With fewer positions one panel is drawn on one thread.
const ALONE: usize = 181;

fn draw(
    measure: &Measure,
    window: Window,
    size: [usize; 2],
    palette: Palette,
    edges: &[Edges],
    grain: Grain,
) -> PanelPicture {
    profiling::scope!("panel");
    let scale = palette.scale();
    let (pooled, histogram) = match edges.iter().find(|edges| edges.scale() == scale) {
        Some(edges) => pool_counted(measure, window, size, edges, grain),
        None => pool_counted(measure, window, size, &Edges::of(scale), grain),
    };
    PanelPicture { picture: Arc::new(paint(&pooled, &palette)), measure: measure.clone(), palette, histogram }
}

/// Where `measure` or its equal stands in `distinct`, behind the others if it is new.
fn place_in<'a>(distinct: &mut Vec<&'a Measure>, measure: &'a Measure) -> usize {
    distinct.iter().position(|other| *other == measure).unwrap_or_else(|| {
        distinct.push(measure);
        distinct.len() - 1
    })
}
