//! One cell, everywhere that it is shown or written: card, inspector, CSV, safetensors, the picture.

use std::{path::Path, process};

use attenuate::{
    attention::{Component, Epsilon, Grid, Operation, Preset, Shape},
    engine::{Bundled, Fingerprints},
    figure::{Dpi, FigureSpec, layout},
    session::{Cell, Command, Session, document::SessionDocument},
};
use egui::{Role, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use safetensors::SafeTensors;

use super::support::Window;
use crate::support::grids::at;

/// A seeded walk over sources, heads, operations, scopes, ε and cells.
fn draw(seed: u64) -> (Session, Component, usize, Cell) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut below = |bound: usize| random.next_u32() as usize % bound;
    let bundled = [Bundled::Smollm2Capture, Bundled::Austen][below(2)];
    let mut commands = vec![Command::ToggleInspector];
    if bundled == Bundled::Smollm2Capture {
        commands.extend([Command::SetLayer(below(30)), Command::SetHead(below(9))]);
    } else {
        commands.extend([Command::SetLayer(below(6)), Command::SetHead(below(4))]);
        let preset = [Preset::ThisHead, Preset::ThisLayer, Preset::AllLayers][below(3)];
        commands.push(Command::SetScope(preset.scope()));
    }
    let operation = [Operation::Scale, Operation::Noise { seed }, Operation::MeanHeads][below(3)].clone();
    let epsilon = |_| Epsilon::new([0.0, 1e-10, 3e-4, 0.037, 0.5, 1.0, 7.5][below(7)]).unwrap();
    commands.extend([Command::SetOperation(operation), Command::SetGrid(Grid::from_fn(Shape::FIGURE, epsilon))]);
    let session = Session::example(bundled).with(commands);
    let query = below(16);
    (session, Component::FIGURE[below(3)], below(3), Cell { query, key: below(query + 1) })
}

fn run(folder: &Path, arguments: &[&str]) {
    let output =
        process::Command::new(env!("CARGO_BIN_EXE_attenuate")).current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Weight, baseline and score of the cell, as the CSV has them.
fn in_csv(csv: &str, component: Component, epsilon: Epsilon, cell: Cell) -> [String; 3] {
    let mut lines = csv.lines().map(fields);
    let names = lines.next().unwrap();
    let place = |name: &str| names.iter().position(|other| other == name).unwrap();
    let component = component.to_string().to_lowercase();
    let is_it = |line: &Vec<String>| {
        line[place("component")] == component
            && line[place("epsilon")].parse() == Ok(epsilon.get())
            && line[place("query_pos")].parse() == Ok(cell.query)
            && line[place("key_pos")].parse() == Ok(cell.key)
    };
    let line = lines.find(is_it).unwrap_or_else(|| panic!("no {component} {epsilon} {cell:?}"));
    ["weight", "baseline", "score"].map(|name| line[place(name)].clone())
}

/// Tokens may hold commas and quotes.
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut is_quoted) = (vec![String::new()], false);
    for character in line.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            other => fields.last_mut().unwrap().push(other),
        }
    }
    fields
}

fn in_safetensors(file: &[u8], component: Component, column: usize, cell: Cell) -> f32 {
    let tensors = SafeTensors::deserialize(file).unwrap();
    let tensor = tensors.tensor(&component.to_string().to_lowercase()).unwrap();
    let n = tensor.shape()[1];
    let at = 4 * ((column * n + cell.query) * n + cell.key);
    f32::from_le_bytes(tensor.data()[at..at + 4].try_into().unwrap())
}

/// The colour in the middle of the cell.
fn in_picture(file: &Path, window: &Window, component: Component, column: usize, cell: Cell) -> ([u8; 3], [u8; 3]) {
    let mut decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(file).unwrap()));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let figure = layout(&FigureSpec::from_outcome(window.outcome(), &window.session().view().figure_style())).unwrap();
    let heatmap = &figure.heatmaps[3 * component.row() + column];
    let scale = f64::from(Dpi::default().get()) / 72.0;
    let side = heatmap.rect.width / window.outcome().n_positions() as f64;
    let pixel = |start: f64, index: usize| ((start + (index as f64 + 0.5) * side) * scale) as usize;
    let (x, y) = (pixel(heatmap.rect.x, cell.key), pixel(heatmap.rect.y, cell.query));
    let start = 4 * (y * info.width as usize + x);
    let weight =
        window.outcome().panels[at(component, column)].pattern.exact_cell(cell.query, cell.key).unwrap().weight;
    ([pixels[start], pixels[start + 1], pixels[start + 2]], heatmap.palette.color(weight).0)
}

#[test]
fn card_inspector_files_and_picture_show_the_same_number() {
    for seed in 0..10 {
        let (session, component, column, cell) = draw(seed);
        let what = format!("{seed}: {session:?} {component} {column} {cell:?}");
        let folder = tempfile::tempdir().unwrap();
        let document = SessionDocument::of(&session, None, &Fingerprints::default());
        document.save(&folder.path().join("s.json")).unwrap();
        run(folder.path(), &["weights", "s.json", "-o", "w.csv"]);
        run(folder.path(), &["weights", "s.json", "-o", "w.safetensors"]);
        run(folder.path(), &["export", "s.json", "-o", "f.png"]);

        // Large, so that the card says everything.
        let mut window = Window::sized(session.clone().with([Command::Pin(cell)]), vec2(2560.0, 1440.0));
        let position = window.cell_position(component, column, cell);
        window.hover(position);
        let texts = window.texts();
        // The card is in front of everything.
        let beside = |name: &str| texts[texts.iter().rposition(|text| text == name).unwrap() + 1].clone();
        let weight = beside("weight").split("  (").next().unwrap().to_owned();
        let card: f32 = weight.parse().unwrap();

        // The block of all panels' weights, row by row: a name, and a number for each column.
        let block = texts.iter().rposition(|text| text == "in all panels").unwrap();
        let n_columns = session.shape().n_columns();
        let row = session.shape().rows().iter().position(|other| other == component).unwrap();
        let entry: f32 = texts[block + (1 + n_columns) * (1 + row) + 1 + column].trim().parse().unwrap();
        assert!((entry - card).abs() <= 1e-6 + 5e-3 * card.min(1e-4), "{what}: {entry} in the block, {card}");

        let csv = std::fs::read_to_string(folder.path().join("w.csv")).unwrap();
        let epsilon = session.epsilon()[at(component, column)];
        let [csv_weight, csv_baseline, csv_score] = in_csv(&csv, component, epsilon, cell);
        assert_eq!(csv_weight.parse::<f32>().unwrap().to_bits(), card.to_bits(), "{what}: {csv_weight}, {weight}");
        assert_eq!(csv_baseline.parse::<f32>().unwrap(), beside("baseline").parse::<f32>().unwrap(), "{what}");
        let (score, card_score): (f64, f64) = (csv_score.parse().unwrap(), beside("score").parse().unwrap());
        assert!((score - card_score).abs() <= 1e-6 * score.abs().max(1.0), "{what}: {score}, {card_score}");

        let tensors = std::fs::read(folder.path().join("w.safetensors")).unwrap();
        assert_eq!(in_safetensors(&tensors, component, column, cell).to_bits(), card.to_bits(), "{what}");

        // Its entry in the inspector's table, rounded for reading.
        let start = format!("weight, {component}, ε = {epsilon}: ");
        let buttons: Vec<String> =
            window.harness.query_all_by_role(Role::Button).filter_map(|node| node.accesskit_node().label()).collect();
        let near = |text: &&str| {
            let shown: f64 = text.trim().parse().unwrap();
            (shown - f64::from(card)).abs() <= 6e-3 * f64::from(card).max(1e-300) + 1e-4
        };
        let entries: Vec<&str> = buttons.iter().filter_map(|label| label.strip_prefix(&start)).collect();
        assert!(entries.iter().any(near), "{what}: {entries:?} for {card}");

        let (found, expected) = in_picture(&folder.path().join("f.png"), &window, component, column, cell);
        let far = found.iter().zip(expected).map(|(&a, b)| a.abs_diff(b)).max();
        assert!(far <= Some(1), "{what}: {found:?} for {expected:?}");
    }
}
