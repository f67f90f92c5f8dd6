//! The picture under a moving hand, and the one that follows when it rests.

use attenuate::{
    attention::Mask,
    engine::Outcome,
    figure::{Grain, Ground, Look, Palette, PanelPictures, PanelRenderer, PictureSpec},
};

use super::support;

const N: usize = 600;
const SIDE: usize = 100;
/// Cells behind a pixel along each axis.
const REDUCED: usize = N / SIDE;

fn spec(side: usize, norm: &str) -> PictureSpec {
    let look = Look { norm: norm.parse().unwrap(), ..Look::default() };
    PictureSpec { window: None, size: [side; 2], look, ground: Ground::default() }
}

fn coarse(outcome: &Outcome, spec: &PictureSpec) -> PanelPictures {
    PanelRenderer::default().render_as(outcome, spec, Grain::Coarse)
}

fn assert_same(a: &PanelPictures, b: &PanelPictures) {
    for (a, b) in a.panels.values().zip(b.panels.values()) {
        assert!(a.picture == b.picture && a.palette == b.palette && a.histogram == b.histogram);
    }
}

#[test]
fn a_coarse_pixel_shows_the_last_row_behind_it() {
    for (mask, norm) in [(Mask::CAUSAL, "linear"), (Mask::BIDIRECTIONAL, "log")] {
        let outcome = support::synthetic(N, mask);
        let pictures = coarse(&outcome, &spec(SIDE, norm));
        let fine = PanelRenderer::default().render(&outcome, &spec(SIDE, norm));
        for (panel, fine) in pictures.panels.values().zip(fine.panels.values()) {
            let palette: &Palette = &panel.palette;
            let pattern = panel.measure.pattern();
            let mut buffer = vec![0.0; N];
            for y in 0..SIDE {
                let row = pattern.row_into(REDUCED * y + REDUCED - 1, &mut buffer);
                for x in 0..SIDE {
                    let cells = row.get(REDUCED * x..).unwrap_or_default();
                    let largest = cells.iter().take(REDUCED).copied().reduce(f32::max);
                    let expected = largest.map_or(palette.masked(), |value| palette.color(value));
                    assert_eq!(panel.picture.pixel(x, y), Some(expected), "{x}, {y}");
                    let is_masked = |color| color == Some(palette.masked());
                    assert_eq!(is_masked(panel.picture.pixel(x, y)), is_masked(fine.picture.pixel(x, y)), "{x}, {y}");
                }
            }
        }
    }
}

#[test]
fn where_a_cell_has_a_pixel_coarse_is_fine() {
    let outcome = support::synthetic(60, Mask::CAUSAL);
    for side in [60, 90, 200] {
        for norm in ["linear", "auto", "log"] {
            let spec = spec(side, norm);
            assert_same(&coarse(&outcome, &spec), &PanelRenderer::default().render(&outcome, &spec));
        }
    }
}

#[test]
fn coarse_pictures_are_not_kept() {
    let (outcome, spec) = (support::synthetic(N, Mask::CAUSAL), spec(SIDE, "auto"));
    let mut renderer = PanelRenderer::default();
    let n_new = renderer.n_new_cells(&outcome, &spec);
    // Of this head: the baseline for Value, and three patterns of Query and Key.
    assert_eq!(n_new, 4 * N * (N + 1) / 2);
    renderer.render_as(&outcome, &spec, Grain::Coarse);
    assert_eq!(renderer.n_new_cells(&outcome, &spec), n_new);
    let fine = renderer.render(&outcome, &spec);
    assert_same(&fine, &PanelRenderer::default().render(&outcome, &spec));
    assert_eq!(renderer.n_new_cells(&outcome, &spec), 0);
    assert_same(&renderer.render_as(&outcome, &spec, Grain::Coarse), &fine);
}
