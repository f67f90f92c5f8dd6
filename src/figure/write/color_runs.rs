//! A picture as runs of equal pixels, for formats that hold it as shapes.

use std::collections::BTreeMap;

use crate::figure::{Picture, Rgb};

/// So many pixels of one colour side by side, from `[x, y]` on.
pub struct Run {
    pub x: usize,
    pub y: usize,
    pub width: usize,
}

/// The picture's runs by their colour, from the top.
pub fn color_runs(picture: &Picture) -> BTreeMap<Rgb, Vec<Run>> {
    let mut runs = BTreeMap::<_, Vec<Run>>::new();
    for y in 0..picture.height {
        let mut x = 0;
        while let Some(color) = picture.pixel(x, y) {
            let width = (x..picture.width).take_while(|&x| picture.pixel(x, y) == Some(color)).count();
            runs.entry(color).or_default().push(Run { x, y, width });
            x += width;
        }
    }
    runs
}
