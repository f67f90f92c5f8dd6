//! The engine from outside: the same answers whatever was asked before, nothing computed twice that need not be, and
//! a worker that always ends with the newest request.

mod batches;
mod behind_norm;
mod caches;
mod captures;
mod effect;
mod errors;
mod goldens;
mod grid;
mod heads;
mod in_force;
mod memory;
mod observing;
mod others;
mod reference;
mod service;
mod sharing;
mod support;
mod sweep;
