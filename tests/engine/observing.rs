//! Watching a run, and sources that are opened elsewhere.

use std::{
    cell::{Cell, RefCell},
    sync::Arc,
};

use attenuate::{
    attention::{Component, PanelId, Preset, Shape},
    engine::{Bundled, Engine, EngineError, Job, OpenSource, Outcome, Partial, Progress, Ready, RunSpec, SourceSpec},
    model::bundled,
};

use crate::engine::support::{NEVER, bits, epsilon, fresh, numbers, one_by_one, spec};
use crate::support::grids::{at, column};

/// Notes all that it is told, and checks that what is ready is right.
struct Notes {
    first: PanelId,
    progress: RefCell<Vec<Progress>>,
    ready: RefCell<Vec<Ready>>,
    expected: Outcome,
}

impl Notes {
    fn new(spec: &RunSpec, first: PanelId) -> Self {
        Self { first, progress: RefCell::default(), ready: RefCell::default(), expected: fresh(spec).unwrap() }
    }

    /// Runs the request, noting what the job is told.
    fn run(&self, engine: &mut Engine, spec: &RunSpec) -> Outcome {
        let hear = |progress| self.progress.borrow_mut().push(progress);
        engine.run_for(&Job::alone(NEVER, &hear), spec, self.first, &mut |partial| self.so_far(partial)).unwrap()
    }

    fn so_far(&self, partial: Partial<'_>) {
        for (panel, ready) in partial.ready.iter() {
            let expected = if *ready { &self.expected.panels[panel] } else { &self.expected.baseline };
            assert_eq!(bits(&partial.outcome.panels[panel].pattern), bits(&expected.pattern));
        }
        self.ready.borrow_mut().push(partial.ready.clone());
    }
}

#[test]
fn every_layer_is_counted_once() {
    let spec = spec(Bundled::Austen, Preset::AllLayers);
    let notes = Notes::new(&spec, at(Component::Query, 0));
    let mut engine = Engine::default();
    notes.run(&mut engine, &spec);
    // Five layers for the baseline; five for each of three ε, on Query and Key alike, and on Value.
    let of = 5 + 5 * 6;
    let expected: Vec<_> = (0..of).map(|done| Progress { done, of }).collect();
    assert_eq!(*notes.progress.borrow(), expected);

    // One of them again: nothing. A new ε of one panel: its five layers.
    notes.progress.borrow_mut().clear();
    notes.run(&mut engine, &spec);
    assert_eq!(*notes.progress.borrow(), []);
    let mut changed = spec;
    changed.experiment.epsilon[at(Component::Value, 1)] = epsilon(0.25);
    let notes = Notes::new(&changed, at(Component::Query, 0));
    notes.run(&mut engine, &changed);
    let expected: Vec<_> = (0..5).map(|done| Progress { done, of: 5 }).collect();
    assert_eq!(*notes.progress.borrow(), expected);
    let mut all_but_one = Ready::filled(Shape::FIGURE, true);
    all_but_one[at(Component::Value, 1)] = false;
    assert_eq!(*notes.ready.borrow(), [all_but_one], "what is at hand does not wait");
}

#[test]
fn slow_panels_arrive_in_the_order_that_is_wanted() {
    let spec = spec(Bundled::Austen, Preset::AllLayers);
    let notes = Notes::new(&spec, at(Component::Value, 2));
    let outcome = notes.run(&mut one_by_one(), &spec);
    assert_eq!(numbers(&outcome), numbers(&notes.expected), "whatever the order");
    let ready = notes.ready.borrow();
    let panels = |ready: &Ready| ready.values().filter(|ready| **ready).count();
    assert_eq!(ready.iter().map(panels).collect::<Vec<_>>(), [0, 1, 3, 5, 6, 8], "equal panels come together");
    assert!(ready[1][at(Component::Value, 2)], "the wanted one first");
    assert!(ready[2].iter().all(|(panel, ready)| *ready == (panel.column == column(2))), "then its column");
}

#[test]
fn quick_panels_arrive_together() {
    let spec = spec(Bundled::Austen, Preset::AllLayers);
    let notes = Notes::new(&spec, at(Component::Value, 2));
    let outcome = notes.run(&mut Engine::default(), &spec);
    assert_eq!(*notes.ready.borrow(), [Ready::filled(Shape::FIGURE, false)], "the baseline before all of them");
    assert_eq!(numbers(&outcome), numbers(&notes.expected));
}

#[test]
fn without_a_run_of_layers_there_is_nothing_to_wait_for() {
    for spec in [spec(Bundled::Smollm2Capture, Preset::AllLayers), spec(Bundled::Austen, Preset::ThisLayer)] {
        let notes = Notes::new(&spec, at(Component::Query, 0));
        notes.run(&mut Engine::default(), &spec);
        assert!(notes.ready.borrow().is_empty());
    }
}

#[test]
fn the_effect_is_counted_too() {
    let spec = spec(Bundled::Austen, Preset::AllLayers);
    let notes = Notes::new(&spec, at(Component::Query, 0));
    let mut engine = Engine::default();
    let hear = |progress| notes.progress.borrow_mut().push(progress);
    let found = engine.effect_for(&Job::alone(NEVER, &hear), &spec, at(Component::Value, 1)).unwrap();
    let expected: Vec<_> = (0..12).map(|done| Progress { done, of: 12 }).collect();
    assert_eq!(*notes.progress.borrow(), expected);
    assert_eq!(found, Engine::default().effect(&spec, at(Component::Value, 1), NEVER).unwrap());
}

/// A copy of the bundled model as a folder.
fn folder() -> (tempfile::TempDir, SourceSpec) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("config.json", bundled::CONFIG),
        ("model.safetensors", bundled::WEIGHTS),
        ("tokenizer.json", bundled::TOKENIZER),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let source = SourceSpec::Folder(folder.path().to_owned());
    (folder, source)
}

#[test]
fn an_adopted_source_is_not_opened_again() {
    let (folder, source) = folder();
    let opened = Arc::new(OpenSource::open(&source, &Job::unwatched()).unwrap());
    assert_eq!((opened.facts().n_layers, &opened.facts().source), (6, &source));
    drop(folder);
    let mut engine = Engine::default();
    engine.adopt(opened.clone());
    let spec = RunSpec { source: source.clone(), ..spec(Bundled::Austen, Preset::AllLayers) };
    let outcome = engine.run(&spec, NEVER).unwrap();
    assert!(Arc::ptr_eq(&outcome.facts, opened.facts()));
    let bundled = fresh(&crate::engine::support::spec(Bundled::Austen, Preset::AllLayers)).unwrap();
    let patterns =
        |outcome| crate::engine::support::panels(outcome).map(|panel| bits(&panel.pattern)).collect::<Vec<_>>();
    assert_eq!(patterns(&outcome), patterns(&bundled));
    // Adopting it again loses nothing: the same scores, not only equal ones.
    engine.adopt(opened);
    assert!(engine.run(&spec, NEVER).unwrap().baseline.pattern == outcome.baseline.pattern);
}

#[test]
fn another_source_of_the_same_name_takes_its_place() {
    let (_folder, source) = folder();
    let open = || Arc::new(OpenSource::open(&source, &Job::unwatched()).unwrap());
    let mut engine = Engine::default();
    engine.adopt(open());
    let spec = RunSpec { source: source.clone(), ..spec(Bundled::Austen, Preset::ThisHead) };
    let first = engine.run(&spec, NEVER).unwrap();
    engine.adopt(open());
    let second = engine.run(&spec, NEVER).unwrap();
    assert!(!Arc::ptr_eq(&first.facts, &second.facts));
    assert!(first.baseline.pattern != second.baseline.pattern, "computed anew");
    assert_eq!(numbers(&first), numbers(&second));
}

#[test]
fn opening_is_watched_and_can_be_given_up() {
    let (_folder, source) = folder();
    let seen = RefCell::new(Vec::new());
    let hear = |progress| seen.borrow_mut().push(progress);
    OpenSource::open(&source, &Job::alone(NEVER, &hear)).unwrap();
    let last: Progress = *seen.borrow().last().unwrap();
    assert_eq!(last.done, last.of, "every tensor is counted");
    assert_eq!(seen.borrow()[0].done, 1, "from the first on: the files are mapped, not read");
    for after in [0, 1, 2, 10, seen.borrow().len() - 1] {
        let asked = Cell::new(0);
        let give_up = || asked.replace(asked.get() + 1) == after;
        let refused = OpenSource::open(&source, &Job::until(&give_up)).err();
        assert!(matches!(refused, Some(EngineError::Cancelled)), "after {after}: {refused:?}");
        assert_eq!(asked.get(), after + 1, "nothing is read any more");
    }
}
