//! A resolved figure as PDF: one tagged page, with the session as an attached XMP packet. Matches items exhaustively and
//! decides nothing.

use std::collections::{BTreeMap, btree_map::Entry};

use krilla::{
    Document, SerializeSettings,
    color::rgb,
    configure::{Accessibility, Configuration, ConfigurationBuilder},
    destination::XyzDestination,
    embed::{AssociationKind, EmbeddedFile, MimeType},
    error::{KrillaError, KrillaResult},
    geom::{Path, PathBuilder, Point, Rect as PdfRect, Size, Transform},
    image::Image,
    metadata::Metadata,
    outline::{Outline, OutlineNode},
    page::PageSettings,
    paint::{Fill, Stroke},
    surface::Surface,
    tagging::{BBox, ContentTag, Identifier, Tag, TagGroup, TagTree},
    text::{Font as PdfFont, GlyphId, KrillaGlyph},
};

use super::color_runs::{Run, color_runs};
use crate::figure::{
    Detail, Figure, FigureError, Fonts, HeatmapItem, Item, Picture, Rect, Rgb, Text, TextMode,
    payload::xmp_packet,
    text::{
        fonts::Font,
        shaping::{Glyph, Line, one_line, shape},
    },
};

/// The language of a figure's own words.
const LANGUAGE: &str = "en";
/// Name of the attached file that holds the session.
const SESSION_FILE: &str = "attenuate-session.xmp";

/// The figure as a PDF document of one page, with the session that it shows as `payload` (see
/// [`payload`](crate::figure::payload)). It names no time: the same figure gives the same bytes.
///
/// The document is accessible (PDF/UA-1): it has the figure's name, description and language. Only where a text has a
/// character that no font has is it an ordinary tagged document.
///
/// # Errors
/// When a font or the document cannot be written.
pub fn to_pdf(figure: &Figure, text: TextMode, payload: Option<&str>) -> Result<Vec<u8>, FigureError> {
    let accessible = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1).finish();
    let written = match document(figure, text, payload, accessible.unwrap_or_default()) {
        Err(KrillaError::Validation(_)) => document(figure, text, payload, Configuration::default()),
        written => written,
    };
    written.map_err(|error| FigureError::Pdf(error.to_string()))
}

fn document(
    figure: &Figure,
    text: TextMode,
    payload: Option<&str>,
    configuration: Configuration,
) -> KrillaResult<Vec<u8>> {
    let mut document = Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    let content = draw_page(&mut document, figure, text);
    let bounds = PdfRect::from_xywh(0.0, 0.0, number(figure.width), number(figure.height));
    let tag = Tag::Figure(Some(figure.description.clone())).with_bbox(bounds.map(|rect| BBox::new(0, rect)));
    document.set_tag_tree(TagTree::from(vec![TagGroup::with_children(tag, vec![content.into()]).into()]));
    let mut outline = Outline::new();
    outline.push_child(OutlineNode::new(figure.name.clone(), XyzDestination::new(0, Point::from_xy(0.0, 0.0))));
    document.set_outline(outline);
    document.set_metadata(
        Metadata::new()
            .title(figure.name.clone())
            .description(description(figure))
            .language(LANGUAGE.to_owned())
            .producer("Attenuate".to_owned()),
    );
    if let Some(payload) = payload {
        document.embed_file(session_file(payload));
    }
    document.finish()
}

/// The figure in words, and which fonts of the machine it is drawn with.
fn description(figure: &Figure) -> String {
    let fonts: Vec<&str> = figure.machine_fonts().into_iter().collect();
    let fonts = if fonts.is_empty() { String::new() } else { format!(". Fonts of the machine: {}", fonts.join(", ")) };
    format!("{}{fonts}", figure.description)
}

/// Draws the figure on a page of its size; what is drawn is told by the identifier.
fn draw_page(document: &mut Document, figure: &Figure, text: TextMode) -> Identifier {
    // Every page has a size: it is at least 20 mm wide and high.
    let size = PageSettings::from_wh(number(figure.width), number(figure.height)).unwrap_or_default();
    let mut page = document.start_page_with(size);
    let mut drawing = Drawing { surface: page.surface(), text, machine: &figure.fonts, fonts: BTreeMap::new() };
    let content = drawing.surface.start_tagged(ContentTag::Other);
    drawing.figure(figure);
    drawing.surface.end_tagged();
    drawing.surface.finish();
    content
}

/// The session as an attached file, uncompressed, so that it is found without reading the document.
fn session_file(payload: &str) -> EmbeddedFile {
    EmbeddedFile {
        path: SESSION_FILE.to_owned(),
        mime_type: MimeType::new("application/rdf+xml"),
        description: Some("The session that the figure shows; Attenuate opens it from this document".to_owned()),
        association_kind: AssociationKind::Source,
        data: xmp_packet(payload).into_bytes().into(),
        modification_date: None,
        compress: Some(false),
        location: None,
    }
}

/// A page while it is drawn.
struct Drawing<'a> {
    surface: Surface<'a>,
    text: TextMode,
    machine: &'a Fonts,
    /// Those that texts were drawn with.
    fonts: BTreeMap<Font, PdfFont>,
}

impl Drawing<'_> {
    fn figure(&mut self, figure: &Figure) {
        if let Some(ground) = figure.ground {
            let Figure { width, height, .. } = *figure;
            self.fill(rectangle(Rect { x: 0.0, y: 0.0, width, height }), ground);
        }
        for heatmap in &figure.heatmaps {
            self.heatmap(heatmap);
        }
        for item in &figure.items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Rect { rect, fill } => self.fill(rectangle(*rect), *fill),
            Item::Triangle { corners, fill } => self.fill(path(corners, End::Closed), *fill),
            Item::Frame { rect, width, color } => self.stroke(rectangle(*rect), *width, *color),
            Item::Line { from, to, width, color } => self.stroke(path(&[*from, *to], End::Open), *width, *color),
            Item::Text(text) => self.text(text),
        }
    }

    fn fill(&mut self, path: Option<Path>, color: Rgb) {
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(fill(color)));
        if let Some(path) = path {
            self.surface.draw_path(&path);
        }
    }

    fn stroke(&mut self, path: Option<Path>, width: f64, color: Rgb) {
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke { paint: paint(color).into(), width: number(width), ..Stroke::default() }));
        if let Some(path) = path {
            self.surface.draw_path(&path);
        }
    }

    fn text(&mut self, text: &Text) {
        let printed = one_line(&text.text);
        let line = shape(&printed, self.machine);
        let [x, y] = text.at.map(number);
        let turned = Transform::from_rotate_at(text.turn.degrees() as f32, x, y);
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(fill(text.color)));
        self.surface.push_transform(&turned);
        let start = text.at[0] - text.anchor.part() * line.advance * text.size;
        for (glyphs, end) in runs(&line) {
            let Some(font) = self.font(glyphs[0].font) else { continue };
            let start = Point::from_xy(number(start + glyphs[0].x * text.size), y);
            let outlined = self.text == TextMode::Paths;
            self.surface.draw_glyphs(start, &placed(glyphs, end), font, &printed, number(text.size), outlined);
        }
        self.surface.pop();
    }

    fn font(&mut self, font: Font) -> Option<PdfFont> {
        match self.fonts.entry(font) {
            Entry::Occupied(known) => Some(known.get().clone()),
            Entry::Vacant(place) => Some(place.insert(PdfFont::new(font.file().into(), font.index())?).clone()),
        }
    }

    fn heatmap(&mut self, heatmap: &HeatmapItem) {
        match heatmap.detail {
            Detail::Shapes => {
                let n_positions = heatmap.measure.n_positions();
                let picture = heatmap.picture([n_positions; 2]);
                // Where a viewer softens edges, the ground would shine through between two shapes: beneath them lies
                // their picture.
                self.picture(&picture, heatmap.rect);
                self.shapes(&picture, heatmap.rect);
            }
            Detail::Picture { side } => self.picture(&heatmap.picture([side; 2]), heatmap.rect),
        }
    }

    /// A pixel for each cell, never smoothed.
    fn picture(&mut self, picture: &Picture, rect: Rect) {
        let sides = [picture.width, picture.height].map(|side| u32::try_from(side).unwrap_or(u32::MAX));
        let Some(size) = Size::from_wh(number(rect.width), number(rect.height)) else { return };
        self.surface.push_transform(&Transform::from_translate(number(rect.x), number(rect.y)));
        self.surface.draw_image(Image::from_rgba8(picture.rgba.clone(), sides[0], sides[1]), size);
        self.surface.pop();
    }

    /// One path for each colour, of runs of equal cells, in units of a cell.
    fn shapes(&mut self, picture: &Picture, rect: Rect) {
        let [across, down] = [(rect.width, picture.width), (rect.height, picture.height)]
            .map(|(length, cells)| length / cells.max(1) as f64);
        #[expect(clippy::cast_possible_truncation, reason = "what a PDF holds")]
        let cells = Transform::from_row(across as f32, 0.0, 0.0, down as f32, number(rect.x), number(rect.y));
        self.surface.push_transform(&cells);
        for (color, runs) in color_runs(picture) {
            let mut path = PathBuilder::new();
            for Run { x, y, width } in runs {
                if let Some(rect) = PdfRect::from_xywh(x as f32, y as f32, width as f32, 1.0) {
                    path.push_rect(rect);
                }
            }
            self.fill(path.finish(), color);
        }
        self.surface.pop();
    }
}

/// Glyphs of one font that follow each other, and where the next ones begin, from the start of the line in em.
fn runs(line: &Line) -> impl Iterator<Item = (&[Glyph], f64)> {
    let mut rest = line.glyphs.as_slice();
    line.glyphs.chunk_by(|a, b| a.font == b.font).map(move |run| {
        rest = &rest[run.len()..];
        (run, rest.first().map_or(line.advance, |next| next.x))
    })
}

/// The glyphs of a run, each as wide as it is to the next one.
fn placed(run: &[Glyph], end: f64) -> Vec<KrillaGlyph> {
    let ends = run.iter().skip(1).map(|next| next.x).chain([end]);
    let glyph = |(glyph, end): (&Glyph, f64)| {
        #[expect(clippy::cast_possible_truncation, reason = "what a PDF holds")]
        let [x_advance, x_offset, y_offset] = [end - glyph.x, glyph.offset[0], glyph.offset[1]].map(|em| em as f32);
        KrillaGlyph {
            glyph_id: GlyphId::new(glyph.id.0.into()),
            text_range: glyph.text.clone(),
            x_advance,
            x_offset,
            y_offset,
            y_advance: 0.0,
            location: None,
        }
    };
    run.iter().zip(ends).map(glyph).collect()
}

/// Whether a line of points ends where it began.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    Closed,
}

fn path(points: &[[f64; 2]], end: End) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (index, point) in points.iter().enumerate() {
        let [x, y] = point.map(number);
        if index == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    if end == End::Closed {
        path.close();
    }
    path.finish()
}

fn rectangle(rect: Rect) -> Option<Path> {
    let Rect { x, y, .. } = rect;
    path(&[[x, y], [rect.right(), y], [rect.right(), rect.bottom()], [x, rect.bottom()]], End::Closed)
}

fn fill(color: Rgb) -> Fill {
    Fill { paint: paint(color).into(), ..Fill::default() }
}

fn paint(Rgb([red, green, blue]): Rgb) -> rgb::Color {
    rgb::Color::new(red, green, blue)
}

/// A length in thousandths of a point.
#[expect(clippy::cast_possible_truncation, reason = "what a PDF holds")]
fn number(length: f64) -> f32 {
    ((length * 1000.0).round() / 1000.0) as f32
}
