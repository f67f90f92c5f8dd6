//! The panel with metrics of the shown head over ε: curves computed in the background, and the columns' ε as markers
//! in them.

mod curves;
mod drawing;
mod hover;
mod line_style;
mod markers;
mod measured;
mod panel;
mod plot;

pub use curves::Curves;
pub use panel::SweepPanel;
