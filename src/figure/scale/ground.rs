use serde::{Deserialize, Serialize};

/// Background of a picture or figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// White, with dark ink.
    #[default]
    Light,
    /// Nearly black, with light ink.
    Dark,
    /// Whatever the figure is put on, which should be light: inks and the quiet colour are those of [`Self::Light`].
    Transparent,
}
