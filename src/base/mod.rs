//! Files and texts: what every other module may need and what knows none of them.
//!
//! [`write_atomically`] puts an output file in place whole or not at all, and never over [`ProtectedFiles`];
//! [`regular_file`] opens an input without waiting for a pipe, and [`MappedFile`] reads one in place; [`Contents`] says what
//! a file is. [`byte_count`] writes sizes, and [`Date`] days. [`Excerpt`] and [`Names`] quote other people's files in messages; [`xml`] escapes text. [`contained`] makes
//! an error of a panic in code of others.

mod atomic_write;
mod available_memory;
mod byte_count;
mod contained_panic;
mod contents;
mod date;
mod excerpt;
mod handed_over;
mod mapped_file;
mod protected;
pub mod regular_file;
mod state_folder;
pub mod xml;

pub use atomic_write::{WriteError, write_atomically};
pub use available_memory::available_memory;
pub use byte_count::byte_count;
pub use contained_panic::{ContainedPanic, contained, hear_panic, is_contained};
pub use contents::Contents;
pub use date::{Date, DateError};
pub use excerpt::{Excerpt, Names};
pub use handed_over::{Claim, HandedOver};
pub use mapped_file::{FileChanged, MappedFile};
pub use protected::{InputRole, ProtectedError, ProtectedFiles};
pub use state_folder::{handed_over_folder, is_handed_over, state_folder};
