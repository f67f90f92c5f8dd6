//! Attenuate.
pub mod attention;
pub mod capture;
pub mod engine;
// pub mod figure;
pub mod model;
pub mod ui;
