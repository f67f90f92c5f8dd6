use super::*;

#[test]
fn the_colour_bar_names_its_quantity_and_range() {
    let ramp: Vec<Color32> = (0..=255).map(Color32::from_gray).collect();
    let ticks = [(0.0, "0.0".to_owned()), (1.0, "1.0".to_owned())];
    let bar = Rect::from_min_size(pos2(20.0, 20.0), vec2(16.0, 200.0));
    let harness = harness(
        move |ui: &mut Ui, (): &mut ()| {
            let bar = Colorbar::new(&ramp, &ticks, "Attention Weight").marker(Some(0.3)).show(ui, "bar", bar);
            assert!(bar.rect.width() > 30.0, "ticks and label count");
        },
        (),
    );
    let node = harness.get_by_role_and_label(Role::Image, "Attention Weight");
    assert_eq!(node.value().as_deref(), Some("0.0 to 1.0"));
}

/// The filled shapes of a colour, `[left, top, right, bottom]`.
fn filled(harness: &Harness<'_, ()>, color: Color32) -> Vec<Rect> {
    let shapes = harness.output().shapes.iter().filter_map(|clipped| match &clipped.shape {
        egui::Shape::Path(path) if path.fill == color => Some(path.visual_bounding_rect()),
        egui::Shape::Rect(rect) if rect.fill == color => Some(rect.rect),
        _ => None,
    });
    shapes.collect()
}

#[test]
fn what_has_no_place_on_the_bar_has_a_colour_at_its_end() {
    let [under_color, over_color, bad_color] = [Color32::DARK_BLUE, Color32::DARK_RED, Color32::GREEN];
    let whole = Rect::from_min_size(pos2(60.0, 20.0), vec2(16.0, 300.0));
    for (beyond, expected) in [
        (Beyond::default(), [0, 0, 0]),
        (Beyond { over: Some(over_color), ..Beyond::default() }, [0, 1, 0]),
        (Beyond { under: Some(under_color), over: Some(over_color), bad: Some(bad_color) }, [1, 1, 1]),
    ] {
        let ramp: Vec<Color32> = (0..=255).map(Color32::from_gray).collect();
        let ticks = [(0.0, "0.0".to_owned()), (1.0, "1.0".to_owned())];
        let harness = harness(
            move |ui: &mut Ui, (): &mut ()| {
                let bar = Colorbar::new(&ramp, &ticks, "Weight").beyond(beyond).marker(Some(2.0)).range("0 to 0.93");
                bar.histogram(&[1.0, 0.0, 0.25]).show(ui, "bar", whole);
            },
            (),
        );
        let shapes = [under_color, over_color, bad_color].map(|color| filled(&harness, color));
        assert_eq!(shapes.each_ref().map(Vec::len), expected, "{beyond:?}");
        assert!(shapes.iter().flatten().all(|shape| whole.expand(1.5).contains_rect(*shape)), "{shapes:?}");
        let [under, over, bad] = shapes;
        if let (Some(under), Some(over), Some(bad)) = (under.first(), over.first(), bad.first()) {
            assert!(over.bottom() < under.top() && under.bottom() < bad.top());
        }
        let node = harness.get_by_role_and_label(Role::Image, "Weight");
        assert_eq!(node.value().as_deref(), Some("0 to 0.93"), "the limits, not the ticks");
    }
}

#[test]
fn the_hover_card_leaves_the_row_free() {
    for y in [40.0, 200.0, 390.0] {
        let row = Rect::from_min_size(pos2(100.0, y), vec2(200.0, 8.0));
        let mut harness = harness(
            move |ui: &mut Ui, (): &mut ()| {
                HoverCard::about(row.center(), row).show(ui.ctx(), egui::Id::unique("card"), &[()], |ui, ()| {
                    ui.label("weight 4.27e-1");
                });
            },
            (),
        );
        harness.run();
        let label = harness.get_by_label("weight 4.27e-1").rect();
        assert!(!label.intersects(row), "{label:?} covers {row:?}");
        assert!(Rect::from_min_size(Pos2::ZERO, vec2(800.0, 400.0)).contains_rect(label), "{label:?}");
    }
}
