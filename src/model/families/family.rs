//! What the registry knows of a family.

use super::description::Description;
use crate::model::{ModelError, config::Config};

/// Models with the same layers and names of tensors.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Values of `model_type` in `config.json`.
    pub model_types: &'static [&'static str],
    /// Models of the family that people know, for the table of what opens.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the table in docs/models.md, which a test keeps"))]
    pub models: &'static str,
    /// From a configuration to what the model is made of; an error where it says what is not computed.
    pub read: fn(Config<'_>) -> Result<Description, ModelError>,
}
