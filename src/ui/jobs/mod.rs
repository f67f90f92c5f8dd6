//! Work on other threads: how panels ask the service, one client for every kind of question.

pub mod background;
mod client;
pub mod pictures;

pub use client::{Arrival, Client, Failure};
