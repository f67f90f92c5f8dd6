//! Everything that can be asked of the window by name: one table, from which the menus, the keys, the palette and the
//! sheet of keys come.
//!
//! A new command is an entry in `table.rs`; if it has a key, also a line in `bindings.rs`.

mod bindings;
mod dispatch;
mod entry;
mod keys;
mod limits;
mod menu;
mod of_source;
mod palette;
mod sheet;
mod table;

pub use bindings::hint;
pub use dispatch::{combinations, plain_keys};
pub use entry::Situation;
pub use menu::Menu;
pub use palette::Palette;
pub use sheet::KeySheet;
pub use table::{NORMS, QUANTITIES, TOKEN_TINTS};
