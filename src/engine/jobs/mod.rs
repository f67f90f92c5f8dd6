//! Threads that answer questions: lanes, jobs, and the clock that they go by.

mod clock;
mod job;
mod lane;
mod pace;
mod question;
mod service;
mod ticket;

pub use clock::Clock;
pub use job::Job;
pub use lane::Lane;
pub use pace::{Pace, Progress};
pub use question::Question;
pub use service::{Answer, Port, Service};
pub use ticket::RequestNumber;
