//! What takes longer than the picture: metrics, lengths of the output, the effect of all panels on the next token.

use super::{
    frame::{Details, PanelEffects, Presentation},
    watcher::{PicturesPart, REST, Watcher},
};
use crate::{
    attention::{Grid, Metrics, PanelId, Pattern},
    engine::{Engine, EngineError, Outcome, Panel},
    ui::memo::Revision,
};

/// What is known of the panels in the view that was last shown: a drag of one ε changes only some of them.
#[derive(Default)]
pub struct Known {
    norms: Vec<(Panel, Option<f64>)>,
    metrics: Vec<(Pattern, Metrics)>,
}

impl Known {
    /// Mean length of the panel's output; `None` without values.
    fn norm(&mut self, panel: &Panel) -> Option<f64> {
        if let Some((_, norm)) = self.norms.iter().find(|(other, _)| other.has_same_output(panel)) {
            return *norm;
        }
        let norm = panel.output_norm();
        self.norms.push((panel.clone(), norm));
        norm
    }

    fn metrics(&mut self, pattern: &Pattern) -> Metrics {
        if let Some((_, metrics)) = self.metrics.iter().find(|(other, _)| other == pattern) {
            return *metrics;
        }
        let metrics = Metrics::of(pattern);
        self.metrics.push((pattern.clone(), metrics));
        metrics
    }

    /// Forgets what is not in `outcome`.
    fn keep(&mut self, outcome: &Outcome) {
        let shown = outcome.panels.values().chain([&outcome.baseline]);
        self.norms.retain(|(panel, _)| shown.clone().any(|other| other.has_same_output(panel)));
        self.metrics.retain(|(pattern, _)| shown.clone().any(|other| other.pattern == *pattern));
    }
}

/// Sends the details of the selected panel and, where the inspector is open, those of all panels as they come.
pub fn send(
    engine: &mut Engine,
    known: &mut Known,
    outcome: &Outcome,
    presentation: Presentation,
    watcher: &Watcher<'_>,
) -> Result<(), EngineError> {
    profiling::scope!("details");
    known.keep(outcome);
    let selected = outcome.shape().nearest(presentation.selected);
    let panels = metrics(outcome, known, watcher)?;
    watcher.job().check()?;
    let norm = known.norm(&outcome.baseline);
    watcher.job().check()?;
    let output_norms = norm.zip(known.norm(&outcome.panels[selected]));
    let kept_by_norm = engine.kept_by_norm(watcher.job(), &watcher.request().spec, selected)?;
    let mut details = Details {
        revision: Revision::next(),
        panels,
        output_norms,
        kept_by_norm,
        of_all: PanelEffects::unknown(outcome.shape()),
        is_whole: false,
    };
    if presentation.inspector {
        of_all(engine, known, outcome, presentation.selected, watcher, &mut details)?;
    }
    (details.is_whole, details.revision) = (true, Revision::next());
    watcher.send(PicturesPart::Details(Box::new(details)));
    Ok(())
}

/// Of every panel; equal ones are evaluated once.
fn metrics(outcome: &Outcome, known: &mut Known, watcher: &Watcher<'_>) -> Result<Grid<Metrics>, EngineError> {
    watcher.job().check()?;
    let mut panels = Grid::filled(outcome.shape(), known.metrics(&outcome.baseline.pattern));
    for (panel, metrics) in panels.iter_mut() {
        watcher.job().check()?;
        *metrics = known.metrics(&outcome.panels[panel].pattern);
    }
    Ok(panels)
}

/// Fills in [`Details::of_all`], and sends what is there before something that takes long.
fn of_all(
    engine: &mut Engine,
    known: &mut Known,
    outcome: &Outcome,
    first: PanelId,
    watcher: &Watcher<'_>,
    details: &mut Details,
) -> Result<(), EngineError> {
    let baseline = known.norm(&outcome.baseline);
    for (panel, ratio) in details.of_all.norm_ratios.iter_mut() {
        watcher.job().check()?;
        *ratio = known.norm(&outcome.panels[panel]).zip(baseline).map(|(norm, baseline)| norm / baseline);
    }
    let mut is_first = true;
    let divergences = engine.divergences_for(watcher.job(), &watcher.request().spec, first, &mut |divergences| {
        details.of_all.divergences.clone_from(divergences);
        let begins = std::mem::take(&mut is_first);
        if begins || watcher.is_due() {
            let so_far = Details { revision: Revision::next(), ..details.clone() };
            watcher.send(PicturesPart::Details(Box::new(so_far)));
        }
        // Runs of the model wait for the hand to rest: it does not see what the next step of its drag outruns. The selected
        // panel's is that of the next token, which is there sooner. A newer question ends them at their first layer.
        if begins {
            watcher.job().rests_for(REST);
        }
    })?;
    if let Some(divergences) = divergences {
        details.of_all.divergences = divergences;
    }
    Ok(())
}
