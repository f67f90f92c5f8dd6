//! What the program opens on, at every size, and that it then rests.

use std::{fs, thread::sleep, time::Duration};

use attenuate::{
    attention::Component,
    engine::{Bundled, SourceSpec},
    model::bundled,
    session::{Cell, Command, Session},
};
use egui::{Role, ViewportId, vec2};
use egui_kittest::kittest::Queryable as _;
use safetensors::SafeTensors;

use super::support::Window;

#[test]
fn opens_on_the_figure() {
    let mut window = Window::open(Session::default());
    let session = window.session();
    assert_eq!(*session.source(), SourceSpec::Bundled(Bundled::Smollm2));
    assert!(window.outcome().facts.kind.is_model() && window.outcome().facts.notices.is_empty());
    assert_eq!((session.layer(), session.head()), (14, 3));
    assert_eq!(
        window.panel_names(),
        [
            "Modifying Query with ε = 5e-1",
            "Modifying Query with ε = 1e-3",
            "Modifying Query with ε = 1e-10",
            "Modifying Key with ε = 5e-1",
            "Modifying Key with ε = 1e-3",
            "Modifying Key with ε = 1e-10",
            "Modifying Value with ε = 5e-1",
            "Modifying Value with ε = 1e-3",
            "Modifying Value with ε = 1e-10",
        ]
    );
    assert_eq!(window.value(Role::Image, "Attention Weight"), "0.0 to 1.0");
    assert_eq!(window.value(Role::Slider, "epsilon"), "5e-1");
    assert!(window.is_chosen("All") && window.is_chosen("Left column") && window.is_chosen("This head"));
    window.assert_text("bundled:smollm2  ·  T = 24  ·  layer 14 (0 to 29), head 3 (0 to 8)  ·  scope: This head");
    assert!(window.harness.query_by_label("token 0: <|endoftext|>").is_some());
    assert!(window.harness.query_by_label("token 23: .").is_some());

    let metrics = window.metrics();
    let sink = metrics.map(|row| row.map(|panel| panel.sink_mass.unwrap()));
    let entropy = metrics.map(|row| row.map(|panel| panel.normalized_entropy.unwrap()));
    assert_eq!(sink[0], sink[1], "(ε·q)·k = q·(ε·k)");
    assert!(sink[0][0] > sink[0][1] && sink[0][1] > sink[0][2], "the sink fades: {:?}", sink[0]);
    assert!(entropy[0][2] > 0.9999, "uniform at ε = 1e-10: {:?}", entropy[0]);
    assert_eq!(sink[2], [sink[2][0]; 3], "Value does not enter its own layer’s softmax");
    assert!(sink[2][0] > 0.8, "and keeps the sink: {:?}", sink[2]);
}

/// A model whose weights are not finite opens, as nothing of them is read then: the status line names the tensor.
#[test]
fn weights_that_are_not_finite_are_named_in_the_status_line() {
    const TENSOR: &str = "model.layers.2.self_attn.k_proj.weight";
    let folder = tempfile::tempdir().unwrap();
    let mut weights = bundled::WEIGHTS.to_vec();
    let place = {
        let file = SafeTensors::deserialize(&weights).unwrap();
        let data = file.tensor(TENSOR).unwrap().data();
        data.as_ptr() as usize - weights.as_ptr() as usize
    };
    // NaN, in F16.
    weights[place..place + 2].copy_from_slice(&0x7e00_u16.to_le_bytes());
    for (name, bytes) in
        [("config.json", bundled::CONFIG), ("tokenizer.json", bundled::TOKENIZER), ("model.safetensors", &weights)]
    {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let source = SourceSpec::Folder(folder.path().to_owned());
    let mut window = Window::unanswered(Session::example(Bundled::Austen).with([Command::Locate(source)]));
    window.wait_anyhow("the reason", |window| window.has_text("Not computed: "));
    let file = folder.path().join("model.safetensors");
    window.assert_text(&format!(
        "Not computed: tensor {TENSOR} cannot be read: expected finite values, found NaN in {}",
        file.display()
    ));
}

#[test]
fn panels_are_equal_squares_in_rows_and_columns() {
    let window = Window::figure();
    let rects: Vec<_> = window.panels().iter().map(egui_kittest::Node::rect).collect();
    for (index, rect) in rects.iter().enumerate() {
        assert_eq!(rect.width(), rect.height());
        assert_eq!(rect.size(), rects[0].size());
        assert_eq!(rect.left(), rects[index % 3].left());
        assert_eq!(rect.top(), rects[index / 3 * 3].top());
        assert!(rects[..index].iter().all(|other| !other.intersects(*rect)));
    }
    assert!(rects[0].width() >= 144.0, "six pixels for each of 24 cells at least: {}", rects[0].width());
}

#[test]
fn fits_every_window_at_every_scale() {
    for [width, height] in [[900.0, 600.0], [1280.0, 800.0], [2560.0, 1440.0]] {
        for scale in [0.75, 1.0, 2.5] {
            for bundled in [Bundled::Smollm2Capture, Bundled::Austen] {
                let pin = Command::Pin(Cell { query: 5, key: 0 });
                let session =
                    Session::example(bundled).with([Command::SetUiScale(scale), Command::ToggleInspector, pin]);
                let size = vec2(width, height) / scale;
                let mut window = Window::sized(session, size);
                let panels = window.panels();
                let name = format!("{width}×{height} at {scale}");
                assert_eq!(panels.len(), 9, "{name}");
                for panel in &panels {
                    let rect = panel.rect();
                    // Points are not whole where pixels are.
                    assert!((rect.width() - rect.height()).abs() < 1e-3, "{name}: {rect:?}");
                    // A window of 360×240 points has no room for nine panels beside its controls.
                    assert!(
                        scale > 1.0 || egui::Rect::from_min_size(egui::Pos2::ZERO, size).contains_rect(rect),
                        "{name}"
                    );
                    assert!(scale > 1.0 || rect.width() >= 20.0, "{name}: {rect:?}");
                }
                let center = panels[4].rect().center();
                window.hover(center);
                window.leave();
                window.says_pinned_weights();
            }
        }
    }
}

#[test]
fn rests_when_there_is_nothing_to_do() {
    let mut window = Window::figure();
    window.metrics();
    assert_rests(&mut window, "after opening");
    let cell = window.cell_position(Component::Key, 1, Cell { query: 7, key: 2 });
    window.hover(cell);
    assert_rests(&mut window, "with the pointer on a cell");
    window.click_at(cell);
    assert_rests(&mut window, "with a pin");
    window.click(Role::RadioButton, "Value");
    window.enter_epsilon("1e-4");
    window.leave();
    assert_rests(&mut window, "after a change of ε");
}

/// Twenty frames on end ask for no other. A thread's last call to look again may still come in between.
fn assert_rests(window: &mut Window, when: &str) {
    let mut quiet = 0;
    for _ in 0..400 {
        sleep(Duration::from_millis(1));
        window.harness.step();
        quiet = if repaint_delay(window) == Duration::MAX { quiet + 1 } else { 0 };
        if quiet == 20 {
            return;
        }
    }
    panic!("{when} it never rests: {:?}", window.harness.ctx.repaint_causes());
}

fn repaint_delay(window: &Window) -> Duration {
    window.harness.output().viewport_output[&ViewportId::ROOT].repaint_delay
}
