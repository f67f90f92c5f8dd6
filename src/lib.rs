//! Attenuate: what happens to a transformer's attention when its Query, Key or Value is scaled by ε.
//!
//! The modules import each other only downwards in this list:
//!
//! - [`cli`] and [`ui`]: the command line and the window
//! - [`session`]: everything needed to reproduce a view, and the commands that change it
//! - [`figure`]: the publication figure, colours, pooling to pixels
//! - [`engine`]: requests, caches, the service that answers questions
//! - [`model`]: language models with intervention sites
//! - [`numbers`]: exact weights into files
//! - [`capture`]: query, key and value vectors from files
//! - [`attention`]: the mathematics
//! - [`base`]: files and texts, for all of them

#![warn(missing_docs)]

pub mod attention;
pub mod base;
pub mod capture;
pub mod cli;
pub mod engine;
pub mod figure;
pub mod model;
pub mod numbers;
pub mod session;
pub mod ui;
