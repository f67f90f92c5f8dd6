//! What takes longer than the picture: metrics, lengths of the output, the effect on the next token.

use super::{Details, Looks, PARTS, Reply, Watcher};
use crate::{
    attention::Metrics,
    engine::{Engine, EngineError, Outcome, Panel},
    ui::frame::PanelEffects,
};

/// Lengths of the head's output in the view that was last shown: a drag of one ε changes only some of them.
#[derive(Default)]
pub(super) struct Norms(Vec<(Panel, Option<f64>)>);

impl Norms {
    /// Mean length of the panel's output; `None` without values.
    fn of(&mut self, panel: &Panel) -> Option<f64> {
        if let Some((_, norm)) = self.0.iter().find(|(other, _)| other.has_same_output(panel)) {
            return *norm;
        }
        let norm = panel.output_norm();
        self.0.push((panel.clone(), norm));
        norm
    }

    /// Forgets what is not in `outcome`.
    fn keep(&mut self, outcome: &Outcome) {
        let shown = outcome.panels.as_flattened().iter().chain([&outcome.baseline]);
        self.0.retain(|(panel, _)| shown.clone().any(|other| other.has_same_output(panel)));
    }
}

/// Sends the details of the selected panel and, where the inspector is open, those of all panels as they come.
pub(super) fn send(
    engine: &mut Engine,
    norms: &mut Norms,
    outcome: &Outcome,
    looks: Looks,
    watcher: &Watcher<'_>,
) -> Result<(), EngineError> {
    norms.keep(outcome);
    let (component, column) = looks.selected;
    let panels = metrics(outcome, watcher)?;
    watcher.check()?;
    let norm = norms.of(&outcome.baseline);
    watcher.check()?;
    let output_norms = norm.zip(norms.of(outcome.panel(component, column)));
    let effect = engine.effect_observed(&watcher.request.spec, component, column, watcher)?;
    let mut details = Details { panels, output_norms, effect, of_all: PanelEffects::default(), is_whole: false };
    if looks.inspector {
        of_all(engine, norms, outcome, watcher, &mut details)?;
    }
    details.is_whole = true;
    watcher.send(Reply::Details(Box::new(details)));
    Ok(())
}

/// Of every panel; those that equal the baseline are evaluated once.
fn metrics(outcome: &Outcome, watcher: &Watcher<'_>) -> Result<[[Metrics; 3]; 3], EngineError> {
    let baseline = &outcome.baseline.pattern;
    watcher.check()?;
    let mut panels = [[Metrics::of(baseline); 3]; 3];
    for (metrics, panel) in panels.as_flattened_mut().iter_mut().zip(outcome.panels.as_flattened()) {
        if panel.pattern != *baseline {
            watcher.check()?;
            *metrics = Metrics::of(&panel.pattern);
        }
    }
    Ok(panels)
}

/// Fills in [`Details::of_all`], and sends what is there before something that takes long.
fn of_all(
    engine: &mut Engine,
    norms: &mut Norms,
    outcome: &Outcome,
    watcher: &Watcher<'_>,
    details: &mut Details,
) -> Result<(), EngineError> {
    let baseline = norms.of(&outcome.baseline);
    let ratios = details.of_all.norm_ratios.as_flattened_mut();
    for (ratio, panel) in ratios.iter_mut().zip(outcome.panels.as_flattened()) {
        watcher.check()?;
        *ratio = norms.of(panel).zip(baseline).map(|(norm, baseline)| norm / baseline);
    }
    let mut is_first = true;
    let divergences = engine.divergences_observed(&watcher.request.spec, watcher, &mut |divergences| {
        details.of_all.divergences = *divergences;
        // The first at once: what follows may be given up for the next step of a drag.
        if std::mem::take(&mut is_first) || watcher.is_due(&watcher.parted, PARTS) {
            watcher.send(Reply::Details(Box::new(details.clone())));
        }
    })?;
    details.of_all.divergences = divergences.unwrap_or_default();
    Ok(())
}
