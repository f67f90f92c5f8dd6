//! Ten thousand random commands through the session and the engine.

use std::{collections::BTreeSet, sync::Arc};

use attenuate::{
    attention::{
        Component, Epsilon, FirstToken, HeadScope, LayerScope, Operation, OtherPrompt, PositionScope, PromptSet, Scope,
    },
    engine::{Bundled, Engine, Outcome, Prompt, SourceFacts, SourceSpec},
    figure::Quantity,
    session::{Cell, Command, OnScreen, RowChoice, Session, Timeline},
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};

use crate::support::{
    alone::alone,
    grids::{at, column},
};

const COMMANDS: usize = 10_000;
/// Every so many commands the answer is compared with that of an engine that was asked nothing before.
const CHECKED: usize = 250;
/// Memory is compared from here on: every source has been open, every cache has been full.
const WARM: usize = 4_000;
/// Bytes by which memory may have grown at the end: the allocator's own, no leak of a matrix a command.
const GROWTH: u64 = 24 << 20;

/// Sources that cost little.
const SMALL: [Bundled; 2] = [Bundled::Smollm2Capture, Bundled::Austen];

struct Random(ChaCha8Rng);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() % bound as u64) as usize
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    fn epsilon(&mut self) -> Epsilon {
        let exponent = self.below(140) as f64 / 10.0 - 12.0;
        let values = [0.0, 1.0, 1e100, 10_f64.powf(exponent)];
        Epsilon::new(self.one_of(&values)).unwrap()
    }

    fn scope(&mut self) -> Scope {
        let first = self.below(6);
        let last = first + self.below(6 - first);
        let chosen: BTreeSet<usize> = (0..3).map(|_| self.below(8)).collect();
        Scope {
            layers: self.one_of(&[LayerScope::Shown, LayerScope::All, LayerScope::Range { first, last }]),
            heads: self.one_of(&[HeadScope::Shown, HeadScope::Group, HeadScope::All]),
            set: self.one_of(&[None, None, Some("1:0,3:1"), Some("0..=4:2")]).map(|set| set.parse().unwrap()),
            positions: self.one_of(&[
                PositionScope::All,
                PositionScope::First,
                PositionScope::Rest,
                PositionScope::Selection(chosen.into()),
            ]),
        }
    }

    fn command(&mut self) -> Command {
        let prompts = ["", "in love", "To be fond of dancing", "a b c d e f g h", "the the the the"];
        let other = OtherPrompt::text(self.one_of(&prompts));
        let over =
            PromptSet { prompts: [other.clone(), OtherPrompt::text("in love")].into(), first: FirstToken::LeftOut };
        let operations = [
            Operation::Scale,
            Operation::MeanHeads,
            Operation::MeanPositions,
            Operation::Noise { seed: 3 },
            Operation::patch(other),
            Operation::mean_prompts(over),
        ];
        let component = self.one_of(&Component::FIGURE);
        let step = self.below(5).cast_signed() - 2;
        match self.below(23) {
            0 => Command::ChooseRows(RowChoice::Only(component)),
            1 => Command::ChooseRows(RowChoice::All),
            2 => Command::ChooseColumn(column(self.below(4))),
            3..=8 => Command::SetEpsilon(self.epsilon()),
            9 => Command::ResetToFigure,
            10 => Command::SetOperation(self.one_of(&operations)),
            11 => Command::Read(Prompt::text(self.one_of(&prompts))),
            12 => Command::SetBos(self.below(2) == 0),
            13 => Command::OpenExample(self.one_of(&SMALL)),
            14 => Command::StepLayer(step),
            15 => Command::StepHead(step),
            16 => Command::SetScope(self.scope()),
            17 => Command::Pin(Cell { query: self.below(30), key: self.below(30) }),
            18 => Command::MovePin { queries: step, keys: -step },
            19 => Command::SelectPanel(at(component, self.below(4))),
            21 => Command::TypeOthers(self.one_of(&prompts).to_owned()),
            20 => Command::SetQuantity(self.one_of(&Quantity::ALL)),
            _ => Command::SetLayer(self.below(40)),
        }
    }
}

/// The memory of this process in bytes; 0 where the system does not tell.
fn own_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn bits(outcome: &Outcome) -> Vec<u64> {
    let panels = std::iter::once(&outcome.baseline).chain(outcome.panels.values());
    let row = |pattern: &attenuate::attention::Pattern| pattern.exact_row(pattern.n_positions() - 1);
    panels.flat_map(|panel| row(&panel.pattern)).map(f64::to_bits).collect()
}

#[test]
fn ten_thousand_commands_never_panic_never_show_the_old_and_leave_memory_flat() {
    alone("faults::storm::ten_thousand_commands_never_panic_never_show_the_old_and_leave_memory_flat", storm);
}

fn storm() {
    let mut random = Random(ChaCha8Rng::seed_from_u64(7));
    let (mut timeline, mut engine) = (Timeline::default(), Engine::default());
    let mut seen: Option<(Arc<SourceFacts>, usize, attenuate::attention::Mask)> = None;
    let (mut answers, mut refusals, mut warm) = (0, 0, 0);
    for number in 0..COMMANDS {
        let command = random.command();
        let session = timeline.session();
        let screen = seen.as_ref().filter(|(facts, ..)| facts.source == *session.source());
        let screen = screen.map_or_else(OnScreen::default, |(facts, n_positions, mask)| OnScreen {
            facts: Some(facts),
            n_positions: *n_positions,
            mask,
        });
        timeline.apply(command, screen);
        timeline.end_gesture();
        let travel = match random.below(200) {
            0 => timeline.before_source(),
            1..=4 => timeline.before(),
            5..=8 => timeline.after(),
            _ => None,
        };
        if let Some(step) = travel.map(|(step, _)| step) {
            timeline.go_to(step);
        }
        let session: &Session = timeline.session();
        assert!(session.shape().contains(session.selected()));
        let spec = session.run_spec();
        match engine.run(&spec, &|| false) {
            Ok(outcome) => {
                answers += 1;
                assert_eq!(
                    (&outcome.facts.source, &outcome.experiment),
                    (&spec.source, &spec.experiment),
                    "the answer is to what was asked"
                );
                if number % CHECKED == 0 {
                    let fresh = Engine::default().run(&spec, &|| false).unwrap();
                    assert_eq!(bits(&outcome), bits(&fresh), "command {number}: {spec:?}");
                }
                seen = Some((outcome.facts.clone(), outcome.n_positions(), outcome.mask().clone()));
            }
            Err(error) => {
                refusals += 1;
                assert!(!error.to_string().is_empty());
                // A view that cannot be shown is left again, as a person would.
                if refusals % 5 == 0 {
                    timeline = Timeline::new(Session::example(random.one_of(&SMALL)));
                }
            }
        }
        if number == WARM {
            warm = own_memory();
        }
    }
    assert!(answers > COMMANDS / 2, "{answers} answers, {refusals} refusals");
    assert!(matches!(timeline.session().source(), SourceSpec::Bundled(_)));
    let end = own_memory();
    assert!(end <= warm + GROWTH, "memory grew from {warm} to {end} bytes");
}
