//! What goes wrong around the program while it runs: files that change under it, and thousands of commands at once.

mod files;
mod storm;
