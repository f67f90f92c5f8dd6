//! A resolved figure as PDF: the SVG's tree on one page, with the session in the document's metadata.

use std::collections::HashMap;

use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, TextStr};
use resvg::usvg;
use svg2pdf::ConversionOptions;

use super::{Figure, FigureError, TextMode, payload::xmp_packet, pdf_order::ordered, svg, text};

/// The figure on the page.
const FIGURE: Name<'static> = Name(b"Figure");

/// The figure as a PDF document of one page, with the session that it shows as `payload` (see
/// [`payload`](super::payload)). It names no time: the same figure gives the same bytes.
///
/// # Errors
/// When a heatmap's picture or a text cannot be written.
pub fn to_pdf(figure: &Figure, text: TextMode, payload: Option<&str>) -> Result<Vec<u8>, FigureError> {
    let tree = usvg::Tree::from_str(&svg::write(figure, svg::Medium::Print, None)?, &text::svg_options())?;
    let options = ConversionOptions { embed_text: text == TextMode::Embedded, ..ConversionOptions::default() };
    let (chunk, drawing) = svg2pdf::to_chunk(&tree, options).map_err(|error| FigureError::Pdf(error.to_string()))?;

    let mut next = Ref::new(1);
    let [catalog, pages, page, content, metadata, info] = std::array::from_fn(|_| next.bump());
    let mut renumbered = HashMap::new();
    let chunk = chunk.renumber(|old| *renumbered.entry(old).or_insert_with(|| next.bump()));
    let drawing = renumbered.get(&drawing).copied().unwrap_or(drawing);

    let mut pdf = Pdf::new();
    let mut root = pdf.catalog(catalog);
    root.pages(pages);
    if payload.is_some() {
        root.metadata(metadata);
    }
    root.finish();
    pdf.pages(pages).kids([page]).count(1);
    #[expect(clippy::cast_possible_truncation, reason = "what a PDF holds")]
    let [width, height] = [figure.width, figure.height].map(|side| side as f32);
    let mut sheet = pdf.page(page);
    sheet.parent(pages).media_box(Rect::new(0.0, 0.0, width, height)).contents(content);
    sheet.resources().x_objects().pair(FIGURE, drawing);
    sheet.finish();
    let mut drawn = Content::new();
    drawn.transform([width, 0.0, 0.0, height, 0.0, 0.0]).x_object(FIGURE);
    pdf.stream(content, &drawn.finish());
    if let Some(payload) = payload {
        // Uncompressed, so that it is found without reading the document.
        pdf.metadata(metadata, xmp_packet(payload).as_bytes());
    }
    pdf.document_info(info).producer(TextStr("Attenuate"));
    pdf.extend(&chunk);
    let pdf = pdf.finish();
    // In whatever order, it is the same document.
    Ok(ordered(&pdf).unwrap_or(pdf))
}
