//! The program as a person at a terminal meets it: the real binary in an empty folder, without a display.

mod export;
mod failures;
mod goldens;
mod heads;
mod help;
mod reference;
mod sandbox;
mod weights;
mod weights_file;
