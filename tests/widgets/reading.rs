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

#[test]
fn the_hover_card_leaves_the_row_free() {
    for y in [40.0, 200.0, 390.0] {
        let row = Rect::from_min_size(pos2(100.0, y), vec2(200.0, 8.0));
        let mut harness = harness(
            move |ui: &mut Ui, (): &mut ()| {
                HoverCard { pointer: row.center(), row }.show(ui.ctx(), egui::Id::unique("card"), |ui| {
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
