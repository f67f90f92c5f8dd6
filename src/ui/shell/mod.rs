//! What holds the window together: the session and its sources, the parts' common ground, and what is remembered.

pub mod action;
pub mod app;
mod chats;
pub mod commands;
pub mod display;
pub mod lesson;
pub mod machine_fonts;
pub mod navigation;
pub mod opener;
pub mod part;
pub mod preferences;
pub mod recent_files;
pub mod restoring;
pub mod setup;
pub mod shown;
pub mod sides;
pub mod state_file;
pub mod tour_start;
pub mod window;
