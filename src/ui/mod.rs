//! The window. egui and rfd appear nowhere else.
//!
//! [`App`] turns gestures into actions and asks the engine for pictures; the other files each draw one part and emit
//! `Action`s. Functions that draw end in `_ui`.

mod action;
mod app;
mod background;
mod colorbar;
mod columns;
mod commands;
mod compare;
mod control_panel;
mod controls;
mod explain;
mod export;
mod grid;
mod grid_layout;
mod grid_panel;
mod heads;
mod hover_card;
mod hovered;
mod inspector;
mod jobs;
mod lessons;
mod limits;
mod navigation;
mod numbers;
mod open_file;
mod opener;
mod part;
mod parts;
mod path_field;
mod pictures;
mod preferences;
mod progress;
mod recent;
mod remembered;
mod rule_facts;
mod save_dialog;
mod scope;
mod sessions;
mod setup;
mod shown;
mod source;
mod status;
mod sweep;
mod textures;
pub mod theme;
mod tour;
pub mod widgets;
mod window;

pub use app::App;
pub use lessons::Lesson;
pub use opener::OpenFn;
pub use setup::Setup;
pub use tour::TourStart;
pub use window::{WindowError, open};
