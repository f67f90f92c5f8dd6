//! What an animation shows, and how it plays.

use std::{fmt, num::NonZeroU16, ops::RangeInclusive, path::Path, str::FromStr};

use super::error::AnimationError;
use crate::attention::Epsilon;

/// Pixels per inch until others are chosen: a slide's width for the default page.
pub const DPI: u32 = 144;
/// Frames that an animation may have.
pub const FRAMES: RangeInclusive<usize> = 2..=1000;
/// Frames per second that it may have: more than 50 no program shows of a GIF.
pub const RATES: RangeInclusive<u16> = 1..=50;

/// What moves, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Animation {
    /// The column whose ε moves, in all rows, 0-based.
    pub column: usize,
    /// Over which ε.
    pub range: AnimatedRange,
    /// From the first ε to the last.
    pub n_frames: usize,
    /// Frames per second.
    pub rate: NonZeroU16,
    /// Once, again and again, or back and forth.
    pub play: Play,
}

impl Default for Animation {
    /// From the baseline to where next to nothing is left to see, in four seconds.
    fn default() -> Self {
        Self {
            column: 0,
            range: AnimatedRange::default(),
            n_frames: 48,
            rate: NonZeroU16::new(12).unwrap_or(NonZeroU16::MIN),
            play: Play::default(),
        }
    }
}

impl Animation {
    /// ε of every frame, in equal steps of its logarithm, each of three significant digits as the panels' titles show
    /// them. The ends are exact.
    pub fn epsilons(&self) -> Vec<Epsilon> {
        let [from, to] = [self.range.from, self.range.to];
        let n_frames = self.n_frames.clamp(*FRAMES.start(), *FRAMES.end());
        let [start, end] = [from, to].map(|epsilon| epsilon.get().log10());
        let step = |index: usize| match index {
            0 => from,
            _ if index + 1 == n_frames => to,
            _ => three_digits(10_f64.powf(start + (end - start) * index as f64 / (n_frames - 1) as f64)),
        };
        let mut epsilons: Vec<_> = (0..n_frames).map(step).collect();
        if self.play == Play::BackAndForth {
            // Neither end twice.
            epsilons.extend((1..n_frames - 1).rev().map(step));
        }
        epsilons
    }
}

fn three_digits(value: f64) -> Epsilon {
    format!("{value:.2e}").parse().unwrap_or(Epsilon::ONE)
}

/// From which ε to which, both above 0. Written `1..=1e-3`; either may be the larger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnimatedRange {
    from: Epsilon,
    to: Epsilon,
}

impl AnimatedRange {
    /// # Errors
    /// When either is 0, whose logarithm no step reaches, or both are the same.
    pub fn new(from: Epsilon, to: Epsilon) -> Result<Self, AnimationError> {
        if from > Epsilon::ZERO && to > Epsilon::ZERO && from != to {
            Ok(Self { from, to })
        } else {
            Err(AnimationError::Range(format!("{from}..={to}")))
        }
    }
}

impl Default for AnimatedRange {
    fn default() -> Self {
        Self { from: Epsilon::ONE, to: Epsilon::FIGURE[1] }
    }
}

impl fmt::Display for AnimatedRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..={}", self.from, self.to)
    }
}

impl FromStr for AnimatedRange {
    type Err = AnimationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || AnimationError::Range(text.to_owned());
        let (from, to) = text.split_once("..=").ok_or_else(wrong)?;
        Self::new(from.parse().map_err(|_| wrong())?, to.parse().map_err(|_| wrong())?).map_err(|_| wrong())
    }
}

/// How often it plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Play {
    /// There and back, without end.
    #[default]
    BackAndForth,
    /// From the start again, without end.
    Loop,
    /// From the first frame to the last, where it stays.
    Once,
}

impl Play {
    /// All of them, in the order of menus and lists.
    pub const ALL: [Self; 3] = [Self::BackAndForth, Self::Loop, Self::Once];

    /// As on the command line, such as `back-and-forth`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BackAndForth => "back-and-forth",
            Self::Loop => "loop",
            Self::Once => "once",
        }
    }
}

impl FromStr for Play {
    type Err = AnimationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let play = Self::ALL.into_iter().find(|play| play.name() == text);
        play.ok_or_else(|| AnimationError::Play(text.to_owned()))
    }
}

/// The kinds of file that an animation is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnimationFormat {
    /// All colours; programs that know no animations show the first frame.
    Apng,
    /// 256 colours in each frame.
    Gif,
}

impl AnimationFormat {
    /// As the file's name ends, in any case.
    ///
    /// # Errors
    /// When it ends otherwise; the message names the file and the endings.
    pub fn of(path: &Path) -> Result<Self, AnimationError> {
        let ending = path.extension().unwrap_or_default();
        let all = [("png", Self::Apng), ("apng", Self::Apng), ("gif", Self::Gif)];
        let found = all.into_iter().find(|(name, _)| ending.eq_ignore_ascii_case(name));
        found.map(|(_, format)| format).ok_or_else(|| AnimationError::Format(path.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(animation: &Animation) -> Vec<String> {
        animation.epsilons().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn epsilon_runs_in_equal_steps_of_its_logarithm() {
        let range = "1..=1e-3".parse().unwrap();
        let once = Animation { range, n_frames: 7, play: Play::Once, ..Animation::default() };
        assert_eq!(texts(&once), ["1e0", "3.16e-1", "1e-1", "3.16e-2", "1e-2", "3.16e-3", "1e-3"]);
        let back = Animation { n_frames: 4, play: Play::BackAndForth, ..once.clone() };
        assert_eq!(texts(&back), ["1e0", "1e-1", "1e-2", "1e-3", "1e-2", "1e-1"]);
        let exact = Animation { range: "1.23456..=7".parse().unwrap(), n_frames: 2, ..once };
        assert_eq!(texts(&exact), ["1.23456e0", "7e0"]);
    }

    #[test]
    fn ranges_formats_and_plays_are_words() {
        assert_eq!("5e-1..=1e-10".parse::<AnimatedRange>().unwrap().to_string(), "5e-1..=1e-10");
        for text in ["", "1", "1..1", "0..=1", "1..=0", "1..=1", "1..=-1", "1..=nan", "a..=b"] {
            let error = text.parse::<AnimatedRange>().unwrap_err().to_string();
            assert!(error.contains(&format!("“{text}”")) && error.contains("1..=1e-3"), "{error}");
        }
        for play in Play::ALL {
            assert_eq!(play.name().parse::<Play>().unwrap(), play);
        }
        assert!("forever".parse::<Play>().is_err());
        for (name, format) in [("a.png", AnimationFormat::Apng), ("a.GIF", AnimationFormat::Gif)] {
            assert_eq!(AnimationFormat::of(Path::new(name)).unwrap(), format);
        }
        let error = AnimationFormat::of(Path::new("a.mp4")).unwrap_err().to_string();
        assert_eq!(error, "a.mp4: the name must end in .png, .apng or .gif");
    }
}
