use super::*;

const PANEL: Rect = Rect { min: pos2(100.0, 50.0), max: pos2(300.0, 250.0) };
const POSITIONS: usize = 20;

struct State {
    window: CellWindow,
    hovered: Option<Cell>,
    clicked: Option<Cell>,
    double_clicks: usize,
    pan: Vec2,
    zoom: Option<Zoom>,
    focused: bool,
}

fn panel(window: CellWindow) -> Harness<'static, State> {
    let ui = |ui: &mut Ui, state: &mut State| {
        let response = Heatmap::new("Modifying Query with ε = 5e-1", state.window, POSITIONS)
            .value("20 tokens")
            .crosshair(state.hovered)
            .pin(state.clicked)
            .selected(true)
            .freshness(Freshness::Stale)
            .show(ui, "panel", PANEL);
        state.hovered = response.hovered;
        state.clicked = response.clicked.or(state.clicked);
        state.double_clicks += usize::from(response.double_clicked);
        state.pan += response.pan;
        state.zoom = response.zoom.or(state.zoom);
        state.focused = response.response.has_focus();
        let labels: Vec<String> = (0..POSITIONS).map(|i| format!(" token {i}")).collect();
        for side in [AxisSide::Left, AxisSide::Bottom] {
            let hovered = state.hovered.map(|cell| cell.key);
            AxisLabels::new(side, state.window, &labels).emphasized(hovered).show(ui, PANEL, 60.0);
        }
    };
    let state =
        State { window, hovered: None, clicked: None, double_clicks: 0, pan: Vec2::ZERO, zoom: None, focused: false };
    // Short steps, so that two clicks are a double click.
    Harness::builder()
        .with_size(vec2(800.0, 400.0))
        .with_step_dt(0.01)
        .with_context_setup(theme::apply)
        .build_ui_state(ui, state)
}

#[test]
fn knows_the_cell_under_the_pointer() {
    // Twenty cells on 200 points: ten each.
    let mut harness = panel(CellWindow::whole(POSITIONS));
    harness.hover_at(pos2(134.0, 177.0));
    harness.run();
    assert_eq!(harness.state().hovered, Some(Cell { query: 12, key: 3 }));
    harness.hover_at(pos2(90.0, 177.0));
    harness.run();
    assert_eq!(harness.state().hovered, None, "beside the panel");
}

#[test]
fn knows_it_in_a_zoomed_window_as_well() {
    // Four cells on 200 points: fifty each.
    let mut harness = panel(CellWindow { x0: 3.5, y0: 10.0, x1: 7.5, y1: 14.0 });
    harness.hover_at(pos2(124.0, 51.0));
    harness.run();
    assert_eq!(harness.state().hovered, Some(Cell { query: 10, key: 3 }));
    harness.hover_at(pos2(126.0, 249.0));
    harness.run();
    assert_eq!(harness.state().hovered, Some(Cell { query: 13, key: 4 }));
}

#[test]
fn a_click_is_a_cell_and_takes_the_focus() {
    let mut harness = panel(CellWindow::whole(POSITIONS));
    let click = |harness: &mut Harness<'_, State>, pos: Pos2| {
        harness.hover_at(pos);
        harness.drag_at(pos);
        harness.event(Event::PointerButton {
            pos,
            button: PointerButton::Primary,
            pressed: false,
            modifiers: Modifiers::NONE,
        });
        harness.run();
    };
    click(&mut harness, pos2(205.0, 241.0));
    assert_eq!(harness.state().clicked, Some(Cell { query: 19, key: 10 }));
    assert!(harness.state().focused);
    assert_eq!(harness.state().double_clicks, 0);
    click(&mut harness, pos2(205.0, 241.0));
    assert_eq!(harness.state().double_clicks, 1);
    // The arrows belong to the pinned cell, not to focus navigation.
    harness.key_press(Key::ArrowRight);
    harness.run();
    assert!(harness.state().focused);
}

#[test]
fn the_secondary_button_pans_by_cells() {
    let mut harness = panel(CellWindow::whole(POSITIONS));
    let button = |pos, pressed| Event::PointerButton {
        pos,
        button: PointerButton::Secondary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    harness.hover_at(pos2(200.0, 150.0));
    harness.event(button(pos2(200.0, 150.0), true));
    harness.run();
    harness.hover_at(pos2(230.0, 140.0));
    harness.run();
    harness.event(button(pos2(230.0, 140.0), false));
    harness.run();
    assert_eq!(harness.state().pan, vec2(-3.0, 1.0), "the picture follows the hand");
    assert_eq!(harness.state().clicked, None);
}

#[test]
fn scrolling_zooms_about_the_pointer() {
    let mut harness = panel(CellWindow::whole(POSITIONS));
    harness.hover_at(pos2(150.0, 200.0));
    harness.run();
    harness.event(Event::Zoom(2.0));
    harness.run();
    let zoom = harness.state().zoom.unwrap();
    assert_eq!(zoom, Zoom { factor: 2.0, anchor: CellPoint { x: 5.0, y: 15.0 } });
    harness.state_mut().zoom = None;
    harness.event(Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: vec2(0.0, -40.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    harness.run_steps(30);
    assert!(harness.state().zoom.is_some_and(|zoom| zoom.factor < 1.0), "down is out");
}

#[test]
fn has_a_name_and_a_value() {
    let mut harness = panel(CellWindow::whole(POSITIONS));
    let node = harness.get_by_role_and_label(Role::Image, "Modifying Query with ε = 5e-1");
    assert_eq!(node.value().as_deref(), Some("20 tokens"));
    assert_eq!(node.rect(), PANEL);
    node.focus();
    harness.run();
    assert!(harness.state().focused);
}
