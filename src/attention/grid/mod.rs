//! The grid of panels: its rows are components, its columns values of ε, and an experiment says what each panel does.

mod cell;
mod component;
mod components;
mod experiment;
mod panel;

pub use cell::Cell;
pub use component::{Component, ParseComponentError};
pub use components::{Components, ParseComponentsError};
pub use experiment::Experiment;
#[cfg(test)]
pub(crate) use panel::panel;
pub use panel::{Column, Grid, PanelId, Shape};
