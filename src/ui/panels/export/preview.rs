//! What the file will look like, drawn on another thread. While one preview is drawn, only the newest wish waits.

use egui::{ColorImage, Image, Pos2, Rect, RichText, Sense, TextureHandle, TextureOptions, TextureWrapMode, Ui, Vec2};

use crate::{
    engine::{Outcome, RunSpec},
    figure::{Dpi, FigureStyle, FileFormat, Ground, Illegible, Picture, figure, illegible, render},
    ui::{
        jobs::{
            background::{Background, Finished},
            pictures::Frame,
        },
        theme,
        widgets::with_accessible_name,
    },
};

/// Side of the squares behind a transparent page, in points.
const SQUARE: f32 = 8.0;

/// What a preview depends on.
#[derive(Clone, PartialEq)]
struct Wish {
    spec: RunSpec,
    style: FigureStyle,
    /// Most pixels that there is room for.
    room: [u32; 2],
}

struct Drawn {
    picture: Picture,
    /// In points (1/72 inch).
    page: [f64; 2],
    illegible: Option<Illegible>,
}

/// A figure on screen.
struct Shown {
    texture: TextureHandle,
    page: [f64; 2],
    illegible: Option<Illegible>,
}

#[derive(Default)]
pub struct Preview {
    wish: Option<Wish>,
    drawing: Background<Result<Drawn, String>>,
    shown: Option<Result<Shown, String>>,
    squares: Option<TextureHandle>,
}

impl Preview {
    pub fn is_drawing(&self) -> bool {
        self.drawing.is_running()
    }

    /// The preview in a box of `size` points, and what the file will be under it.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        frame: Option<&Frame>,
        style: &FigureStyle,
        format: Option<FileFormat>,
        size: Vec2,
    ) {
        self.poll(ui);
        if let Some(frame) = frame {
            self.ask(ui, frame, style, size);
        }
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        ui.painter().rect_filled(rect, theme::RADIUS, theme::of(ui).ground);
        let mut facts = " ".to_owned();
        match &self.shown {
            Some(Ok(Shown { texture, page, .. })) => {
                let scale = (size / texture.size_vec2()).min_elem();
                let picture = Rect::from_center_size(rect.center(), texture.size_vec2() * scale);
                if style.ground == Ground::Transparent {
                    let squares = self.squares.get_or_insert_with(|| squares(ui));
                    let uv = Rect::from_min_max(Pos2::ZERO, (picture.size() / (2.0 * SQUARE)).to_pos2());
                    ui.painter().image(squares.id(), picture, uv, theme::UNTINTED);
                }
                Image::from_texture((texture.id(), picture.size())).paint_at(ui, picture);
                facts = facts_of(*page, style, format);
            }
            Some(Err(message)) => {
                let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect.shrink(theme::space::L)));
                child.centered_and_justified(|ui| ui.label(RichText::new(message).color(theme::of(ui).error)));
            }
            None => {
                let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect));
                child.centered_and_justified(Ui::spinner);
            }
        }
        with_accessible_name(response, "Preview of the figure");
        ui.label(RichText::new(facts).small().color(theme::of(ui).text_weak));
        if let Some(Ok(Shown { illegible: Some(illegible), .. })) = &self.shown {
            ui.label(RichText::new(format!("{illegible}.")).small().color(theme::of(ui).warning));
        }
    }

    fn poll(&mut self, ui: &Ui) {
        while let Some(finished) = self.drawing.poll() {
            self.shown = Some(match finished {
                Finished::Done(Ok(Drawn { picture, page, illegible })) => {
                    let image = ColorImage::from_rgba_unmultiplied([picture.width, picture.height], &picture.rgba);
                    let texture = ui.ctx().load_texture("export preview", image, TextureOptions::LINEAR);
                    Ok(Shown { texture, page, illegible })
                }
                Finished::Done(Err(message)) => Err(message),
                Finished::Broken => Err("The preview could not be drawn: internal error.".to_owned()),
            });
        }
    }

    fn ask(&mut self, ui: &Ui, frame: &Frame, style: &FigureStyle, size: Vec2) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred pixels")]
        let room = [size.x, size.y].map(|side| (side * ui.pixels_per_point()).max(1.0) as u32);
        let wish = Wish { spec: frame.spec.clone(), style: style.clone(), room };
        if self.drawing.is_running() || self.wish.as_ref() == Some(&wish) {
            return;
        }
        let (outcome, style) = (frame.outcome.clone(), style.clone());
        self.wish = Some(wish);
        self.drawing.start(ui.ctx(), "export preview", move || draw(&outcome, &style, room));
    }
}

/// At the resolution at which the whole page just fits.
fn draw(outcome: &Outcome, style: &FigureStyle, room: [u32; 2]) -> Result<Drawn, String> {
    let figure = figure(outcome, style).map_err(|error| error.to_string())?;
    let page = [figure.width, figure.height];
    let fitting = page.iter().zip(room).map(|(side, room)| f64::from(room) * 72.0 / side).fold(2400.0, f64::min);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between the ends of a resolution")]
    let dpi = Dpi::new(fitting.clamp(36.0, 2400.0) as u32).unwrap_or_default();
    let picture = render(&figure, dpi).map_err(|error| error.to_string())?;
    Ok(Drawn { picture, page, illegible: illegible(outcome, style) })
}

/// Width and height of the file, as its kind measures them.
fn facts_of(page: [f64; 2], style: &FigureStyle, format: Option<FileFormat>) -> String {
    let dpi = style.dpi.get();
    let [width_mm, height_mm] = page.map(|side| side / 72.0 * 25.4);
    let millimetres = format!("{width_mm:.0} × {height_mm:.0} mm");
    if matches!(format, Some(FileFormat::Svg | FileFormat::Pdf)) {
        return millimetres;
    }
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
