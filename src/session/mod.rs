//! Everything needed to reproduce the view, and the one way to change it.
//!
//! A [`Session`] is plain data: no handles, no results. A gesture becomes a [`Command`]; [`Session::apply`] is the
//! only place that changes it; [`Session::run_spec`] is what the engine is asked. The command line fills the same
//! struct from its arguments.

mod choices;
mod command;
mod comparing;
pub mod document;
mod epsilon_grid;
mod fitting;
mod keeping;
mod operations;
#[cfg(test)]
mod properties;
mod reading;
mod rows_and_columns;
mod state;
mod stored;
#[cfg(test)]
mod tests;
mod timeline;
mod view;

pub use crate::attention::Cell;
pub use choices::{PaperFigure, RowChoice};
pub use command::{Command, OnScreen};
pub use epsilon_grid::{COLUMNS, figure_grid, repeated};
pub use state::Session;
pub use stored::{Stored, Unsound};
pub use timeline::{StepNumber, Timeline};
pub use view::{
    HeadsPlace, ScaleStep, SliderRange, SweepView, TextView, TextsOf, Theme, TokenTint, UserSettings, View,
};
