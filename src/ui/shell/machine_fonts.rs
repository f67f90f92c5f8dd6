//! Fonts of the machine in the window: looked for on a thread of their own once a character is shown that the program's
//! fonts lack, and added when they are found. A character that none has is shown as its code point.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use egui::{
    Color32, ColorImage, Context, FontData,
    epaint::text::{
        FallbackRequest, FontInsert, FontProvider, GlyphBitmap, GlyphRasterizer, GlyphRasterizerRequest,
        RasterizedGlyph,
    },
    vec2,
};

use super::part::{Part, PartContext};
use crate::{
    engine::{Outcome, Token},
    figure::{Fonts, Illegible, stamp, stand_in},
    ui::jobs::background::Background,
};

/// Size of a code point beside other text.
const CODE_POINT_SIZE: f32 = 0.62;
/// Around it, in pixels.
const CODE_POINT_MARGIN: f32 = 2.0;

/// Whoever looks for fonts.
pub struct MachineFonts {
    finder: Arc<Finder>,
    search: Background<()>,
    /// The tokens whose labels were looked through, and how many characters were missing by then.
    looked_through: Option<(Arc<[Token]>, usize)>,
}

/// What egui asks for fonts.
struct Finder {
    fonts: Fonts,
    /// Characters that are looked for when the frame is drawn.
    wanted: Mutex<BTreeSet<char>>,
    /// Characters that no font has.
    missing: Mutex<BTreeSet<char>>,
}

impl MachineFonts {
    pub fn new(ctx: &Context, fonts: Fonts) -> Self {
        let finder = Arc::new(Finder { fonts, wanted: Mutex::default(), missing: Mutex::default() });
        finder.install(ctx);
        Self { finder, search: Background::default(), looked_through: None }
    }

    /// How many labels no font can show, looked through where tokens or missing characters are new.
    fn illegible(&mut self, outcome: Option<&Outcome>, shown: &mut Option<Illegible>) {
        let n_missing = self.finder.missing().len();
        let Some(outcome) = outcome.filter(|_| n_missing > 0) else {
            *shown = None;
            return;
        };
        let known = self.looked_through.as_ref();
        if known.is_none_or(|(tokens, count)| !Arc::ptr_eq(tokens, &outcome.tokens) || *count != n_missing) {
            let missing = self.finder.missing();
            *shown = Illegible::among(outcome.tokens.iter().map(|token| token.text.as_str()), |c| missing.contains(&c));
            drop(missing);
            self.looked_through = Some((outcome.tokens.clone(), n_missing));
        }
    }
}

impl Part for MachineFonts {
    fn poll(&mut self, cx: &mut PartContext<'_>) {
        while self.search.poll().is_some() {
            self.finder.install(cx.egui);
        }
        let shown = &mut *cx.shown;
        self.illegible(shown.pictures.frame().map(|frame| &frame.outcome), &mut shown.illegible);
    }

    fn wants(&mut self, cx: &mut PartContext<'_>) {
        if self.search.is_running() {
            return;
        }
        let wanted = std::mem::take(&mut *self.finder.wanted());
        if !wanted.is_empty() {
            let finder = self.finder.clone();
            self.search.start(cx.egui, "fonts", move || finder.look_for(wanted));
        }
    }

    fn is_busy(&self) -> bool {
        self.search.is_running() || !self.finder.wanted().is_empty()
    }
}

impl Finder {
    /// Tells egui whom to ask; what it was told before is forgotten.
    fn install(self: &Arc<Self>, ctx: &Context) {
        ctx.set_font_providers(vec![self.clone()]);
        let finder = self.clone();
        let rasterizer = GlyphRasterizer::new("attenuate code points", move |request| finder.code_point(request));
        ctx.set_glyph_rasterizers(vec![rasterizer]);
    }

    /// Reads what is not known yet.
    fn look_for(&self, characters: BTreeSet<char>) {
        let missing: Vec<char> = characters.into_iter().filter(|&c| self.fonts.fallback(c).is_none()).collect();
        self.missing().extend(missing);
    }

    /// The code point of a character that no font has; a gap while that is looked for.
    fn code_point(&self, request: &GlyphRasterizerRequest<'_>) -> Option<RasterizedGlyph> {
        let size = request.font_size_px;
        let text = stand_in(request.cluster, |character| self.missing().contains(&character));
        if text == request.cluster {
            let is_wanted =
                request.cluster.chars().any(|c| self.wanted().contains(&c) || self.fonts.known(c).is_none());
            let bitmap = GlyphBitmap {
                image: ColorImage::filled([1, 1], Color32::TRANSPARENT),
                offset_px: vec2(0.0, 0.0),
                is_color: false,
            };
            return is_wanted.then_some(RasterizedGlyph { bitmap, advance_px: size });
        }
        let stamp = stamp(&text, size * CODE_POINT_SIZE)?;
        let pixels = stamp.coverage.iter().map(|&alpha| Color32::from_white_alpha(alpha)).collect();
        #[expect(clippy::cast_precision_loss, reason = "a few pixels")]
        let [width, baseline] = [stamp.width as f32, stamp.baseline as f32];
        Some(RasterizedGlyph {
            bitmap: GlyphBitmap {
                image: ColorImage::new([stamp.width, stamp.height], pixels),
                offset_px: vec2(CODE_POINT_MARGIN, -baseline),
                is_color: false,
            },
            advance_px: width + 2.0 * CODE_POINT_MARGIN,
        })
    }

    fn wanted(&self) -> MutexGuard<'_, BTreeSet<char>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn missing(&self) -> MutexGuard<'_, BTreeSet<char>> {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FontProvider for Finder {
    fn font_for(&self, request: &FallbackRequest<'_>) -> Option<FontInsert> {
        let character = request.cluster.chars().next()?;
        let Some(found) = self.fonts.known(character) else {
            self.wanted().insert(character);
            return None;
        };
        let font = found?;
        let data = FontData::from_blob(Arc::new(font.file()), font.index());
        Some(FontInsert::new(font.name(), data, Vec::new()))
    }
}
