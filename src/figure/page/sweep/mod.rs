//! Curves over ε as a figure: one plot for each metric above the others, in each a line for every component.

pub mod axis;
pub mod curves;
pub mod layout;
pub mod style;
