//! The panel *Text*: what the model writes behind the prompt, without and with the selected panel's change, live under ε.

mod column;
mod controls;
mod lines;
mod panel;
mod panel_texts;
mod side_text;
mod summary;
mod texts;
mod token_card;
mod token_text;

pub use panel::TextPanel;
pub use panel_texts::AllTexts;
pub use texts::{ShownTexts, Texts};
