//! The window. egui and rfd appear nowhere else.
//!
//! [`App`] is a shell: it turns gestures into actions and hands them to the session. What is on screen are its
//! `Part`s (`shell::part`), which `parts` lists: each draws itself, asks for what it shows and emits actions.
//! Functions that draw end in `_ui`.

mod column_names;
mod dialogs;
mod jobs;
mod memo;
mod notation;
mod numbers;
mod panels;
mod parts;
mod progress;
mod shell;
pub mod theme;
pub mod widgets;

pub use shell::{
    app::App,
    lesson::Lesson,
    setup::Setup,
    tour_start::TourStart,
    window::{WindowError, open},
};
