//! Sets of components: the rows that a grid or a figure has.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::attention::Component;

/// Components in the order of the grid's rows; at least one. Default: those of the paper's figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Component>", into = "Vec<Component>")]
pub struct Components(u8);

impl Components {
    /// Query, key, value and output.
    pub const ALL: Self = Self((1 << Component::ALL.len()) - 1);

    /// Query, key and value.
    pub const FIGURE: Self = Self(bit(Component::Query) | bit(Component::Key) | bit(Component::Value));

    /// The first row alone.
    pub const QUERY: Self = Self(bit(Component::Query));

    /// `None` without any.
    pub fn new(components: impl IntoIterator<Item = Component>) -> Option<Self> {
        let members = components.into_iter().fold(0, |members, component| members | bit(component));
        (members != 0).then_some(Self(members))
    }

    /// From top to bottom.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = Component> + Clone {
        Component::ALL.into_iter().filter(move |&component| self.contains(component))
    }

    /// Whether `component` is one of them.
    pub const fn contains(self, component: Component) -> bool {
        self.0 & bit(component) != 0
    }

    /// The uppermost.
    pub fn first(self) -> Component {
        self.iter().next().unwrap_or(Component::ALL[0])
    }

    /// How many; never 0.
    pub const fn count(self) -> usize {
        self.0.count_ones() as usize
    }

    /// With `component` among them.
    #[must_use]
    pub const fn with(self, component: Component) -> Self {
        Self(self.0 | bit(component))
    }

    /// With the component where it is without it, and the other way round; `None` where nothing would be left.
    pub fn toggled(self, component: Component) -> Option<Self> {
        let members = self.0 ^ bit(component);
        (members != 0).then_some(Self(members))
    }
}

const fn bit(component: Component) -> u8 {
    1 << component.row()
}

impl Default for Components {
    fn default() -> Self {
        Self::FIGURE
    }
}

impl fmt::Display for Components {
    /// `query,value`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Component::word).collect();
        f.write_str(&names.join(","))
    }
}

/// A text that names no rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected query, key, value and output, one or more of them separated by commas; found “{0}”")]
pub struct ParseComponentsError(String);

impl FromStr for Components {
    type Err = ParseComponentsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let components: Result<Vec<Component>, _> = text.split(',').map(str::parse).collect();
        components.ok().and_then(Self::new).ok_or_else(|| ParseComponentsError(text.to_owned()))
    }
}

impl TryFrom<Vec<Component>> for Components {
    type Error = ParseComponentsError;

    fn try_from(components: Vec<Component>) -> Result<Self, Self::Error> {
        Self::new(components).ok_or_else(|| ParseComponentsError(String::new()))
    }
}

impl From<Components> for Vec<Component> {
    fn from(components: Components) -> Self {
        components.iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_named_in_any_order_and_kept_in_the_grids() {
        let rows: Components = "value, Query".parse().unwrap();
        assert_eq!(rows.iter().collect::<Vec<_>>(), [Component::Query, Component::Value]);
        assert_eq!((rows.count(), rows.first()), (2, Component::Query));
        assert_eq!(
            (rows.to_string().as_str(), Components::default().to_string().as_str()),
            ("query,value", "query,key,value")
        );
        for text in ["", "query,", "0", "rows"] {
            assert!(text.parse::<Components>().is_err(), "{text}");
        }
    }

    #[test]
    fn something_is_always_left() {
        let one = Components::new([Component::Key]).unwrap();
        assert_eq!(one.toggled(Component::Key), None);
        assert_eq!(one.toggled(Component::Value), Components::new([Component::Key, Component::Value]));
        assert_eq!(Components::new([]), None);
    }

    #[test]
    fn a_choice_survives_being_written_and_read() {
        let rows = Components::new([Component::Value]).unwrap();
        assert_eq!(serde_json::to_string(&rows).unwrap(), r#"["value"]"#);
        assert_eq!(serde_json::from_str::<Components>(r#"["value"]"#).unwrap(), rows);
        assert!(serde_json::from_str::<Components>("[]").is_err());
    }
}
