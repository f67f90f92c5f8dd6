//! What makes the smallest text of a figure legible, or lets it be drawn at all.

use super::arrangement::LEGIBLE;
use crate::{
    engine::Outcome,
    figure::{Figure, FigureError, FigureSpec, FigureStyle, FontSize, LeastText, PageSize, Unit, figure, layout},
};

/// By how much wider pages are that are tried.
const WIDER: f64 = 1.2;
/// So many of them are tried: up to 6 times as wide.
const TRIES: usize = 10;

/// One change of a figure's style.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Repair {
    /// No text smaller than this: labels at the axes are left out where they have no room.
    LeastText(LeastText),
    /// A page of this size.
    Page(PageSize),
}

impl Repair {
    /// The first change after which all of the figure can be read; `None` where it can as it is, or where no size helps.
    pub fn of(outcome: &Outcome, style: &FigureStyle) -> Option<Self> {
        match figure(outcome, style) {
            Ok(figure) if is_legible(&figure) => return None,
            Ok(_) | Err(FigureError::NoRoom { .. } | FigureError::NoRoomForBar { .. }) => {}
            Err(_) => return None,
        }
        let spec = FigureSpec::from_outcome(outcome, style);
        let pages = Self::pages(style.page).map(Self::Page);
        let mut repairs = std::iter::once(Self::LeastText(LeastText::LEGIBLE)).chain(pages);
        repairs.find(|repair| {
            let FigureStyle { page, font_size, least_text, .. } = repair.of_style(style.clone());
            let repaired = FigureSpec { page, font_size, least_text, ..spec.clone() };
            layout(&repaired).is_ok_and(|figure| is_legible(&figure))
        })
    }

    /// Larger pages of the same shape, the next one first.
    pub(in crate::figure) fn pages(page: PageSize) -> impl Iterator<Item = PageSize> {
        let larger = move |step: usize| {
            let factor = WIDER.powi(i32::try_from(step).unwrap_or(i32::MAX));
            let longer = |side: f64| (side * factor).ceil();
            PageSize::in_unit(longer(page.width()), page.height().map(longer), page.unit()).ok()
        };
        (1..=TRIES).filter_map(larger)
    }

    /// The style with this change.
    #[must_use]
    pub fn of_style(self, style: FigureStyle) -> FigureStyle {
        match self {
            Self::LeastText(least_text) => {
                let font_size = style.font_size.map(|size| match FontSize::new(LEGIBLE) {
                    Ok(legible) if size.points() < LEGIBLE => legible,
                    _ => size,
                });
                FigureStyle { font_size, least_text, ..style }
            }
            // Whoever widens a page means its text to be read.
            Self::Page(page) => Self::LeastText(LeastText::LEGIBLE).of_style(FigureStyle { page, ..style }),
        }
    }

    /// As a button says it: `Use 6 pt or more`.
    pub fn label(self) -> String {
        match self {
            Self::LeastText(least) => format!("Use {} pt or more", least.points()),
            Self::Page(page) => match page.unit() {
                Unit::Millimetres => format!("Use a page {} mm wide", page.width()),
                Unit::Pixels => format!("Use a page {} pixels wide", page.width()),
            },
        }
    }

    /// As it is asked for on the command line: `--least-text 6`.
    pub fn option(self, style: &FigureStyle) -> String {
        let repaired = self.of_style(style.clone());
        let mut options = Vec::new();
        if let Self::Page(page) = self {
            options.push(format!("--size {page}"));
        }
        if repaired.font_size != style.font_size {
            options.extend(repaired.font_size.map(|size| format!("--font-size {}", size.points())));
        }
        options.push(format!("--least-text {}", repaired.least_text.points()));
        options.join(" ")
    }
}

/// Whether no text is smaller than what can be read in print.
fn is_legible(figure: &Figure) -> bool {
    figure.smallest_text().is_none_or(|smallest| smallest >= LEGIBLE - 1e-9)
}
