//! Captures as files, in both containers: whatever is in them, there is a capture or a message that names the file, what
//! was found and what was expected; never a panic, and never more memory than the file lets expect.

mod cases;
mod families;
pub mod files;
mod half;
mod hostile;
mod mapped;
mod npz;
mod patterns;
mod refusals;

use crate::support::allocations;
