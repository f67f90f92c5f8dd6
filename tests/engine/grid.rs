//! Grids of other shapes than the figure's: everything that a view has, for five columns and any of the components.

use attenuate::numbers::NumbersFormat;
use attenuate::{
    attention::{Component, Components, Epsilon, Grid, Metrics, Preset},
    engine::{Bundled, Engine, Outcome},
    figure::{FigureStyle, FileFormat, Ground, Look, PanelRenderer, Quantity, draw, figure},
    session::{Command, Session, View, document::SessionDocument},
};
use serde_json::Value;

use crate::engine::support::{NEVER, bits, epsilon};
use crate::support::grids::at;

const VALUES: [f64; 5] = [2.0, 0.5, 0.3, 1e-3, 0.0];

fn session(bundled: Bundled, rows: Components) -> Session {
    let grid = Grid::repeated(rows, &VALUES.map(epsilon)).unwrap();
    Session::example(bundled).with([Command::SetScope(Preset::AllLayers.scope()), Command::SetGrid(grid)])
}

fn all_rows() -> impl Iterator<Item = Components> {
    let chosen = |members: u8| Component::ALL.into_iter().filter(move |component| members & 1 << component.row() != 0);
    (1..16).filter_map(move |members| Components::new(chosen(members)))
}

/// The panel is the one that a whole grid of three columns has at the same ε.
fn assert_is_the_whole_grids(engine: &mut Engine, session: &Session, outcome: &Outcome) {
    for (panel, found) in outcome.panels.iter() {
        let value = outcome.experiment.epsilon[panel];
        let whole = Grid::repeated(Components::ALL, &[value, Epsilon::ONE, Epsilon::ONE]).unwrap();
        let spec = session.run_spec().with(|experiment| experiment.epsilon = whole);
        let expected = engine.run(&spec, NEVER).unwrap();
        assert!(bits(&found.pattern) == bits(&expected.panels[at(panel.component, 0)].pattern), "{panel:?}");
    }
}

#[test]
fn every_panel_is_the_one_that_a_grid_of_three_has() {
    for bundled in [Bundled::Smollm2Capture, Bundled::Austen] {
        let mut engine = Engine::default();
        for rows in all_rows() {
            let session = session(bundled, rows);
            let outcome = engine.run(&session.run_spec(), NEVER).unwrap();
            assert_eq!((outcome.shape().rows(), outcome.shape().n_columns()), (rows, 5));
            assert_is_the_whole_grids(&mut engine, &session, &outcome);
        }
    }
}

#[test]
fn divergences_metrics_and_pictures_are_there_for_every_panel() {
    let mut engine = Engine::default();
    let session = session(Bundled::Austen, Components::ALL);
    let spec = session.run_spec();
    let outcome = engine.run(&spec, NEVER).unwrap();
    for (panel, found) in outcome.panels.iter() {
        let effect = engine.effect(&spec, panel, NEVER).unwrap().unwrap();
        assert!(effect.kl.is_finite() && Metrics::of(&found.pattern).sink_mass.is_some(), "{panel:?}");
    }
    for quantity in Quantity::ALL {
        let view = View { look: Look::of(quantity), ..View::default() };
        let pictures = PanelRenderer::default().render(&outcome, &view.picture_spec([60; 2], Ground::default()));
        assert_eq!(pictures.panels.shape(), outcome.shape());
    }
}

#[test]
fn figures_and_files_have_the_rows_and_columns_of_the_grid() {
    let mut engine = Engine::default();
    for rows in all_rows() {
        let session = session(Bundled::Smollm2Capture, rows);
        let outcome = engine.run(&session.run_spec(), NEVER).unwrap();
        let page = figure(&outcome, &FigureStyle::default()).unwrap();
        assert_eq!(page.heatmaps.len(), 5 * rows.count());
        assert!(!draw(&outcome, &FigureStyle::default(), FileFormat::Svg, None).unwrap().is_empty());

        let file = outcome.numbers(&session.run_spec());
        let mut json = Vec::new();
        file.write(NumbersFormat::Json, &mut json).unwrap();
        let json: Value = serde_json::from_slice(&json).unwrap();
        let epsilons: Vec<Vec<f64>> = serde_json::from_value(json["epsilon"].clone()).unwrap();
        assert_eq!(epsilons, vec![VALUES.to_vec(); rows.count()]);
        for component in Component::ALL {
            let panels = json.get(component.name().to_lowercase());
            assert_eq!(panels.is_some(), rows.contains(component), "absent rows are absent");
            assert!(panels.is_none_or(|panels| panels.as_array().unwrap().len() == 5));
        }
        for format in NumbersFormat::ALL {
            let mut bytes = Vec::new();
            file.write(format, &mut bytes).unwrap();
            assert!(!bytes.is_empty());
        }
        let mut bytes = Vec::new();
        file.write(NumbersFormat::Safetensors, &mut bytes).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(tensors.tensor("epsilon").unwrap().shape(), [rows.count(), 5]);
        let first = rows.first().name().to_lowercase();
        assert_eq!(tensors.tensor(&first).unwrap().shape(), [5, 24, 24]);

        let json = SessionDocument::of_unread(&session, Some(&outcome)).to_json().unwrap();
        assert_eq!(SessionDocument::from_json(json.as_bytes()).unwrap().session, session);
    }
}

#[test]
fn a_figure_of_panels_that_are_not_there_is_refused() {
    let session = session(Bundled::Smollm2Capture, Components::new([Component::Query]).unwrap());
    let outcome = Engine::default().run(&session.run_spec(), NEVER).unwrap();
    let refusal = |style: FigureStyle| figure(&outcome, &style).unwrap_err().to_string();
    let message = refusal(FigureStyle { columns: "1,5".parse().unwrap(), ..FigureStyle::default() });
    assert!(message.contains("column") && message.contains("0 to 4") && message.contains("1,5"), "{message}");
    let message = refusal(FigureStyle { rows: "key".parse().ok(), ..FigureStyle::default() });
    assert!(message.contains("row") && message.contains("query") && message.contains("key"), "{message}");
    let last = FigureStyle { columns: "4".parse().unwrap(), ..FigureStyle::default() };
    assert_eq!(figure(&outcome, &last).unwrap().heatmaps.len(), 1);
}
