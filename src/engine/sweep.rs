//! Metrics of the shown head against ε.

use super::{Engine, EngineError, RunSpec, SourceKind, layer_run::LayerRun, run};
use crate::attention::{
    Component, Edit, Epsilon, Metrics, Operation, Pattern, PositionScope, js_from_baseline, kl_from_baseline,
    max_weight,
};

/// Points of the first pass, 1e-12 to 1e2 in equal steps of log10 ε.
const POINTS: usize = 61;
/// Of an axis from 1e-12 to 1e2.
const DECADES: (f64, f64) = (-12.0, 2.0);
/// The most points that refining adds.
const REFINED: usize = 24;
/// Bends below this part of a curve's range are straight enough.
const BEND: f64 = 0.02;

/// What a sweep measures of one pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SweepMetrics {
    /// See [`crate::attention::sink_mass`].
    pub sink_mass: Option<f64>,
    /// See [`crate::attention::normalized_entropy`].
    pub normalized_entropy: Option<f64>,
    /// KL from baseline in nats.
    pub kl: f64,
    /// Jensen–Shannon divergence from baseline in nats, at most ln 2.
    pub js: f64,
    /// See [`crate::attention::max_weight`].
    pub max_weight: Option<f64>,
    /// Weight of the cell that was asked for.
    pub cell: Option<f64>,
}

impl SweepMetrics {
    fn of(baseline: &Pattern, pattern: &Pattern, cell: Option<[usize; 2]>) -> Self {
        let Metrics { sink_mass, normalized_entropy, .. } = Metrics::of(pattern);
        let (kl, js) = if pattern == baseline {
            (0.0, 0.0)
        } else {
            (kl_from_baseline(baseline, pattern), js_from_baseline(baseline, pattern))
        };
        let weight = |[query, key]: [usize; 2]| Some(f64::from(pattern.exact_cell(query, key)?.weight));
        Self { sink_mass, normalized_entropy, kl, js, max_weight: max_weight(pattern), cell: cell.and_then(weight) }
    }
}

/// One point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SweepPoint {
    pub epsilon: Epsilon,
    pub metrics: SweepMetrics,
}

/// Curves of all components over ε.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    pub baseline: SweepMetrics,
    /// Of the pattern whose rows are uniform: the limit of scaling all of Q or K by ε → 0.
    pub uniform: SweepMetrics,
    /// In the order of [`Component::ALL`], each by rising ε.
    pub curves: [Vec<SweepPoint>; 3],
}

impl Sweep {
    /// Where the normalized entropy of `component` makes the middle 80 % of its way between the ends of the sweep: the
    /// transition. `None` where it hardly moves.
    pub fn transition(&self, component: Component) -> Option<[Epsilon; 2]> {
        let curve: Vec<(Epsilon, f64)> = self.curves[component.row()]
            .iter()
            // Beyond 1 lies another regime, sharpening.
            .filter(|point| point.epsilon <= Epsilon::ONE)
            .filter_map(|point| Some((point.epsilon, point.metrics.normalized_entropy?)))
            .collect();
        let (&(_, low), &(_, high)) = (curve.first()?, curve.last()?);
        let way = high - low;
        if way.abs() < 0.01 {
            return None;
        }
        let reached =
            |part: f64| curve.iter().find(|(_, value)| (value - low) / way >= part).map(|(epsilon, _)| *epsilon);
        Some([reached(0.1)?, reached(0.9)?])
    }

    fn insert(&mut self, component: Component, point: SweepPoint) {
        let curve = &mut self.curves[component.row()];
        let at = curve.partition_point(|other| other.epsilon < point.epsilon);
        curve.insert(at, point);
    }
}

/// ε of the first pass in an order that shows the shape first: every 12th, every 6th, every 3rd, then all.
pub fn sweep_order() -> Vec<Epsilon> {
    let mut indices: Vec<usize> = Vec::with_capacity(POINTS);
    for step in [12, 6, 3, 1] {
        for index in (0..POINTS).step_by(step) {
            if !indices.contains(&index) {
                indices.push(index);
            }
        }
    }
    let epsilon = |index: usize| {
        let decade = DECADES.0 + (DECADES.1 - DECADES.0) * index as f64 / (POINTS - 1) as f64;
        Epsilon::new(10_f64.powf(decade)).unwrap_or(Epsilon::ONE)
    };
    indices.into_iter().map(epsilon).collect()
}

/// Where a curve bends most, halfway (in log10 ε) to the points on both sides.
fn refinement(sweep: &Sweep) -> Vec<Epsilon> {
    let mut bends: Vec<(f64, Epsilon)> = Vec::new();
    for curve in &sweep.curves {
        let measures: [fn(&SweepMetrics) -> Option<f64>; 4] =
            [|m| m.sink_mass, |m| m.normalized_entropy, |m| Some(m.js), |m| m.max_weight];
        for measure in measures {
            let values: Vec<f64> = curve.iter().filter_map(|point| measure(&point.metrics)).collect();
            if values.len() != curve.len() {
                continue;
            }
            let [low, high] = values.iter().fold([f64::MAX, f64::MIN], |[low, high], &v| [low.min(v), high.max(v)]);
            for (index, around) in values.windows(3).enumerate() {
                let bend = (around[0] - 2.0 * around[1] + around[2]).abs() / (high - low);
                if bend > BEND {
                    for pair in [index, index + 1] {
                        let ends = [curve[pair].epsilon.get(), curve[pair + 1].epsilon.get()];
                        if let Ok(middle) = Epsilon::new((ends[0] * ends[1]).sqrt()) {
                            bends.push((bend, middle));
                        }
                    }
                }
            }
        }
    }
    bends.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let mut chosen: Vec<Epsilon> = Vec::new();
    for (_, epsilon) in bends {
        if chosen.len() < REFINED && !chosen.contains(&epsilon) {
            chosen.push(epsilon);
        }
    }
    chosen
}

impl Engine {
    /// Metrics of the shown head over ε from 1e-12 to 1e2 for each component, under the operation and scope of `spec`,
    /// whose own ε do not matter: 61 points, then more where a curve bends. `cell` is `[query, key]` of a weight to
    /// follow.
    ///
    /// `so_far` sees the sweep after every ε, coarse before fine, and `cancelled` is asked before each.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn sweep(
        &mut self,
        spec: &RunSpec,
        cell: Option<[usize; 2]>,
        so_far: &mut dyn FnMut(&Sweep),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Sweep, EngineError> {
        let facts = self.facts(&spec.source)?;
        let shown = run::check(spec, &facts)?;
        let prompt = self.prompt(&spec.source, &spec.prompt)?;
        run::check_positions(spec, prompt.tokens.len())?;
        let baseline_run = prompt.baseline(spec.layer, cancelled)?;
        let baseline = baseline_run.panel(spec.head, None).pattern;
        let metrics = |pattern: &Pattern| SweepMetrics::of(&baseline, pattern, cell);
        let mut sweep = Sweep {
            baseline: metrics(&baseline),
            uniform: metrics(&uniform(&baseline_run, spec.head)),
            curves: [const { Vec::new() }; 3],
        };
        let mut measure = |sweep: &mut Sweep, epsilon: Epsilon| -> Result<(), EngineError> {
            let mut last = None;
            for component in Component::ALL {
                if cancelled() {
                    return Err(EngineError::Cancelled);
                }
                let intervention = run::intervention(spec, shown, component, epsilon);
                let known = last.as_ref().filter(|(other, _)| *other == intervention).map(|(_, metrics)| *metrics);
                let found = match known {
                    Some(metrics) => metrics,
                    None => {
                        let edit = intervention.at(spec.layer, spec.head);
                        let upstream = intervention.upstream_of(spec.layer).filter(|_| facts.kind == SourceKind::Model);
                        let pattern = match upstream {
                            None => baseline_run.panel(spec.head, edit).pattern,
                            Some(upstream) => {
                                prompt.once_under(&upstream, spec.layer, cancelled)?.panel(spec.head, edit).pattern
                            }
                        };
                        metrics(&pattern)
                    }
                };
                sweep.insert(component, SweepPoint { epsilon, metrics: found });
                last = Some((intervention, found));
            }
            so_far(sweep);
            Ok(())
        };
        for epsilon in sweep_order() {
            measure(&mut sweep, epsilon)?;
        }
        for epsilon in refinement(&sweep) {
            measure(&mut sweep, epsilon)?;
        }
        Ok(sweep)
    }
}

/// The pattern whose rows are uniform: all scores times 0.
fn uniform(run: &LayerRun, head: usize) -> Pattern {
    let (operation, epsilon, positions) = (Operation::Scale, Epsilon::ZERO, PositionScope::All);
    run.panel(head, Some(&Edit { component: Component::Query, operation, epsilon, positions })).pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_coarse_first_and_complete() {
        let order = sweep_order();
        assert_eq!(order.len(), POINTS);
        assert_eq!(order[..2].iter().map(|e| e.get()).collect::<Vec<_>>(), [1e-12, 10_f64.powf(-9.2)]);
        let mut sorted = order.clone();
        sorted.sort_by(|a, b| a.get().total_cmp(&b.get()));
        sorted.dedup();
        assert_eq!(sorted.len(), POINTS);
        assert!((sorted[POINTS - 1].get() - 1e2).abs() < 1e-9);
    }
}
