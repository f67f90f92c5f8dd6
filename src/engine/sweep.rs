//! Metrics of the shown head against ε.

mod metrics;

use std::sync::Arc;

use ndarray::Array1;

use super::{
    Engine, EngineError, RunSpec, Target, TargetChange, batches::LastBatch, layer_run::LayerRun, memory::Keep,
    prompt_run::PromptRun, run, source::Reader,
};
use crate::attention::{Component, Edit, Epsilon, Operation, Pattern, PositionScope};

pub use metrics::{ParseSweepMetricError, SweepMetric, SweepMetrics};

#[cfg(test)]
thread_local! {
    /// How many transitions this thread has looked for.
    pub static TRANSITIONS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Points of the first pass above 0: 1e-12 to 1e2 in equal steps of log10 ε.
const POINTS: usize = 61;
/// Of an axis from 1e-12 to 1e2.
const DECADES: (f64, f64) = (-12.0, 2.0);
/// Points after which a curve shows its shape: two in three decades.
const SHAPE: usize = 21;
/// The most points that refining adds.
const REFINED: usize = 24;
/// Bends below this part of a curve's range are straight enough.
const BEND: f64 = 0.02;
/// An entropy that changes by less has no transition.
const MOVES: f64 = 0.01;

/// One point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SweepPoint {
    /// Where it is measured.
    pub epsilon: Epsilon,
    /// Of the shown head there.
    pub metrics: SweepMetrics,
}

/// Curves of all components over ε.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// Metrics without an intervention.
    pub baseline: SweepMetrics,
    /// Of the pattern whose rows are uniform: the limit of scaling all of Q or K by ε → 0.
    pub uniform: SweepMetrics,
    /// In the order of [`Component::ALL`], each by rising ε, 0 among them; empty for a component without a row.
    pub curves: [Vec<SweepPoint>; Component::ALL.len()],
}

impl Sweep {
    /// The components that are swept.
    pub fn components(&self) -> impl Iterator<Item = Component> + Clone {
        Component::ALL.into_iter().filter(|component| !self.curves[component.row()].is_empty())
    }

    /// Number of ε at which every curve is measured.
    pub fn n_points(&self) -> usize {
        self.curves.iter().map(Vec::len).filter(|&length| length > 0).min().unwrap_or(0)
    }

    /// The smallest and the largest value of a metric at those ε that are shown, with 0 between them; `None` where all are
    /// 0. The KL divergence leaves every scale beyond ε = 1.
    pub fn extent(&self, metric: SweepMetric, is_shown: impl Fn(Epsilon) -> bool) -> Option<[f64; 2]> {
        let points = self.curves.iter().flatten().filter(|point| is_shown(point.epsilon));
        let in_view = points.filter(|point| metric != SweepMetric::Kl || point.epsilon <= Epsilon::ONE);
        let metrics = in_view.map(|point| &point.metrics).chain([&self.baseline, &self.uniform]);
        let values = metrics.filter_map(|metrics| metric.of(metrics)).filter(|value| value.is_finite());
        let [low, high] = values.fold([0.0, 0.0], |[low, high], value| [f64::min(low, value), f64::max(high, value)]);
        (low < high).then_some([low, high])
    }

    /// Points of a curve before refinement.
    pub const FIRST_PASS: usize = POINTS + 1;

    /// Where the normalized entropy of `component` makes the middle 80 % of its way between the least ε and 1: the
    /// transition. `None` where it hardly moves, and while there are too few points to tell.
    pub fn transition(&self, component: Component) -> Option<[Epsilon; 2]> {
        #[cfg(test)]
        TRANSITIONS.set(TRANSITIONS.get() + 1);
        let curve: Vec<[f64; 2]> = self.curves[component.row()]
            .iter()
            // Beyond 1 lies another regime, sharpening.
            .filter(|point| point.epsilon > Epsilon::ZERO && point.epsilon <= Epsilon::ONE)
            .filter_map(|point| Some([point.epsilon.get().log10(), point.metrics.normalized_entropy?]))
            .collect();
        if self.curves[component.row()].len() < SHAPE {
            return None;
        }
        let ([_, low], [_, high]) = (*curve.first()?, *curve.last()?);
        let way = high - low;
        if way.is_nan() || way.abs() < MOVES {
            return None;
        }
        let part = |value: f64| (value - low) / way;
        let reached = |wanted: f64| {
            let [from, to] = curve.array_windows::<2>().find(|[_, to]| part(to[1]) >= wanted)?;
            let along = ((wanted - part(from[1])) / (part(to[1]) - part(from[1]))).clamp(0.0, 1.0);
            Epsilon::new(10_f64.powf(from[0] + along * (to[0] - from[0]))).ok()
        };
        Some([reached(0.1)?, reached(0.9)?])
    }

    /// The point of a curve that is nearest to `epsilon` on the logarithmic axis; for 0 the one at 0, if it is there.
    pub fn nearest(&self, component: Component, epsilon: Epsilon) -> Option<&SweepPoint> {
        let decade = |epsilon: Epsilon| epsilon.get().max(f64::MIN_POSITIVE).log10();
        let distance = |point: &SweepPoint| (decade(point.epsilon) - decade(epsilon)).abs();
        self.curves[component.row()].iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))
    }

    fn insert(&mut self, component: Component, point: SweepPoint) {
        let curve = &mut self.curves[component.row()];
        let at = curve.partition_point(|other| other.epsilon < point.epsilon);
        curve.insert(at, point);
    }
}

/// ε of the first pass in an order that shows the shape first: every 12th, 0, every 6th, every 3rd, then all.
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
    let mut order: Vec<Epsilon> = indices.into_iter().map(epsilon).collect();
    order.insert(POINTS.div_ceil(12), Epsilon::ZERO);
    order
}

/// Halfway (in log10 ε) to the points on both sides of where a curve bends most.
fn refinement(sweep: &Sweep) -> Vec<Epsilon> {
    let mut bends: Vec<(f64, Epsilon)> = Vec::new();
    for curve in &sweep.curves {
        let curve: Vec<&SweepPoint> = curve.iter().filter(|point| point.epsilon > Epsilon::ZERO).collect();
        for metric in [SweepMetric::SinkMass, SweepMetric::NormalizedEntropy, SweepMetric::Js, SweepMetric::MaxWeight] {
            let values: Vec<f64> = curve.iter().filter_map(|point| metric.of(&point.metrics)).collect();
            if values.len() != curve.len() {
                continue;
            }
            let [low, high] = values.iter().fold([f64::MAX, f64::MIN], |[low, high], &v| [low.min(v), high.max(v)]);
            for (values, points) in values.array_windows::<3>().zip(curve.array_windows::<3>()) {
                let bend = (values[0] - 2.0 * values[1] + values[2]).abs() / (high - low);
                if bend > BEND {
                    bends.extend(points.array_windows::<2>().filter_map(|ends| Some((bend, halfway(*ends)?))));
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

fn halfway([from, to]: [&SweepPoint; 2]) -> Option<Epsilon> {
    Epsilon::new((from.epsilon.get() * to.epsilon.get()).sqrt()).ok()
}

impl Engine {
    /// Metrics of the shown head over ε from 1e-12 to 1e2, and at 0, for each row of its grid, under the operation and scope
    /// of `spec`, whose own ε do not matter: 62 points, then more where a curve bends. `cell` is `[query, key]` of a
    /// weight to follow. With a target, how its chances change is measured too: that takes a run of the model through all
    /// its layers for each ε.
    ///
    /// `so_far` sees the sweep after every ε, coarse before fine, and `cancelled` is asked before each.
    ///
    /// # Errors
    /// As [`Engine::run`], and with a target when it is no token or the source predicts none.
    pub fn sweep(
        &mut self,
        spec: &RunSpec,
        cell: Option<[usize; 2]>,
        target: Option<&Target>,
        so_far: &mut dyn FnMut(&Sweep),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Sweep, EngineError> {
        let facts = self.facts(&spec.source)?;
        if !facts.kind.has_vectors() {
            return Err(EngineError::PatternsOnly { title: facts.title.clone() });
        }
        let shown = run::check(spec, &facts)?;
        let (layer, head) = (spec.experiment.layer, spec.experiment.head);
        let prompt = self.prompt(&spec.source, &spec.prompt)?;
        run::check_positions(spec, prompt.tokens.len())?;
        let swept = spec.experiment.shape().rows();
        let of_rows = swept.iter().map(|row| spec.experiment.intervention_at(shown, row, Epsilon::FIGURE[0]));
        let spec = &self.donated(spec, &prompt, of_rows, cancelled)?;
        let baseline_run = prompt.baseline(layer, cancelled)?;
        let baseline = baseline_run.edited(head, None).pattern;
        let chances = match target {
            Some(target) => Some(Chances::of(&prompt, target, cancelled)?),
            None => None,
        };
        let metrics = |pattern: &Pattern| SweepMetrics::of(&baseline, pattern, cell);
        let mut sweep = Sweep {
            baseline: SweepMetrics {
                target: chances.as_ref().map(|chances| chances.change(&chances.baseline)),
                ..metrics(&baseline)
            },
            uniform: metrics(&uniform(&baseline_run, head)),
            curves: Default::default(),
        };
        let mut measure = |sweep: &mut Sweep, epsilons: Vec<Epsilon>| -> Result<(), EngineError> {
            let points =
                epsilons.into_iter().flat_map(|epsilon| swept.iter().map(move |component| (epsilon, component)));
            let plan: Vec<_> = points
                .map(|(epsilon, component)| {
                    let intervention = spec.experiment.intervention_at(shown, component, epsilon);
                    let upstream = intervention.upstream_of(layer).filter(|_| facts.kind.is_model());
                    let whole = chances.as_ref().and_then(|_| intervention.upstream_of(facts.n_layers));
                    (epsilon, component, intervention, (upstream, whole))
                })
                .collect();
            let (mut batch, mut outputs, mut last) = (LastBatch::default(), LastBatch::default(), None);
            for (at, (epsilon, component, intervention, (upstream, whole))) in plan.iter().enumerate() {
                if cancelled() {
                    return Err(EngineError::Cancelled);
                }
                let known = last.filter(|(other, _)| *other == intervention).map(|(_, metrics)| metrics);
                let metrics = if let Some(metrics) = known {
                    metrics
                } else {
                    let layer_run = match upstream {
                        None => baseline_run.clone(),
                        Some(upstream) => {
                            let rest = || plan[at..].iter().filter_map(|(.., (upstream, _))| upstream.as_ref());
                            let made = || prompt.next_under(rest(), layer, Keep::Nothing, cancelled);
                            batch.get(upstream, made)?.ok_or(EngineError::Cancelled)?
                        }
                    };
                    let pattern = layer_run.panel(head, intervention).pattern;
                    let measured = if pattern == baseline { sweep.baseline } else { metrics(&pattern) };
                    let target = match (&chances, whole) {
                        (Some(chances), Some(whole)) => {
                            let rest = || plan[at..].iter().filter_map(|(.., (_, whole))| whole.as_ref());
                            let made = || prompt.next_logits(rest(), Keep::Nothing, cancelled);
                            Some(chances.change(&*outputs.get(whole, made)?.ok_or(EngineError::NoOutput)?))
                        }
                        _ => sweep.baseline.target,
                    };
                    SweepMetrics { target, ..measured }
                };
                sweep.insert(*component, SweepPoint { epsilon: *epsilon, metrics });
                last = Some((intervention, metrics));
                if plan.get(at + 1).is_none_or(|(next, ..)| next != epsilon) {
                    so_far(sweep);
                }
            }
            Ok(())
        };
        measure(&mut sweep, sweep_order())?;
        let finer = refinement(&sweep);
        measure(&mut sweep, finer)?;
        Ok(sweep)
    }
}

/// How likely a target is.
struct Chances {
    /// Logits `[vocab]` without an intervention.
    baseline: Arc<Array1<f32>>,
    ids: (u32, Option<u32>),
}

impl Chances {
    fn of(prompt: &PromptRun, target: &Target, cancelled: &dyn Fn() -> bool) -> Result<Self, EngineError> {
        let Reader::Model(model) = &prompt.source.reader else { return Err(EngineError::NoOutput) };
        let baseline = prompt.baseline_logits(cancelled)?.ok_or(EngineError::NoOutput)?;
        let ids = target.ids(model, baseline.iter().map(|&logit| logit.into()))?;
        Ok(Self { baseline, ids })
    }

    fn change(&self, modified: &Array1<f32>) -> TargetChange {
        TargetChange::of(self.ids, self.baseline.view(), modified.view())
    }
}

/// The pattern whose rows are uniform: all scores times 0.
fn uniform(run: &LayerRun, head: usize) -> Pattern {
    let (operation, epsilon, positions) = (Operation::Scale, Epsilon::ZERO, PositionScope::All);
    run.edited(head, Some(&Edit { component: Component::Query, operation, epsilon, positions })).pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_coarse_first_and_complete() {
        let order = sweep_order();
        assert_eq!(order.len(), Sweep::FIRST_PASS);
        assert_eq!(order[..2].iter().map(|e| e.get()).collect::<Vec<_>>(), [1e-12, 10_f64.powf(-9.2)]);
        assert_eq!((order[5].get().round(), order[6]), (100.0, Epsilon::ZERO));
        let mut sorted = order.clone();
        sorted.sort_by(|a, b| a.get().total_cmp(&b.get()));
        sorted.dedup();
        assert_eq!(sorted.len(), Sweep::FIRST_PASS);
        assert!((sorted[POINTS].get() - 1e2).abs() < 1e-9);
    }

    /// Sigmoid-like: an entropy that falls from 1 to 0 along a straight line (in log10 ε) from 1e-2 to 1.
    fn ramp() -> Sweep {
        let metrics = |entropy: f64| SweepMetrics {
            sink_mass: None,
            normalized_entropy: Some(entropy),
            kl: 0.0,
            js: 0.0,
            max_weight: None,
            weight: None,
            target: None,
        };
        let mut sweep = Sweep { baseline: metrics(0.0), uniform: metrics(1.0), curves: Default::default() };
        for epsilon in sweep_order() {
            let entropy = (-epsilon.get().max(1e-12).log10() / 2.0).clamp(0.0, 1.0);
            sweep.insert(Component::Query, SweepPoint { epsilon, metrics: metrics(entropy) });
            sweep.insert(Component::Key, SweepPoint { epsilon, metrics: metrics(0.5) });
        }
        sweep
    }

    #[test]
    fn the_transition_is_the_middle_of_the_way() {
        let sweep = ramp();
        let [from, to] = sweep.transition(Component::Query).unwrap().map(|epsilon| epsilon.get().log10());
        // The last sample below 1 is 10^-0.1: 5 % of the way are beyond it.
        assert!((from - -1.81).abs() < 0.02 && (to - -0.29).abs() < 0.02, "{from} to {to}");
        assert_eq!(sweep.transition(Component::Key), None, "it does not move");
        assert_eq!(sweep.transition(Component::Value), None, "it is not there");
    }

    #[test]
    fn the_nearest_point_is_near_on_the_logarithmic_axis() {
        let sweep = ramp();
        let nearest = |epsilon| sweep.nearest(Component::Query, Epsilon::new(epsilon).unwrap()).unwrap().epsilon.get();
        assert_eq!(nearest(0.0), 0.0);
        assert_eq!(nearest(1.1e-12), 1e-12);
        assert_eq!(nearest(1e9), nearest(1e2));
        assert!(sweep.nearest(Component::Value, Epsilon::ONE).is_none());
    }

    #[test]
    fn refinement_goes_to_the_bends() {
        let added = refinement(&ramp());
        assert!(!added.is_empty() && added.len() <= REFINED);
        assert!(added.iter().all(|e| (2e-3..2.0).contains(&e.get())), "{added:?}");
    }
}
