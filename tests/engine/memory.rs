//! One budget for all that is kept of prompts: what is let go is made again, and nothing else changes.

use std::sync::Arc;

use attenuate::{
    attention::{Component, Preset},
    engine::{Bundled, Engine, PromptCache, RunSpec},
};

use crate::engine::support::{NEVER, epsilon, fresh, numbers, spec, text};
use crate::support::grids::at;

/// A residual stream of 16 positions takes 8 kB here, the vectors of a layer 16 kB: not half of the six layers fit.
const BUDGET: usize = 48_000;

#[test]
fn within_a_small_budget_the_answers_are_the_same() {
    let cache = Arc::new(PromptCache::default().within(BUDGET));
    let mut engine = Engine::on(cache.clone());
    for (prompt, layer) in [("To be fond of it", 5), ("She", 3), ("To be fond of it", 2), ("To be fond of it", 4)] {
        let spec = RunSpec { prompt: text(prompt), ..spec(Bundled::Austen, Preset::AllLayers) };
        let spec = spec.with(|experiment| experiment.layer = layer);
        assert_eq!(numbers(&engine.run(&spec, NEVER).unwrap()), numbers(&fresh(&spec).unwrap()), "{prompt} {layer}");
        assert!(cache.bytes() <= BUDGET, "{}", cache.bytes());
        let panel = at(Component::Value, 0);
        let effect = engine.effect(&spec, panel, NEVER).unwrap();
        assert_eq!(effect, Engine::default().effect(&spec, panel, NEVER).unwrap(), "{prompt} {layer}");
        assert!(cache.bytes() <= BUDGET, "{}", cache.bytes());
    }
    let spec = spec(Bundled::Austen, Preset::ThisHead);
    let heads = engine.heads(&spec.source, &spec.prompt, NEVER).unwrap();
    assert_eq!(heads, Engine::default().heads(&spec.source, &spec.prompt, NEVER).unwrap());
    assert!(cache.bytes() <= BUDGET, "{}", cache.bytes());
}

#[test]
fn where_there_is_room_for_nothing_everything_is_made_again() {
    let cache = Arc::new(PromptCache::default().within(0));
    let spec = RunSpec { prompt: text("She"), ..spec(Bundled::Austen, Preset::AllLayers) };
    let found = Engine::on(cache.clone()).run(&spec, NEVER).unwrap();
    assert_eq!(numbers(&found), numbers(&fresh(&spec).unwrap()));
    assert_eq!(cache.bytes(), 0);
}

#[test]
fn nothing_is_kept_of_a_prompt_that_is_gone() {
    let cache = Arc::new(PromptCache::default());
    let mut engine = Engine::on(cache.clone());
    let of = |prompt: &str| RunSpec { prompt: text(prompt), ..spec(Bundled::Austen, Preset::ThisHead) };
    engine.run(&of("In the beginning was the word."), NEVER).unwrap();
    let of_long = cache.bytes();
    for prompt in ["a", "b", "c"] {
        engine.run(&of(prompt), NEVER).unwrap();
    }
    let of_four = cache.bytes();
    assert!(of_long > 0 && of_four > of_long);
    engine.run(&of("d"), NEVER).unwrap();
    assert!(cache.bytes() < of_four, "the fifth takes the place of the first, which was longer");
}

#[test]
fn a_drag_keeps_what_it_passed_lately_and_no_more() {
    let cache = Arc::new(PromptCache::default());
    let mut engine = Engine::on(cache.clone());
    let spec = RunSpec { prompt: text("She"), ..spec(Bundled::Austen, Preset::AllLayers) };
    let panel = at(Component::Query, 0);
    let mut bytes_after = |steps: std::ops::Range<u32>| {
        for step in steps {
            let spec = spec.clone().with(|experiment| experiment.epsilon[panel] = epsilon(f64::from(step + 2).recip()));
            engine.run(&spec, NEVER).unwrap();
        }
        cache.bytes()
    };
    let after_a_while = bytes_after(0..40);
    assert_eq!(bytes_after(40..120), after_a_while);
}
