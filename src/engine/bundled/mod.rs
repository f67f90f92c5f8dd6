//! What ships inside the program: by which names, on which view each opens, and where the large one's bytes are.

mod model_inside;
mod names;

pub use model_inside::ModelInside;
pub use names::{Bundled, DefaultView};
