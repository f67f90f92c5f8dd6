//! What the columns of a grid are called in the window.

use crate::attention::{Column, Epsilon, Grid, Notation, PanelId, Shape};

const OF_THREE: [&str; 3] = ["left", "middle", "right"];
const ORDINALS: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "sixth"];

/// Within a sentence: `left`, `middle`, `right` of three columns, `first`, `second`, … of others.
pub fn name(column: Column, shape: Shape) -> &'static str {
    let names: &[&str] = if shape.n_columns() == OF_THREE.len() { &OF_THREE } else { &ORDINALS };
    names.get(column.index()).copied().unwrap_or("last")
}

/// Over a column of numbers: `ε = 5e-1`. A column whose ε differ between the rows has no ε to be called by, and is `left`.
pub fn over(column: Column, epsilons: &Grid<Epsilon>, notation: Notation) -> String {
    let shape = epsilons.shape();
    let epsilon = epsilons[PanelId { component: shape.rows().first(), column }];
    if epsilons.iter().all(|(panel, other)| panel.column != column || *other == epsilon) {
        format!("ε = {}", epsilon.written(notation))
    } else {
        name(column, shape).to_owned()
    }
}

/// On a control: `Left`, `Middle`, `Right` of three columns, else its number, 1-based.
pub fn label(column: Column, shape: Shape) -> String {
    match (shape.n_columns(), column.index()) {
        (3, 0) => "Left".to_owned(),
        (3, 1) => "Middle".to_owned(),
        (3, 2) => "Right".to_owned(),
        (_, index) => (index + 1).to_string(),
    }
}

/// A column with its label and `hint`; the first label says what all of them are.
pub fn choices(shape: Shape, hint: impl Fn(Column) -> String) -> Vec<(Column, String, String)> {
    let label = |column: Column| match (shape.n_columns(), column.index()) {
        (3, 0) => "Left column".to_owned(),
        (_, 0) => "Column 1".to_owned(),
        _ => label(column, shape),
    };
    shape.columns().map(|column| (column, label(column), hint(column))).collect()
}
