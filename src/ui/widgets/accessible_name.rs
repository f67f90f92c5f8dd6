/// Gives a widget the accessible name that its looks imply.
pub fn with_accessible_name(response: egui::Response, name: &str) -> egui::Response {
    response.ctx.accesskit_node_builder(response.id, |node| node.set_label(name));
    response
}
