//! What no sequence of commands can break.

use std::num::NonZeroUsize;

use proptest::prelude::*;

use super::*;
use crate::{
    attention::{
        Component, Components, Epsilon, FirstToken, Grid, HeadScope, HeadSet, InForce, Kept, KeptChange, LayerScope,
        Notation, Operation, OtherPrompt, PanelId, PositionScope, PromptSet, Scope, panel,
    },
    engine::{
        Adapter, AtEnd, Bundled, Choice, LayerNumbers, Reference, Rival, Sampling, SourceFacts, SourceKind, SourceSpec,
        SweepMetric, Target, Temperature, TokenName, Writing,
    },
    figure::{ColorNorm, Colormap, LimitsFrom, MaskedStyle, Quantity, Window},
};

/// Facts of each source that the commands below can open.
pub(super) fn facts(source: &SourceSpec) -> SourceFacts {
    let (kind, [n_layers, n_heads, n_kv_heads], max_positions) = match source {
        SourceSpec::Bundled(Bundled::Smollm2) => (SourceKind::Model, [30, 9, 3], 8192),
        SourceSpec::Bundled(Bundled::Smollm2Capture) => (SourceKind::Capture, [30, 9, 3], 24),
        SourceSpec::Bundled(Bundled::Austen)
        | SourceSpec::Folder(_)
        | SourceSpec::Adapter { .. }
        | SourceSpec::Unadapted(_)
        | SourceSpec::Gguf(_)
        | SourceSpec::Cached(_) => (SourceKind::Model, [6, 4, 2], 512),
        SourceSpec::Capture(_) => (SourceKind::Capture, [1, 2, 1], 3),
    };
    SourceFacts {
        source: source.clone(),
        kind,
        title: source.to_string(),
        n_layers,
        layers: LayerNumbers::default(),
        n_heads,
        n_kv_heads,
        head_dim: 8,
        max_positions,
        has_bos: true,
        has_chat: true,
        adapter: Adapter::Merged,
        adds_positions: false,
        notices: Vec::new(),
    }
}

fn on_screen(facts: &SourceFacts) -> OnScreen<'_> {
    OnScreen { facts: Some(facts), n_positions: facts.max_positions, ..OnScreen::default() }
}

fn any_component() -> impl Strategy<Value = Component> {
    prop::sample::select(&Component::ALL[..])
}

fn any_rows() -> impl Strategy<Value = RowChoice> {
    prop_oneof![Just(RowChoice::All), any_component().prop_map(RowChoice::Only)]
}

fn any_epsilon() -> impl Strategy<Value = Epsilon> {
    let values =
        prop_oneof![Just(0.0), Just(1.0), 0.0..2.0, (-300.0..300.0).prop_map(|exponent| 10_f64.powf(exponent))];
    values.prop_map(|value| Epsilon::new(value).unwrap())
}

/// Mostly small, sometimes as large as can be.
fn any_number() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 0_usize..40, 1 => Just(usize::MAX)]
}

fn any_step() -> impl Strategy<Value = isize> {
    prop_oneof![4 => -3_isize..4, 1 => Just(isize::MIN), 1 => Just(isize::MAX)]
}

fn any_set() -> impl Strategy<Value = HeadSet> {
    let entry = (any_number(), any_number()).prop_map(|(layer, head)| format!("{layer}:{head}"));
    prop::collection::vec(entry, 1..4).prop_map(|entries| entries.join(",").parse().unwrap())
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let prompt = prop_oneof![
        ".{0,8}".prop_map(|text| OtherPrompt::text(&text)),
        prop::collection::vec(any::<u32>(), 0..4).prop_map(|ids| OtherPrompt::TokenIds(ids.into())),
    ];
    let first = prop::sample::select(&[FirstToken::LeftOut, FirstToken::Counted][..]);
    let over = (prop::collection::vec(prompt.clone(), 0..3), first)
        .prop_map(|(prompts, first)| PromptSet { prompts: prompts.into(), first });
    prop_oneof![
        prop::sample::select(&Operation::OF_THE_PROMPT[..]),
        prompt.prop_map(Operation::patch),
        over.prop_map(Operation::mean_prompts),
    ]
}

fn any_in_force() -> impl Strategy<Value = InForce> {
    let change = (any_component(), any_set(), any_epsilon(), any_operation());
    let change = change.prop_map(|(component, heads, epsilon, operation)| {
        let positions = PositionScope::Rest;
        Kept::Change(KeptChange { component, heads, positions, operation, epsilon })
    });
    prop::collection::vec(change, 0..3).prop_map(InForce::from_iter)
}

fn any_scope() -> impl Strategy<Value = Scope> {
    let layers = prop_oneof![
        Just(LayerScope::Shown),
        Just(LayerScope::All),
        (any_number(), any_number()).prop_map(|(first, last)| LayerScope::Range { first, last }),
    ];
    let heads = prop::sample::select(&[HeadScope::Shown, HeadScope::Group, HeadScope::All][..]);
    let positions = prop_oneof![
        Just(PositionScope::All),
        Just(PositionScope::Rest),
        prop::collection::btree_set(any_number(), 0..4).prop_map(|set| PositionScope::Selection(set.into())),
    ];
    (layers, heads, prop::option::of(any_set()), positions).prop_map(|(layers, heads, set, positions)| Scope {
        layers,
        heads,
        set,
        positions,
    })
}

fn any_window() -> impl Strategy<Value = Option<Window>> {
    let window = any::<[f32; 4]>().prop_filter("finite", |sides| sides.iter().all(|side| side.is_finite()));
    prop::option::of(window.prop_map(|sides| {
        let [x0, y0, x1, y1] = sides.map(f64::from);
        Window { x0, y0, x1, y1 }
    }))
}

fn any_writing() -> impl Strategy<Value = Writing> {
    let sampling =
        (0.01_f64..9.0, prop::option::of(1_usize..9), any::<u64>()).prop_map(|(temperature, top_k, seed)| {
            let temperature = Temperature::try_from(temperature).unwrap();
            Choice::Sampled(Sampling { temperature, top_k: top_k.and_then(NonZeroUsize::new), seed })
        });
    let choice = prop_oneof![Just(Choice::Greedy), sampling];
    let at_end = prop::sample::select(&[AtEnd::Stop, AtEnd::GoOn][..]);
    (any_number(), choice, at_end).prop_map(|(n_tokens, choice, at_end)| Writing { n_tokens, choice, at_end })
}

fn any_target() -> impl Strategy<Value = Target> {
    let token = || prop_oneof![".{0,4}".prop_map(TokenName::Text), any::<u32>().prop_map(TokenName::Id)];
    let rival = prop_oneof![Just(Rival::None), Just(Rival::Likeliest), token().prop_map(Rival::Named)];
    (prop::option::of(token()), rival).prop_map(|(token, rival)| Target { token, rival })
}

fn any_grid() -> impl Strategy<Value = Grid<Epsilon>> {
    let rows = prop::sample::subsequence(&Component::ALL[..], 1..=4);
    (rows, 1_usize..9).prop_flat_map(|(rows, n_columns)| {
        let row = |component| prop::collection::vec(any_epsilon(), n_columns).prop_map(move |row| (component, row));
        let rows: Vec<_> = rows.into_iter().map(row).collect();
        rows.prop_map(|rows| Grid::from_rows(rows).unwrap())
    })
}

fn any_command() -> impl Strategy<Value = Command> {
    let any_column = || any::<u8>().prop_map(|column| panel(Component::Query, column).column);
    let any_panel = || (any_component(), any_column()).prop_map(PanelId::from);
    let intervention = prop_oneof![
        any_rows().prop_map(Command::ChooseRows),
        any_column().prop_map(Command::ChooseColumn),
        any_panel().prop_map(Command::SelectPanel),
        any_epsilon().prop_map(Command::SetEpsilon),
        Just(Command::ResetToFigure),
        any_operation().prop_map(Command::SetOperation),
        ".{0,8}".prop_map(Command::TypeOthers),
        Just(Command::AddColumn),
        prop::sample::subsequence(&Component::ALL[..], 1..=4)
            .prop_map(|rows| Command::SetRows(Components::new(rows).unwrap())),
        any_column().prop_map(Command::RemoveColumn),
        any_grid().prop_map(Command::SetGrid),
        Just(Command::KeepView),
        any_scope().prop_map(Command::SetScope),
        any_in_force().prop_map(Command::SetInForce),
        Just(Command::KeepChange),
        Just(Command::BlockPinned),
        Just(Command::Compare(Reference::InForce)),
        Just(Command::Compare(Reference::Base)),
    ];
    let source = prop_oneof![
        ".{0,8}".prop_map(Command::SetPrompt),
        ".{0,8}".prop_map(|typed| Command::StartChat { typed, date: "2024-02-29".parse().unwrap() }),
        Just(Command::LeaveChat),
        prop::option::of(".{0,8}").prop_map(Command::SetSystem),
        prop::sample::select(&["2024-02-29", "1970-01-01"][..]).prop_map(|day| Command::SetDate(day.parse().unwrap())),
        any::<bool>().prop_map(Command::SetBos),
        prop::sample::select(&Bundled::ALL[..]).prop_map(Command::OpenExample),
        Just(Command::Open(SourceSpec::Capture("x.safetensors".into()))),
        Just(Command::Open(SourceSpec::Folder("adapted".into()))),
        Just(Command::SwitchAdapter),
        any_number().prop_map(Command::SetLayer),
        any_number().prop_map(Command::SetHead),
        any_step().prop_map(Command::StepLayer),
        any_step().prop_map(Command::StepHead),
    ];
    let cells = prop_oneof![
        (any_number(), any_number()).prop_map(|(query, key)| Command::Pin(Cell { query, key })),
        Just(Command::Unpin),
        (any_step(), any_step()).prop_map(|(queries, keys)| Command::MovePin { queries, keys }),
        any_window().prop_map(Command::SetWindow),
    ];
    let looks = prop_oneof![
        any_panel().prop_map(Command::ToggleSolo),
        prop::sample::select(&[Theme::System, Theme::Light, Theme::Dark][..]).prop_map(Command::SetTheme),
        any::<bool>().prop_map(Command::SetReducedMotion),
        any::<bool>().prop_map(Command::ShowControls),
        prop_oneof![Just(ScaleStep::Larger), Just(ScaleStep::Smaller)].prop_map(Command::StepUiScale),
        prop_oneof![any::<f32>(), Just(f32::NAN)].prop_map(Command::SetUiScale),
        prop::sample::select(&Colormap::ALL[..]).prop_map(Command::SetColormap),
        prop::sample::select(vec![ColorNorm::LOG, ColorNorm::Auto, ColorNorm::default()]).prop_map(Command::SetNorm),
        Just(Command::SetMaskedStyle(MaskedStyle::AsZero)),
        Just(Command::SetNotation(Notation::Powers)),
        Just(Command::SetTokenTint(TokenTint::Difference)),
        prop::sample::select(&Quantity::ALL[..]).prop_map(Command::SetQuantity),
        Just(Command::SetLimitsFrom(LimitsFrom::EachPanel)),
        Just(Command::ToggleSweep),
        Just(Command::ToggleInspector),
        Just(Command::ToggleHeads),
        prop::sample::select(&[HeadsPlace::Beside, HeadsPlace::Centre][..]).prop_map(Command::PlaceHeads),
        Just(Command::ToggleText),
        any_writing().prop_map(Command::SetWriting),
        any_target().prop_map(Command::SetTarget),
        prop::sample::select(&[TextsOf::SelectedPanel, TextsOf::AllPanels][..]).prop_map(Command::ShowTextsOf),
        prop::sample::select(&SweepMetric::ALL[..]).prop_map(Command::SetSweepMetric),
        any_epsilon().prop_map(|middle| Command::SetSliderRange(SliderRange::Around(middle))),
    ];
    prop_oneof![intervention, source, cells, looks]
}

/// A command, or one step back.
fn any_action() -> impl Strategy<Value = Option<Command>> {
    prop_oneof![9 => any_command().prop_map(Some), 1 => Just(None)]
}

proptest! {
    #[test]
    fn every_session_that_commands_can_reach_is_sound(actions in prop::collection::vec(any_action(), 1..60)) {
        let mut timeline = Timeline::default();
        for action in actions {
            let before = timeline.session().source.clone();
            if let Some(command) = action {
                timeline.apply(command, on_screen(&facts(&before)));
            } else {
                timeline.end_gesture();
                if let Some((step, _)) = timeline.before_source() {
                    timeline.go_to(step);
                }
            }
            let facts = facts(&timeline.session().source);
            if before != facts.source {
                // What the window does when a source has other layers and heads.
                for command in [Command::SetLayer(timeline.session().layer()), Command::SetHead(timeline.session().head())] {
                    timeline.apply(command, on_screen(&facts));
                }
            }
            let session = timeline.session();
            prop_assert!(session.shape().columns().any(|column| column == session.column));
            prop_assert!(session.view.solo.is_none_or(|panel| panel == session.selected()));
            prop_assert!(session.layer() < facts.n_layers && session.head() < facts.n_heads, "{session:?}");
            prop_assert!((0.75..=2.5).contains(&session.view.user.ui_scale));
            prop_assert!(TextView::TOKENS.contains(&session.view.text.writing.n_tokens));
            prop_assert!(session.shape().contains(session.selected()));
            prop_assert!(!(session.view.inspector && session.view.has_heads_beside()));
            prop_assert_eq!(session.selected().column, session.column);
            prop_assert!(session.rows.contains(session.selected().component));
            prop_assert!(COLUMNS.contains(&session.shape().n_columns()));
            prop_assert!(!matches!(session.reference(), Reference::View(view) if view.shape() != session.shape()));
            prop_assert_eq!(session.run_spec().source, facts.source);
        }
    }

    #[test]
    fn the_source_after_a_command_is_known_before_it(commands in prop::collection::vec(any_command(), 1..40)) {
        let mut session = Session::default();
        for command in commands {
            let known = session.source_after(&command);
            let before = session.source().clone();
            session.apply(command, OnScreen::default());
            prop_assert_eq!(known, Some(session.source().clone()).filter(|source| *source != before));
        }
    }

    /// `None` ends a gesture.
    #[test]
    fn undoing_all_is_the_start_and_redoing_all_the_end(actions in prop::collection::vec(any_action(), 1..60)) {
        let mut timeline = Timeline::default();
        let start = timeline.session().clone();
        for action in actions {
            match action {
                Some(command) => timeline.apply(command, on_screen(&facts(&timeline.session().source.clone()))),
                None => timeline.end_gesture(),
            }
        }
        let end = timeline.session().clone();
        let user = |mut session: Session| {
            session.view.user = end.view.user;
            session
        };
        let mut undone = vec![end.clone()];
        while let Some((step, before)) = timeline.before() {
            let before = user(before.clone());
            timeline.go_to(step);
            prop_assert_eq!(timeline.session(), &before);
            undone.push(before);
        }
        prop_assert_eq!(timeline.session(), &user(start));
        let mut steps = Vec::new();
        while let Some((step, _)) = timeline.after() {
            steps.push(timeline.session().clone());
            timeline.go_to(step);
        }
        steps.push(timeline.session().clone());
        prop_assert_eq!(timeline.session(), &end);
        undone.reverse();
        prop_assert_eq!(steps, undone);
    }

    #[test]
    fn every_session_survives_json(commands in prop::collection::vec(any_command(), 1..30)) {
        let mut session = Session::default();
        for command in commands {
            session.apply(command, OnScreen { n_positions: 24, ..OnScreen::default() });
        }
        let text = serde_json::to_string(&session).unwrap();
        prop_assert_eq!(serde_json::from_str::<Stored>(&text).unwrap(), Stored::from(session));
    }

    #[test]
    fn no_command_needs_an_open_source(commands in prop::collection::vec(any_command(), 1..30)) {
        let mut session = Session::default();
        for command in commands {
            session.apply(command, OnScreen::default());
            prop_assert!(session.shape().contains(session.selected()));
            prop_assert!((0.75..=2.5).contains(&session.view.user.ui_scale));
        }
    }
}
