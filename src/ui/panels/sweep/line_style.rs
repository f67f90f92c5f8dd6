//! How the curve of a component is drawn.

use egui_plot::LineStyle;

use crate::attention::Component;

/// Not by colour alone.
pub fn line_style(component: Component) -> LineStyle {
    match component {
        Component::Query => LineStyle::Solid,
        Component::Key => LineStyle::Dashed { length: 9.0 },
        Component::Value => LineStyle::Dotted { spacing: 6.0 },
        Component::Output => LineStyle::Dashed { length: 16.0 },
    }
}
