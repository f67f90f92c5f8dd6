//! What the file will look like, drawn on another thread. While one preview is drawn, only the newest wish waits.

use egui::{ColorImage, Image, Pos2, Rect, RichText, Sense, TextureHandle, TextureOptions, TextureWrapMode, Ui, Vec2};

use crate::{
    figure::{Dpi, Figure, Ground, Illegible, LEGIBLE, Picture, Repair, render},
    ui::{
        jobs::background::{Background, Finished},
        theme,
        widgets::with_accessible_name,
    },
};

/// Of the options beside a preview, in points.
pub const OPTIONS_WIDTH: f32 = 330.0;
/// Where a preview would be narrower there is none.
pub const LEAST_PREVIEW: f32 = 140.0;
/// What is above and below a preview and beside it.
pub const AROUND: Vec2 = Vec2::new(OPTIONS_WIDTH + 64.0, 296.0);
/// Side of the squares behind a transparent page, in points.
const SQUARE: f32 = 8.0;

/// What a preview is of: equal where it would be drawn alike.
pub trait Previewed: Clone + PartialEq + Send + 'static {
    /// The figure, or why there is none.
    fn figure(&self) -> Result<Figure, String>;

    /// Which labels no font can show.
    fn illegible(&self) -> Option<Illegible>;

    /// What makes all of it legible.
    fn repair(&self) -> Option<Repair>;
}

/// What is wanted of a preview.
#[derive(Clone, Copy)]
pub enum Looks {
    /// A picture in a box of so many points.
    Drawn(Vec2),
    /// What is to be said of the figure alone.
    Judged,
}

/// What a preview depends on.
#[derive(Clone, PartialEq)]
struct Wish<P> {
    previewed: P,
    /// Most pixels that there is room for; `None` where no picture is wanted.
    room: Option<[u32; 2]>,
}

/// How a file is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// In pixels and millimetres.
    Pixels(Dpi),
    /// In millimetres alone.
    Lengths,
}

struct Drawn {
    picture: Option<Picture>,
    /// In points (1/72 inch).
    page: [f64; 2],
    verdict: Verdict,
}

/// What is to be said of a figure that is drawn.
struct Verdict {
    illegible: Option<Illegible>,
    /// What had no room.
    fitted: Vec<String>,
    /// In points.
    smallest: Option<f64>,
    repair: Option<Repair>,
}

/// Why a figure cannot be drawn, and what helps.
struct Refused {
    message: String,
    repair: Option<Repair>,
}

/// A figure on screen.
struct Shown {
    texture: Option<TextureHandle>,
    page: [f64; 2],
    verdict: Verdict,
}

pub struct Preview<P> {
    wish: Option<Wish<P>>,
    drawing: Background<Result<Drawn, Refused>>,
    shown: Option<Result<Shown, Refused>>,
    squares: Option<TextureHandle>,
}

impl<P> Default for Preview<P> {
    fn default() -> Self {
        Self { wish: None, drawing: Background::default(), shown: None, squares: None }
    }
}

impl<P: Previewed> Preview<P> {
    pub fn is_drawing(&self) -> bool {
        self.drawing.is_running()
    }

    /// Whether the figure cannot be drawn as it is.
    pub fn is_refused(&self) -> bool {
        matches!(self.shown, Some(Err(_)))
    }

    /// Draws what is wished for, or judges how it would be drawn.
    pub fn follow(&mut self, ui: &Ui, previewed: Option<P>, looks: Looks) {
        self.poll(ui);
        if let Some(previewed) = previewed {
            self.ask(ui, previewed, looks);
        }
    }

    /// The preview in a box of `size` points, and what the file will be under it.
    pub fn show_ui(&mut self, ui: &mut Ui, ground: Ground, measured: Measured, size: Vec2) {
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        ui.painter().rect_filled(rect, theme::RADIUS, theme::of(ui).ground);
        let mut facts = " ".to_owned();
        match &self.shown {
            Some(Ok(Shown { texture: Some(texture), page, .. })) => {
                let scale = (size / texture.size_vec2()).min_elem();
                let picture = Rect::from_center_size(rect.center(), texture.size_vec2() * scale);
                if ground == Ground::Transparent {
                    let squares = self.squares.get_or_insert_with(|| squares(ui));
                    let uv = Rect::from_min_max(Pos2::ZERO, (picture.size() / (2.0 * SQUARE)).to_pos2());
                    ui.painter().image(squares.id(), picture, uv, theme::UNTINTED);
                }
                Image::from_texture((texture.id(), picture.size())).paint_at(ui, picture);
                facts = facts_of(*page, measured);
            }
            // Why is said beside the way out.
            Some(Err(_)) => {}
            Some(Ok(_)) | None => {
                let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect));
                child.centered_and_justified(Ui::spinner);
            }
        }
        with_accessible_name(response, "Preview of the figure");
        ui.label(RichText::new(facts).small().color(theme::of(ui).text_weak));
    }

    /// Why there is no figure, or what is hard to read in it, each with the button that mends it; what was clicked.
    pub fn verdict_ui(&self, ui: &mut Ui) -> Option<Repair> {
        let colors = theme::of(ui);
        ui.horizontal_wrapped(|ui| {
            let (color, text, repair) = match &self.shown {
                Some(Ok(Shown { verdict, .. })) => {
                    let smallest = verdict.smallest.map(|size| format!("smallest text {size:.1} pt"));
                    let is_small = verdict.smallest.is_some_and(|size| size < LEGIBLE - 1e-9);
                    let color = if is_small { colors.warning } else { colors.text_weak };
                    (color, smallest.unwrap_or_default(), verdict.repair)
                }
                Some(Err(Refused { message, repair })) => (colors.error, message.clone(), *repair),
                None => (colors.text_weak, " ".to_owned(), None),
            };
            ui.label(RichText::new(text).small().color(color));
            let repaired = repair.filter(|repair| ui.small_button(repair.label()).clicked());
            if let Some(Ok(Shown { verdict, .. })) = &self.shown {
                let illegible = verdict.illegible.iter().map(ToString::to_string);
                for told in illegible.chain(verdict.fitted.iter().cloned()) {
                    ui.label(RichText::new(format!("{told}.")).small().color(colors.warning));
                }
            }
            repaired
        })
        .inner
    }

    fn poll(&mut self, ui: &Ui) {
        while let Some(finished) = self.drawing.poll() {
            self.shown = Some(match finished {
                Finished::Done(Ok(Drawn { picture, page, verdict })) => {
                    let texture = picture.map(|picture| {
                        let image = ColorImage::from_rgba_unmultiplied([picture.width, picture.height], &picture.rgba);
                        ui.ctx().load_texture("export preview", image, TextureOptions::LINEAR)
                    });
                    Ok(Shown { texture, page, verdict })
                }
                Finished::Done(Err(refused)) => Err(refused),
                Finished::Broken => {
                    let message = "The preview could not be drawn: internal error.".to_owned();
                    Err(Refused { message, repair: None })
                }
            });
        }
    }

    fn ask(&mut self, ui: &Ui, previewed: P, looks: Looks) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred pixels")]
        let pixels = |side: f32| (side * ui.pixels_per_point()).max(1.0) as u32;
        let room = match looks {
            Looks::Drawn(size) => Some([size.x, size.y].map(pixels)),
            Looks::Judged => None,
        };
        let wish = Wish { previewed, room };
        if self.drawing.is_running() || self.wish.as_ref() == Some(&wish) {
            return;
        }
        let previewed = wish.previewed.clone();
        self.wish = Some(wish);
        self.drawing.start(ui.ctx(), "export preview", move || draw(&previewed, room));
    }
}

/// At the resolution at which the whole page just fits.
fn draw<P: Previewed>(previewed: &P, room: Option<[u32; 2]>) -> Result<Drawn, Refused> {
    let refused = |message: String| Refused { message, repair: previewed.repair() };
    let figure = previewed.figure().map_err(refused)?;
    let page = [figure.width, figure.height];
    let in_room = |room: [u32; 2]| {
        let fitting = page.iter().zip(room).map(|(side, room)| f64::from(room) * 72.0 / side).fold(2400.0, f64::min);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between the ends of a resolution")]
        let dpi = Dpi::new(fitting.clamp(36.0, 2400.0) as u32).unwrap_or_default();
        render(&figure, dpi).map_err(|error| refused(error.to_string()))
    };
    let picture = room.map(in_room).transpose()?;
    let smallest = figure.smallest_text();
    let is_small = smallest.is_some_and(|size| size < LEGIBLE - 1e-9);
    let verdict = Verdict {
        illegible: previewed.illegible(),
        smallest,
        repair: if is_small { previewed.repair() } else { None },
        fitted: figure.fitted,
    };
    Ok(Drawn { picture, page, verdict })
}

/// Width and height of the file, as its kind measures them.
fn facts_of(page: [f64; 2], measured: Measured) -> String {
    let [width_mm, height_mm] = page.map(|side| side / 72.0 * 25.4);
    let millimetres = format!("{width_mm:.0} × {height_mm:.0} mm");
    let Measured::Pixels(dpi) = measured else { return millimetres };
    let dpi = dpi.get();
    let [width, height] = page.map(|side| (side * f64::from(dpi) / 72.0).round());
    format!("{width:.0} × {height:.0} pixels, {millimetres} at {dpi} dpi")
}

/// What shows through a transparent page.
fn squares(ui: &Ui) -> TextureHandle {
    let [light, dark] = theme::SQUARES;
    let image = ColorImage::new([2, 2], vec![light, dark, dark, light]);
    let options = TextureOptions { wrap_mode: TextureWrapMode::Repeat, ..TextureOptions::NEAREST };
    ui.ctx().load_texture("transparent page", image, options)
}
