//! Each widget by itself, in the states that it has.

use attenuate::{
    attention::Epsilon,
    session::{Cell, Theme},
    ui::{
        theme,
        widgets::{
            AxisLabels, AxisSide, Beyond, CellWindow, Chip, ChipKind, Colorbar, EpsilonSlider, Freshness, Heatmap,
            HoverCard, Toasts, TokenChips, Uncovered, epsilon_field,
        },
    },
};
use egui::{Color32, Id, Key, Rect, Role, Ui, pos2, vec2};
use egui_kittest::{Harness, kittest::Queryable as _};

use super::in_both_themes;
use crate::support::raster::Textures;

/// What `ui` draws on 640×360 points, after `act`.
fn widget(name: &str, ui: impl Fn(&mut Ui), act: impl Fn(&mut Harness<'_>)) {
    in_both_themes(name, |theme| {
        let theme = if theme == Theme::Dark { egui::Theme::Dark } else { egui::Theme::Light };
        let textures = Textures::default();
        let mut harness = Harness::builder()
            .with_size(vec2(640.0, 360.0))
            .with_step_dt(0.05)
            .with_theme(theme)
            .with_context_setup(theme::apply)
            .renderer(textures.clone())
            .build_ui(|root| {
                let (whole, ground) = (root.ctx().content_rect(), root.visuals().panel_fill);
                root.painter().rect_filled(whole, 0.0, ground);
                ui(root);
            });
        act(&mut harness);
        harness.run_ok();
        textures.picture(&harness.ctx, harness.output())
    });
}

fn untouched(_: &mut Harness<'_>) {}

#[test]
fn the_slider() {
    let ui = |ui: &mut Ui| {
        for (name, epsilon) in [("first", Epsilon::FIGURE[0]), ("second", Epsilon::FIGURE[1]), ("zero", Epsilon::ZERO)]
        {
            ui.label(name);
            EpsilonSlider::new(&epsilon, &Epsilon::FIGURE).name(name).show(ui);
            ui.add_space(12.0);
        }
    };
    widget("slider", ui, |harness| harness.get_by_role_and_label(Role::Slider, "second").focus());
}

#[test]
fn the_field_of_epsilon() {
    let ui = |ui: &mut Ui| {
        epsilon_field(ui, "good", "good epsilon", Epsilon::FIGURE[1]);
        epsilon_field(ui, "bad", "bad epsilon", Epsilon::FIGURE[1]);
    };
    widget("epsilon-field", ui, |harness| {
        harness.get_by_role_and_label(Role::TextInput, "bad epsilon").focus();
        harness.run();
        harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
        harness.get_by_role_and_label(Role::TextInput, "bad epsilon").type_text("-1");
        harness.run();
        harness.key_press(Key::Enter);
    });
}

#[test]
fn token_chips() {
    let ui = |ui: &mut Ui| {
        let words = ["<s>", "To", " be", "\n", "  ", " unworldliness", "é"];
        let chips = words.map(|text| {
            let kind = if text == "<s>" { ChipKind::Special } else { ChipKind::Text };
            Chip { text, kind }
        });
        TokenChips::new(chips.len(), &|position| chips[position]).linked(&[1, 3]).show(ui, "linked");
        ui.add_space(12.0);
        TokenChips::new(chips.len(), &|position| chips[position]).chosen(&|position| position > 3).show(ui, "chosen");
    };
    widget("token-chips", ui, untouched);
}

#[test]
fn colour_bars() {
    let ramp: Vec<Color32> = (0..=255).map(Color32::from_gray).collect();
    let ticks: Vec<(f32, String)> =
        (0_u8..=4).map(|i| (f32::from(i) / 4.0, format!("{:.2}", f32::from(i) / 4.0))).collect();
    let beyond = Beyond { under: Some(Color32::BLUE), over: Some(Color32::RED), bad: Some(Color32::GREEN) };
    let ui = move |ui: &mut Ui| {
        let bar = |x: f32| Rect::from_min_size(pos2(x, 20.0), vec2(16.0, 300.0));
        Colorbar::new(&ramp, &ticks, "Attention weight").marker(Some(0.3)).show(ui, "plain", bar(80.0));
        let whole = Colorbar::new(&ramp, &ticks, "Difference").beyond(beyond).marker(Some(2.0));
        whole.histogram(&[1.0, 0.5, 0.0, 0.25]).show(ui, "beyond", bar(320.0));
    };
    widget("colorbar", ui, untouched);
}

#[test]
fn a_heatmap_with_its_labels() {
    let ui = |ui: &mut Ui| {
        let labels: Vec<String> = (0..12).map(|i| format!(" token {i}")).collect();
        let window = CellWindow::whole(12);
        for (x, name, freshness) in [(90.0, "current", Freshness::Current), (400.0, "older", Freshness::Stale)] {
            let panel = Rect::from_min_size(pos2(x, 24.0), vec2(220.0, 220.0));
            Heatmap::new(name, window, 12)
                .value("12 tokens")
                .crosshair(Some(Cell { query: 8, key: 2 }))
                .pin(Some(Cell { query: 5, key: 0 }))
                .selected(freshness == Freshness::Current)
                .freshness(freshness)
                .show(ui, name, panel);
            for side in [AxisSide::Left, AxisSide::Bottom] {
                AxisLabels::new(side, window, &labels).emphasized(Some(8)).show(ui, panel, 70.0);
            }
        }
    };
    widget("heatmap", ui, untouched);
}

#[test]
fn a_hover_card() {
    let ui = |ui: &mut Ui| {
        let row = Rect::from_min_size(pos2(100.0, 160.0), vec2(300.0, 8.0));
        ui.painter().rect_filled(row, 0.0, Color32::GRAY);
        HoverCard::about(row.center(), row).show(ui.ctx(), Id::unique("card"), &[()], |ui, ()| {
            ui.label("weight 4.27e-1");
        });
    };
    widget("card", ui, untouched);
}

#[test]
fn toasts() {
    let shown = std::cell::RefCell::new(Toasts::default());
    let ui = |ui: &mut Ui| shown.borrow_mut().show(ui.ctx(), Uncovered::default());
    widget("toasts", ui, |harness| {
        *shown.borrow_mut() = Toasts::default();
        shown.borrow_mut().info("slow was not opened.");
        shown.borrow_mut().success("Saved /figures/attention.png");
        shown.borrow_mut().error("config.json: expected field “n_heads”, found none: /a/rather/long/path/to/a/model");
        harness.run_steps(4);
    });
}
