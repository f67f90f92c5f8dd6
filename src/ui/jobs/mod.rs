//! How a panel asks the service: one client for every kind of question.

mod client;

pub use client::{Arrival, Client, Failure};
