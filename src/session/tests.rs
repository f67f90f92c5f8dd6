//! What each command does, and what it leaves alone.

use std::num::NonZeroUsize;

use super::*;
use crate::{
    attention::{Column, Component, Epsilon, Experiment, Grid, HeadScope, LayerScope, Operation, Preset, Scope, panel},
    engine::{
        AtEnd, Bundled, Choice, Prompt, Reference, Sampling, SourceFacts, SourceSpec, SweepMetric, Target, Writing,
    },
    figure::{ColorNorm, Colormap, LimitsFrom, Look, MaskedStyle, Pooling, Quantity, Window},
};

fn facts() -> SourceFacts {
    let source = SourceSpec::Bundled(Bundled::Smollm2Capture);
    SourceFacts { has_bos: false, has_chat: false, ..properties::facts(&source) }
}

/// The figure after these commands, on a source of 30 layers, 9 heads and 24 tokens.
fn after(commands: impl IntoIterator<Item = Command>) -> Session {
    let (mut session, facts) = (Session::default(), facts());
    let screen = || OnScreen { facts: Some(&facts), n_positions: 24, ..OnScreen::default() };
    commands.into_iter().for_each(|command| session.apply(command, screen()));
    session
}

fn epsilon(value: f64) -> Epsilon {
    Epsilon::new(value).unwrap()
}

fn column(index: u8) -> Column {
    panel(Component::Query, index).column
}

/// Of Query, Key and Value.
fn rows(rows: [[Epsilon; 3]; 3]) -> Grid<Epsilon> {
    Grid::from_rows(Component::FIGURE.into_iter().zip(rows.map(Vec::from))).unwrap()
}

const CELL: Cell = Cell { query: 7, key: 3 };
const WINDOW: Window = Window { x0: 1.0, y0: 2.0, x1: 5.5, y1: 6.5 };

#[test]
fn epsilon_goes_to_the_chosen_rows_of_the_chosen_column() {
    let [five, one_in_1000, tiny] = Epsilon::FIGURE;
    let session = after([Command::ChooseColumn(column(1)), Command::SetEpsilon(epsilon(0.25))]);
    assert_eq!(session.experiment.epsilon, repeated(&[five, epsilon(0.25), tiny]));
    assert_eq!(session.selected_epsilon(), epsilon(0.25));

    let session = after([
        Command::ChooseRows(RowChoice::Only(Component::Key)),
        Command::ChooseColumn(column(2)),
        Command::SetEpsilon(Epsilon::ZERO),
    ]);
    assert_eq!(
        session.experiment.epsilon,
        rows([Epsilon::FIGURE, [five, one_in_1000, Epsilon::ZERO], Epsilon::FIGURE])
    );
    assert_eq!(session.selected_epsilon(), Epsilon::ZERO);

    let select = Command::SelectPanel(panel(Component::Value, 0));
    let session = after([select, Command::SetEpsilon(Epsilon::ONE)]);
    assert_eq!((session.rows, session.column), (RowChoice::Only(Component::Value), column(0)));
    assert_eq!(session.experiment.epsilon, rows([Epsilon::FIGURE, Epsilon::FIGURE, [Epsilon::ONE, one_in_1000, tiny]]));

    let mut reset = session.clone();
    reset.apply(Command::ResetToFigure, OnScreen::default());
    assert_eq!(
        reset,
        Session { experiment: Experiment { epsilon: figure_grid(), ..session.experiment.clone() }, ..session }
    );
}

#[test]
fn there_are_three_columns() {
    for beyond in [2, 3, u8::MAX] {
        assert_eq!(after([Command::ChooseColumn(column(beyond))]).column, column(2));
        let wanted = panel(Component::Key, beyond);
        assert_eq!(after([Command::SelectPanel(wanted)]).column, column(2));
        assert_eq!(after([Command::ToggleSolo(wanted)]).view.solo, Some(panel(Component::Key, 2)));
    }
}

#[test]
fn the_selected_panel_is_on_screen() {
    let key = panel(Component::Key, 1);
    let solo = |commands: &[Command]| after([Command::ToggleSolo(key)].into_iter().chain(commands.iter().cloned()));
    for (commands, expected) in [
        (vec![], key),
        (vec![Command::ChooseColumn(column(2))], panel(Component::Key, 2)),
        (vec![Command::ChooseRows(RowChoice::Only(Component::Value))], panel(Component::Value, 1)),
        (vec![Command::ChooseRows(RowChoice::All)], key),
        (vec![Command::SelectPanel(panel(Component::Query, 0))], panel(Component::Query, 0)),
        (vec![Command::ToggleSolo(panel(Component::Value, 0))], panel(Component::Value, 0)),
    ] {
        let session = solo(&commands);
        assert_eq!((session.view.solo, session.selected()), (Some(expected), expected), "{commands:?}");
        assert_eq!(session.column, expected.column);
        assert!(session.rows.contains(expected.component), "the slider moves what is on screen: {commands:?}");
        assert_eq!(session.selected_epsilon(), session.experiment.epsilon[expected]);
    }
    let back = solo(&[Command::ToggleSolo(key)]);
    assert_eq!((back.view.solo, back.selected()), (None, panel(Component::Query, 1)));
}

#[test]
fn rows_name_their_components() {
    for component in Component::FIGURE {
        assert_eq!(RowChoice::Only(component).components(), [component]);
        assert_eq!(RowChoice::Only(component).lead(), component);
        assert!(RowChoice::All.contains(component));
    }
    assert_eq!(RowChoice::All.lead(), Component::Query);
    assert!(!RowChoice::Only(Component::Key).contains(Component::Value));
}

#[test]
fn layers_and_heads_stay_within_the_source() {
    let at = |commands: Vec<Command>| {
        let session = after(commands);
        (session.experiment.layer, session.experiment.head)
    };
    assert_eq!(at(vec![Command::SetLayer(29), Command::SetHead(8)]), (29, 8));
    assert_eq!(at(vec![Command::SetLayer(30), Command::SetHead(usize::MAX)]), (29, 8));
    assert_eq!(at(vec![Command::StepLayer(1), Command::StepHead(-1)]), (15, 2));
    assert_eq!(at(vec![Command::StepLayer(isize::MAX), Command::StepHead(isize::MIN)]), (29, 0));

    // Before the source is open they are taken as they come.
    let mut session = Session::default();
    session.apply(Command::SetLayer(99), OnScreen::default());
    session.apply(Command::StepHead(isize::MAX), OnScreen::default());
    session.apply(Command::StepHead(isize::MAX), OnScreen::default());
    session.apply(Command::StepHead(isize::MAX), OnScreen::default());
    assert_eq!((session.experiment.layer, session.experiment.head), (99, usize::MAX));
}

#[test]
fn a_prompt_on_a_live_model_changes_the_prompt_alone() {
    let live = Session::example(Bundled::Austen).with([Command::SetLayer(2), Command::SetHead(3), Command::Pin(CELL)]);
    let mut session = live.clone();
    session.apply(Command::SetPrompt("Hello.".to_owned()), OnScreen::default());
    let prompt = Prompt::Text { text: "Hello.".into(), bos: true };
    assert_eq!(session, Session { prompt, pinned: None, ..live });

    session.apply(Command::SetBos(false), OnScreen::default());
    session.apply(Command::SetPrompt("Again.".to_owned()), OnScreen::default());
    assert_eq!(session.prompt, Prompt::Text { text: "Again.".into(), bos: false }, "the choice of BOS stays");
}

#[test]
fn a_prompt_on_a_capture_moves_to_the_live_model() {
    let chosen = [
        Command::SetScope(Preset::AllLayers.scope()),
        Command::SetEpsilon(epsilon(0.02)),
        Command::SetColormap(Colormap::Magma),
        Command::Pin(CELL),
    ];
    let figure = Session::example(Bundled::Smollm2Capture).with(chosen);
    let file = Session { source: SourceSpec::Capture("x.safetensors".into()), ..figure.clone() };
    for before in [figure, file] {
        for known in [Some(facts()), None] {
            let mut session = before.clone();
            session.apply(
                Command::SetPrompt("Hello.".to_owned()),
                OnScreen { facts: known.as_ref(), n_positions: 24, ..OnScreen::default() },
            );
            let live = Session::example(Bundled::READER);
            let expected = Session {
                source: live.source,
                experiment: Experiment {
                    layer: live.experiment.layer,
                    head: live.experiment.head,
                    ..before.experiment.clone()
                },
                prompt: Prompt::Text { text: "Hello.".into(), bos: true },
                pinned: None,
                ..before.clone()
            };
            assert_eq!(session, expected);
        }
    }
}

#[test]
fn bos_belongs_to_texts() {
    let mut session = Session { pinned: Some(CELL), ..Session::example(Bundled::Austen) };
    session.apply(Command::SetBos(false), OnScreen::default());
    assert!(matches!(&session.prompt, Prompt::Text { bos: false, .. }));
    assert_eq!(session.pinned, None, "positions have moved");

    let exact = Session { prompt: Prompt::TokenIds(vec![1, 2]), pinned: Some(CELL), ..session };
    let mut session = exact.clone();
    session.apply(Command::SetBos(true), OnScreen::default());
    assert_eq!(session, exact, "token ids are taken exactly as given");
}

#[test]
fn an_example_keeps_epsilon_scope_and_looks() {
    let changed = after([
        Command::SetEpsilon(epsilon(0.02)),
        Command::SetScope(Preset::ThisLayer.scope()),
        Command::ChooseColumn(column(1)),
        Command::SetColormap(Colormap::Viridis),
        Command::SetTheme(Theme::Dark),
        Command::Pin(CELL),
        Command::SetWindow(Some(WINDOW)),
        Command::OpenExample(Bundled::Austen),
    ]);
    let example = Session::example(Bundled::Austen);
    assert_eq!(
        (changed.experiment.layer, changed.experiment.head, &changed.prompt),
        (example.experiment.layer, example.experiment.head, &example.prompt)
    );
    assert_eq!(changed.experiment.epsilon, repeated(&[epsilon(0.02), Epsilon::FIGURE[1], Epsilon::FIGURE[2]]));
    assert_eq!(changed.experiment.scope, Preset::ThisLayer.scope());
    assert_eq!(
        (changed.column, changed.view.look.colormap, changed.view.user.theme),
        (column(1), Colormap::Viridis, Theme::Dark)
    );
    assert_eq!((changed.pinned, changed.view.window), (None, None), "cells of another prompt mean nothing");
    let figure = after(vec![Command::SetEpsilon(epsilon(0.02)), Command::OpenExample(Bundled::Smollm2)]);
    assert_eq!(figure.experiment.epsilon, Session::default().experiment.epsilon, "the figure is the paper’s");
}

#[test]
fn numbered_layers_of_another_source_are_forgotten() {
    let scope = Scope { layers: LayerScope::Range { first: 3, last: 20 }, heads: HeadScope::All, ..Scope::default() };
    for command in [Command::OpenExample(Bundled::Austen), Command::Open(SourceSpec::Capture("x.safetensors".into()))] {
        let session = after([Command::SetScope(scope.clone()), command]);
        assert_eq!(session.experiment.scope, Scope::default());
    }
}

#[test]
fn a_file_keeps_what_fits() {
    let before = after([
        Command::SetScope(Preset::ThisLayer.scope()),
        Command::SetEpsilon(Epsilon::ZERO),
        Command::Pin(CELL),
        Command::SetWindow(Some(WINDOW)),
    ]);
    let source = SourceSpec::Capture("x.safetensors".into());
    let mut session = before.clone();
    session.apply(
        Command::Open(source.clone()),
        OnScreen { facts: Some(&facts()), n_positions: 24, ..OnScreen::default() },
    );
    let view = View { window: None, ..before.view.clone() };
    // The figure's token ids are other words to another model: their text goes along.
    let prompt = Prompt::text(Bundled::Smollm2.default_view().prompt);
    assert_eq!(session, Session { source, prompt, pinned: None, view, ..before });
    let ids = Prompt::TokenIds(vec![3, 4]);
    assert_eq!(after([Command::Read(ids.clone()), Command::Open(session.source)]).prompt, ids, "as somebody gave them");
}

#[test]
fn the_pin_moves_within_the_pattern() {
    let pinned = |commands: Vec<Command>| after(commands).pinned;
    let by = |queries, keys| Command::MovePin { queries, keys };
    assert_eq!(pinned(vec![Command::Pin(CELL)]), Some(CELL));
    assert_eq!(pinned(vec![Command::Pin(CELL), Command::Unpin]), None);
    assert_eq!(pinned(vec![by(1, 1)]), None, "nothing is pinned");
    assert_eq!(pinned(vec![Command::Pin(CELL), by(1, -2)]), Some(Cell { query: 8, key: 1 }));
    let far = by(isize::MAX, isize::MIN);
    assert_eq!(pinned(vec![Command::Pin(CELL), far]), Some(Cell { query: 23, key: 0 }));
    let mut session = after([Command::Pin(CELL)]);
    session.apply(by(-1, 0), OnScreen::default());
    assert_eq!(session.pinned, Some(CELL), "no tokens, nowhere to go");
    let diagonal = Cell { query: 3, key: 3 };
    assert_eq!(pinned(vec![Command::Pin(diagonal), by(0, 1)]), Some(diagonal), "not onto a masked cell");
    assert_eq!(pinned(vec![Command::Pin(diagonal), by(1, 1)]), Some(Cell { query: 4, key: 4 }));
}

#[test]
fn looks_are_set_and_nothing_else() {
    let solo = Command::ToggleSolo(panel(Component::Key, 1));
    let session = after([
        Command::SetWindow(Some(WINDOW)),
        solo.clone(),
        Command::SetTheme(Theme::Light),
        Command::SetReducedMotion(true),
        Command::ShowControls(false),
        Command::SetUiScale(1.5),
        Command::SetQuantity(Quantity::Score),
        Command::SetLimitsFrom(LimitsFrom::EachPanel),
        Command::SetColormap(Colormap::Greys),
        Command::SetNorm(ColorNorm::LOG),
        Command::SetMaskedStyle(MaskedStyle::AsZero),
        Command::SetNotation(crate::attention::Notation::Decimal),
        Command::SetPooling(Pooling::Mean),
        Command::PlaceHeads(HeadsPlace::Centre),
        Command::ToggleInspector,
        Command::ToggleSweep,
        Command::SetSweepMetric(SweepMetric::Js),
        Command::ToggleText,
        Command::SetWriting(Writing::greedy(5000)),
        Command::SetSliderRange(SliderRange::Around(epsilon(0.1))),
    ]);
    let view = View {
        target: Target::default(),
        token_tint: TokenTint::default(),
        window: Some(WINDOW),
        solo: Some(panel(Component::Key, 1)),
        inspector: true,
        sweep: SweepView { open: true, metric: SweepMetric::Js },
        text: TextView { open: true, writing: Writing::greedy(1024), of: TextsOf::SelectedPanel },
        slider: SliderRange::Around(epsilon(0.1)),
        heads: true,
        heads_place: HeadsPlace::Centre,
        user: UserSettings { theme: Theme::Light, ui_scale: 1.5, reduced_motion: true, controls: false },
        look: Look {
            quantity: Quantity::Score,
            pooling: Pooling::Mean,
            limits_from: LimitsFrom::EachPanel,
            colormap: Colormap::Greys,
            replaced: None,
            norm: ColorNorm::LOG,
            masked: MaskedStyle::AsZero,
            notation: crate::attention::Notation::Decimal,
        },
    };
    assert_eq!(session, Session { view, column: column(1), ..Session::default() });
    let open = |commands: &[Command]| {
        let session = after(commands.to_vec());
        (session.view.inspector, session.view.heads, session.view.heads_place)
    };
    let (inspector, heads) = (Command::ToggleInspector, Command::ToggleHeads);
    assert_eq!(open(&[inspector.clone(), heads.clone()]), (false, true, HeadsPlace::Beside), "one place for both");
    assert_eq!(open(&[heads.clone(), inspector.clone()]), (true, false, HeadsPlace::Beside));
    assert_eq!(open(&[heads.clone(), heads]), (false, false, HeadsPlace::Beside));
    let [centre, beside] = [HeadsPlace::Centre, HeadsPlace::Beside].map(Command::PlaceHeads);
    assert_eq!(open(&[inspector.clone(), centre.clone()]), (true, true, HeadsPlace::Centre));
    assert_eq!(open(&[inspector, centre, beside]), (false, true, HeadsPlace::Beside));
    assert_eq!(after([solo.clone(), solo.clone()]).view.solo, None, "a second time brings all nine back");
    let other = Command::ToggleSolo(panel(Component::Key, 2));
    assert_eq!(after([solo, other]).view.solo, Some(panel(Component::Key, 2)));
    assert_eq!(after([Command::SetWindow(Some(WINDOW)), Command::SetWindow(None)]), Session::default());
}

#[test]
fn another_quantity_comes_with_its_norm_and_colours_and_the_same_leaves_them() {
    for quantity in Quantity::ALL {
        let view = after([Command::SetQuantity(Quantity::Score), Command::SetQuantity(quantity)]).view;
        let expected = (quantity, quantity.default_norm(), quantity.default_colormap());
        assert_eq!((view.look.quantity, view.look.norm, view.look.colormap), expected);
        let overridden = [Command::SetNorm(ColorNorm::LOG), Command::SetColormap(Colormap::Magma)];
        let show = [Command::SetQuantity(quantity)];
        let view = after(show.iter().chain(&overridden).chain(&show).cloned()).view;
        assert_eq!(
            (view.look.quantity, view.look.norm, view.look.colormap),
            (quantity, ColorNorm::LOG, Colormap::Magma)
        );
    }
}

#[test]
fn the_figure_looks_as_the_view_does() {
    assert_eq!(View::default().figure_style(), crate::figure::FigureStyle::default());
    let view = after([Command::SetQuantity(Quantity::Difference), Command::SetColormap(Colormap::PuOr)]).view;
    let style = view.figure_style();
    let title = crate::figure::title(Operation::Scale.kind(), style.look.quantity, &Reference::Baseline);
    assert_eq!(
        (style.title, title.as_str()),
        (None, "The Difference from Baseline after Modifying Query, Key and Value")
    );
    assert_eq!((style.look.quantity, style.look.norm), (Quantity::Difference, ColorNorm::Symmetric));
    assert_eq!(style.look.colormap, Colormap::PuOr);
}

#[test]
fn the_scale_of_the_window_has_limits() {
    let scale = |by: f32| after([Command::SetUiScale(by)]).view.user.ui_scale;
    assert_eq!((scale(0.1), scale(9.0), scale(f32::INFINITY)), (0.75, 2.5, 2.5));
    assert_eq!(scale(f32::NAN), 1.0, "no number changes nothing");
}

#[test]
fn the_engine_is_asked_for_what_is_on_screen() {
    let scope = Scope { positions: "1,4".parse().unwrap(), ..Preset::AllLayers.scope() };
    let session = after([
        Command::SetLayer(3),
        Command::SetHead(2),
        Command::SetScope(scope.clone()),
        Command::SetEpsilon(Epsilon::ZERO),
    ]);
    let spec = session.run_spec();
    let Experiment { layer, head, scope: asked, epsilon, .. } = spec.experiment;
    assert_eq!((layer, head, asked, epsilon), (3, 2, scope, session.experiment.epsilon.clone()));
    assert_eq!((spec.source, spec.prompt), (session.source.clone(), session.prompt.clone()));
    let looks = after([Command::SetColormap(Colormap::Greys), Command::Pin(CELL), Command::ChooseColumn(column(2))]);
    assert_eq!(looks.run_spec(), Session::default().run_spec(), "looks ask for nothing");
}

#[test]
fn a_session_survives_json() {
    let sampling = Sampling { temperature: "0.7".parse().unwrap(), top_k: NonZeroUsize::new(5), seed: u64::MAX };
    let writing = Writing { n_tokens: 7, choice: Choice::Sampled(sampling), at_end: AtEnd::GoOn };
    let every = Session {
        source: SourceSpec::Capture("folder/ü x.safetensors".into()),
        prompt: Prompt::TokenIds(vec![0, u32::MAX]),
        experiment: Experiment {
            layer: 3,
            head: 8,
            operation: Operation::Scale,
            scope: Scope {
                layers: LayerScope::Range { first: 1, last: 4 },
                heads: HeadScope::Group,
                set: Some("3:1,7:*".parse().unwrap()),
                positions: "0,7".parse().unwrap(),
            },
            in_force: "key@14:*=0.5; value@3..=5:0@rest=noise/7:0".parse().unwrap(),
            epsilon: rows([[epsilon(0.1), epsilon(1.0 / 3.0), Epsilon::ZERO], Epsilon::FIGURE, [epsilon(5e-324); 3]]),
        },
        rows: RowChoice::Only(Component::Value),
        column: column(2),
        reference: Reference::Head { layer: 1, head: 2 },
        pinned: Some(CELL),
        view: View {
            window: Some(Window { x0: 0.1, y0: 2.0 / 3.0, x1: 5.5, y1: 6.5 }),
            solo: Some(panel(Component::Value, 2)),
            inspector: true,
            sweep: SweepView { open: true, metric: SweepMetric::NormalizedEntropy },
            text: TextView { open: true, writing, of: TextsOf::AllPanels },
            target: Target::default().with_token(7),
            token_tint: TokenTint::ReadBy,
            slider: SliderRange::Around(epsilon(1.0 / 3.0)),
            heads: true,
            heads_place: HeadsPlace::Centre,
            user: UserSettings { theme: Theme::Dark, ui_scale: 1.1, reduced_motion: true, controls: false },
            look: Look {
                quantity: Quantity::WeightedValue,
                pooling: Pooling::Mean,
                norm: "log:0.1:0.3".parse().unwrap(),
                limits_from: LimitsFrom::EachPanel,
                colormap: Colormap::Cividis,
                replaced: Some(Colormap::PuOr),
                masked: MaskedStyle::AsZero,
                notation: crate::attention::Notation::Powers,
            },
        },
    };
    for session in [Session::default(), Session::example(Bundled::Austen), every] {
        let text = serde_json::to_string(&session).unwrap();
        assert_eq!(serde_json::from_str::<Session>(&text).unwrap(), session, "{text}");
    }
}
