//! Colormaps: lookup tables with explicit colours for what lies under, over and outside of them (after matplotlib's
//! `colors.py`).

use std::{fmt, str::FromStr, sync::LazyLock};

use colorgrad::{Gradient, preset};
use serde::{Deserialize, Serialize};

use crate::figure::{Ground, NormPosition};

/// An opaque sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rgb(pub [u8; 3]);

impl Rgb {
    /// With full opacity, as pictures hold it.
    pub const fn rgba(self) -> [u8; 4] {
        let [r, g, b] = self.0;
        [r, g, b, u8::MAX]
    }
}

impl fmt::Display for Rgb {
    /// `#rrggbb`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

/// The colour scales to choose from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Colormap {
    /// The figure's: blue (low) through pale to red (high).
    #[default]
    BlueRed,
    /// Perceptually uniform, from dark violet to yellow.
    Viridis,
    /// Perceptually uniform, from black over magenta to pale yellow.
    Magma,
    /// Perceptually uniform, from black over red to pale yellow.
    Inferno,
    /// Perceptually uniform also for colour-blind eyes, from dark blue to yellow.
    Cividis,
    /// From white to black.
    Greys,
    /// `ColorBrewer`'s `RdBu`, turned round: blue below the middle, red above, as in the figure.
    #[serde(rename = "rdbu")]
    RdBu,
    /// `ColorBrewer`'s `PuOr`: purple below the middle, orange above.
    #[serde(rename = "puor")]
    PuOr,
    /// `ColorBrewer`'s `BrBG`: brown below the middle, blue-green above.
    #[serde(rename = "brbg")]
    BrBg,
}

impl Colormap {
    /// All of them, in the order of menus and lists.
    pub const ALL: [Self; 9] = [
        Self::BlueRed,
        Self::Viridis,
        Self::Magma,
        Self::Inferno,
        Self::Cividis,
        Self::Greys,
        Self::RdBu,
        Self::PuOr,
        Self::BrBg,
    ];

    /// As written on the command line and in sessions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BlueRed => "blue-red",
            Self::Viridis => "viridis",
            Self::Magma => "magma",
            Self::Inferno => "inferno",
            Self::Cividis => "cividis",
            Self::Greys => "greys",
            Self::RdBu => "rdbu",
            Self::PuOr => "puor",
            Self::BrBg => "brbg",
        }
    }

    /// Whether the map goes two ways from a pale middle.
    pub const fn is_diverging(self) -> bool {
        matches!(self, Self::BlueRed | Self::RdBu | Self::PuOr | Self::BrBg)
    }

    /// A quiet colour on `ground` for what has no value, unlike any of the map: a cell that is masked must not look
    /// like one in the pale middle of a diverging map.
    pub const fn quiet(self, ground: Ground) -> Rgb {
        match (self, ground) {
            (_, Ground::Transparent) => self.quiet(Ground::Light),
            (Self::Greys, Ground::Light) => Rgb([214, 226, 240]),
            (Self::Greys, Ground::Dark) => Rgb([28, 40, 62]),
            (Self::RdBu | Self::PuOr | Self::BrBg, Ground::Light) => Rgb([208, 208, 212]),
            (_, Ground::Light) => Rgb([243, 243, 245]),
            (_, Ground::Dark) => Rgb([38, 39, 44]),
        }
    }

    /// The colormap's lookup table, built once in the life of the program.
    pub fn table(self) -> &'static ColorTable {
        static TABLES: LazyLock<[ColorTable; 9]> = LazyLock::new(|| Colormap::ALL.map(ColorTable::new));
        &TABLES[self as usize]
    }
}

impl fmt::Display for Colormap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no colormap.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {}, found “{found}”", Colormap::ALL.map(Colormap::name).join(", "))]
pub struct ParseColormapError {
    found: String,
}

impl FromStr for Colormap {
    type Err = ParseColormapError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|colormap| colormap.name().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| ParseColormapError { found: text.to_owned() })
    }
}

/// 256 colours from low to high, and three for what has no place among them.
#[derive(Clone, Debug)]
pub struct ColorTable {
    /// From the lowest value to the highest.
    pub colors: [Rgb; 256],
    /// Below the lower limit: darker than the low end, so that it can be told apart.
    pub under: Rgb,
    /// Above the upper limit, likewise.
    pub over: Rgb,
    /// Not a number: a colour that the map itself does not contain.
    pub bad: Rgb,
}

impl ColorTable {
    fn new(colormap: Colormap) -> Self {
        const GREEN: Rgb = Rgb([0, 230, 64]);
        const MAGENTA: Rgb = Rgb([255, 0, 255]);
        const BLACK: Rgb = Rgb([0, 0, 0]);
        let (colors, under, over, bad) = match colormap {
            Colormap::BlueRed => (blue_red(), Rgb([24, 32, 104]), Rgb([96, 0, 20]), GREEN),
            Colormap::Viridis => (sample(&preset::viridis()), BLACK, Rgb([255, 255, 190]), MAGENTA),
            Colormap::Magma => (sample(&preset::magma()), Rgb([0, 48, 64]), Rgb([255, 255, 255]), GREEN),
            Colormap::Inferno => (sample(&preset::inferno()), Rgb([0, 48, 64]), Rgb([255, 255, 255]), GREEN),
            Colormap::Cividis => (sample(&preset::cividis()), BLACK, Rgb([255, 255, 190]), MAGENTA),
            Colormap::Greys => (sample(&preset::greys()), Rgb([190, 215, 255]), Rgb([110, 0, 0]), MAGENTA),
            Colormap::RdBu => {
                let mut colors = sample(&preset::rd_bu());
                colors.reverse();
                (colors, Rgb([0, 16, 40]), Rgb([48, 0, 8]), GREEN)
            }
            Colormap::PuOr => (sample(&preset::pu_or()), Rgb([16, 0, 32]), Rgb([64, 24, 0]), GREEN),
            Colormap::BrBg => (sample(&preset::br_bg()), Rgb([40, 20, 0]), Rgb([0, 26, 20]), MAGENTA),
        };
        Self { colors, under, over, bad }
    }

    /// The colour of a place in the norm. The unit interval is cut into 256 equal steps.
    pub fn at(&self, position: NormPosition) -> Rgb {
        match position {
            NormPosition::Within(t) => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "clamped by the cast itself"
                )]
                let step = (t * 256.0) as u8;
                self.colors[usize::from(if t >= 1.0 { u8::MAX } else { step })]
            }
            NormPosition::Under => self.under,
            NormPosition::Over => self.over,
            NormPosition::Bad => self.bad,
        }
    }
}

fn sample(gradient: &impl Gradient) -> [Rgb; 256] {
    std::array::from_fn(|step| {
        let [r, g, b, _] = gradient.at(step as f32 / 255.0).to_rgba8();
        Rgb([r, g, b])
    })
}

/// The smooth cool-warm map of Moreland, "Diverging Color Maps for Scientific Visualization" (ISVC 2009), at its 33
/// published points; linear between them, as matplotlib's `coolwarm` is.
fn blue_red() -> [Rgb; 256] {
    std::array::from_fn(|step| {
        let place = step as f32 / 255.0 * 32.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 32")]
        let below = (place as usize).min(31);
        let fraction = place - below as f32;
        Rgb(std::array::from_fn(|channel| {
            let [from, to] = [COOL_WARM[below], COOL_WARM[below + 1]].map(|color| f32::from(color[channel]));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
            let mixed = (from + (to - from) * fraction).round() as u8;
            mixed
        }))
    })
}

#[rustfmt::skip]
const COOL_WARM: [[u8; 3]; 33] = [
    [59, 76, 192], [68, 90, 204], [77, 104, 215], [87, 117, 225], [98, 130, 234], [108, 142, 241], [119, 154, 247],
    [130, 165, 251], [141, 176, 254], [152, 185, 255], [163, 194, 255], [174, 201, 253], [184, 208, 249],
    [194, 213, 244], [204, 217, 238], [213, 219, 230], [221, 221, 221], [229, 216, 209], [236, 211, 197],
    [241, 204, 185], [245, 196, 173], [247, 187, 160], [247, 177, 148], [247, 166, 135], [244, 154, 123],
    [241, 141, 111], [236, 127, 99], [229, 112, 88], [222, 96, 77], [213, 80, 66], [203, 62, 56], [192, 40, 47],
    [180, 4, 38],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blue_red_has_morelands_anchors() {
        let table = Colormap::BlueRed.table();
        assert_eq!(table.at(NormPosition::Within(0.0)), Rgb([59, 76, 192]));
        assert_eq!(table.at(NormPosition::Within(1.0)), Rgb([180, 4, 38]));
        // 256 entries straddle the middle: both neighbours are within one of the neutral grey.
        for step in [127, 128] {
            for channel in table.colors[step].0 {
                assert!(channel.abs_diff(221) <= 1, "{:?}", table.colors[step]);
            }
        }
    }

    #[test]
    fn the_other_maps_have_their_published_ends() {
        let ends = |colormap: Colormap| [0, 255].map(|step| colormap.table().colors[step].0);
        assert_eq!(ends(Colormap::Viridis), [[68, 1, 84], [254, 232, 37]]);
        assert_eq!(ends(Colormap::Magma), [[0, 0, 4], [252, 253, 191]]);
        assert_eq!(ends(Colormap::Inferno), [[0, 0, 4], [252, 255, 164]]);
        assert_eq!(ends(Colormap::Greys), [[255, 255, 255], [0, 0, 0]]);
        assert_eq!(ends(Colormap::RdBu), [[5, 48, 97], [103, 0, 31]], "blue is low");
        assert_eq!(ends(Colormap::PuOr), [[45, 0, 75], [127, 59, 8]]);
        assert_eq!(ends(Colormap::BrBg), [[84, 48, 5], [0, 60, 48]]);
        let [[r, g, b], high] = ends(Colormap::Cividis);
        assert!(r == 0 && g.abs_diff(32) <= 2 && b.abs_diff(81) <= 6, "{:?}", [r, g, b]);
        assert!(high[0] > 245 && high[1] > 225 && high[2] < 90, "{high:?}");
    }

    #[test]
    fn steps_are_equal_and_the_last_one_includes_its_end() {
        let table = Colormap::Viridis.table();
        assert_eq!(table.at(NormPosition::Within(0.999_999)), table.colors[255]);
        assert_eq!(table.at(NormPosition::Within(0.5)), table.colors[128]);
        assert_eq!(table.at(NormPosition::Within(0.499_999)), table.colors[127]);
    }

    #[test]
    fn what_has_no_place_in_a_map_has_a_colour_that_is_not_in_it() {
        for colormap in Colormap::ALL {
            let table = colormap.table();
            for outside in [table.under, table.over, table.bad] {
                assert!(!table.colors.contains(&outside), "{colormap}: {outside}");
            }
        }
    }

    #[test]
    fn diverging_maps_are_pale_and_neutral_in_the_middle_only() {
        for colormap in Colormap::ALL.into_iter().filter(|colormap| colormap.is_diverging()) {
            let light = |step: usize| colormap.table().colors[step].0.iter().map(|&c| u32::from(c)).sum::<u32>();
            let Rgb(middle) = colormap.table().at(NormPosition::Within(0.5));
            let spread = middle.iter().max().unwrap() - middle.iter().min().unwrap();
            assert!(spread <= 12 && middle.iter().all(|&channel| channel >= 215), "{colormap}: {middle:?}");
            for from_middle in [40, 80, 127] {
                for step in [128 - from_middle, 127 + from_middle] {
                    assert!(light(step) + 20 < light(128), "{colormap}: {step}");
                }
            }
        }
    }

    #[test]
    fn a_quiet_cell_looks_like_no_value() {
        for colormap in Colormap::ALL {
            for ground in [Ground::Light, Ground::Dark] {
                let quiet = colormap.quiet(ground);
                let apart = |color: &Rgb| quiet.0.iter().zip(color.0).map(|(a, b)| a.abs_diff(b)).max();
                let nearest = colormap.table().colors.iter().filter_map(apart).min().unwrap();
                assert!(nearest >= 10, "{colormap} on {ground:?}: {quiet} is {nearest} from a colour of the map");
            }
        }
    }

    #[test]
    fn names_parse_back_and_others_are_told_the_choice() {
        for colormap in Colormap::ALL {
            assert_eq!(colormap.to_string().parse(), Ok(colormap));
            assert_eq!(serde_json::to_string(&colormap).unwrap(), format!("\"{colormap}\""));
        }
        let message = "jet".parse::<Colormap>().unwrap_err().to_string();
        assert_eq!(
            message,
            "expected one of blue-red, viridis, magma, inferno, cividis, greys, rdbu, puor, brbg, found “jet”"
        );
    }
}
