//! Figures as files: reference files to the byte, and what other programs find in an SVG and a PDF.

use std::{collections::BTreeSet, fs, io::Read as _, path::PathBuf};

use attenuate::figure::{
    FigureStyle, FileFormat, Fonts, LabelRotation, PanelMetric, Picture, TextMode, draw, figure, render,
};

use super::{Dpi, Ground, Item, Mask, Quantity, support, texts};

fn references() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/figure/references")
}

/// Name, format and looks of each.
fn referred() -> Vec<(&'static str, FileFormat, FigureStyle)> {
    let dpi = Dpi::new(72).unwrap();
    let plain = FigureStyle { dpi, ..FigureStyle::default() };
    let row = FigureStyle {
        dpi,
        rows: "query".parse().ok(),
        page: "140".parse().unwrap(),
        ground: Ground::Dark,
        label_rotation: LabelRotation::Slanted,
        metrics: PanelMetric::ALL.into(),
        ..FigureStyle::of(Quantity::Difference)
    };
    let panel = FigureStyle {
        title: Some(String::new()),
        rows: "value".parse().ok(),
        columns: "2".parse().unwrap(),
        page: "600x500px".parse().unwrap(),
        ground: Ground::Transparent,
        text: TextMode::Paths,
        ..plain.clone()
    };
    vec![
        ("figure.png", FileFormat::Png, plain.clone()),
        ("figure.svg", FileFormat::Svg, plain.clone()),
        ("figure.pdf", FileFormat::Pdf, plain),
        ("row.png", FileFormat::Png, row.clone()),
        ("row.pdf", FileFormat::Pdf, row),
        ("panel.png", FileFormat::Png, panel.clone()),
        ("panel.svg", FileFormat::Svg, panel),
    ]
}

/// `ATTENUATE_BLESS=1` writes them anew, to be looked at before they are committed.
#[test]
fn files_are_the_references_to_the_byte() {
    let bless = std::env::var_os("ATTENUATE_BLESS").is_some();
    for (name, format, style) in referred() {
        let bytes = draw(&support::captured(), &style, format, None).unwrap();
        let path = references().join(name);
        if bless {
            fs::write(&path, &bytes).unwrap();
        }
        assert!(fs::read(&path).unwrap() == bytes, "{name} is another file than {}", path.display());
    }
}

#[test]
fn an_svg_is_small_whole_and_has_the_figures_words() {
    for text in [TextMode::Embedded, TextMode::Paths] {
        let style = FigureStyle { text, ..FigureStyle::default() };
        let svg = draw(&support::captured(), &style, FileFormat::Svg, Some(r#"{"a":1}"#)).unwrap();
        assert!(svg.len() <= 300_000, "{text:?}: {} bytes", svg.len());
        let svg = String::from_utf8(svg).unwrap();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let found: Vec<String> = document
            .descendants()
            .filter(|node| node.has_tag_name("text"))
            .map(|node| node.descendants().filter_map(|part| part.text().filter(|_| part.is_text())).collect())
            .collect();
        let figure = figure(&support::captured(), &style).unwrap();
        let expected: Vec<&str> = texts(&figure).map(|text| text.text.as_str()).collect();
        match text {
            TextMode::Embedded => {
                assert_eq!(found, expected);
                let words = document.descendants().find(|node| node.has_tag_name("text")).unwrap().parent().unwrap();
                assert_eq!(words.attribute("fill-opacity"), Some("0"), "what is drawn are outlines");
            }
            TextMode::Paths => assert!(found.is_empty()),
        }
        // Nothing is fetched from elsewhere: no program shows it otherwise than another.
        for attribute in document.descendants().flat_map(|node| node.attributes().collect::<Vec<_>>()) {
            let value = attribute.value();
            assert!(!value.contains("http") && !value.starts_with("file"), "{value}");
        }
        assert!(!svg.contains("@import") && !svg.contains("url(http"));
        let drawn = svg.matches("<use xlink:href=\"#t").count();
        assert_eq!(drawn, expected.len(), "each text as glyphs");
        // A plain href is not read by Inkscape 1.2.
        assert!(!svg.contains(" href="));
    }
}

/// The streams of a PDF, each with its dictionary.
fn streams(pdf: &[u8]) -> Vec<(String, Vec<u8>)> {
    let find = |from: usize, part: &[u8]| {
        pdf[from..].windows(part.len()).position(|window| window == part).map(|place| from + place)
    };
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(begin) = find(at, b"\nstream\n") {
        let object = pdf[..begin].windows(6).rposition(|window| window == b" 0 obj").unwrap();
        let dictionary = String::from_utf8(pdf[object..begin].to_vec()).unwrap();
        let length = dictionary.split_once("/Length ").unwrap().1;
        let length: usize = length.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
        let content = &pdf[begin + 8..begin + 8 + length];
        let mut bytes = Vec::new();
        if dictionary.contains("/FlateDecode") {
            flate2::read::ZlibDecoder::new(content).read_to_end(&mut bytes).unwrap();
        } else {
            bytes.extend(content);
        }
        found.push((dictionary, bytes));
        at = begin + 8 + length;
    }
    found
}

#[test]
fn a_pdf_has_the_figures_page_cells_and_fonts() {
    let style = FigureStyle::default();
    let figure = figure(&support::captured(), &style).unwrap();
    let pdf = draw(&support::captured(), &style, FileFormat::Pdf, None).unwrap();
    let text = String::from_utf8_lossy(&pdf);
    let page = text.split_once("/MediaBox[0 0 ").unwrap().1.split_once(']').unwrap().0;
    let sides: Vec<f64> = page.split(' ').map(|side| side.parse().unwrap()).collect();
    assert!((sides[0] - figure.width).abs() < 0.01 && (sides[1] - figure.height).abs() < 0.01, "{page}");

    // One picture without loss for each heatmap, a pixel for a cell.
    let streams = streams(&pdf);
    let pictures: Vec<&Vec<u8>> =
        streams.iter().filter(|(d, _)| d.contains("/Subtype/Image")).map(|(_, bytes)| bytes).collect();
    let cells = |heatmap: &attenuate::figure::HeatmapItem| -> Vec<u8> {
        let cell = |query, key| match heatmap.measure.exact(query, key) {
            Some(value) => heatmap.palette.color(value as f32),
            None => heatmap.palette.masked(),
        };
        (0..24).flat_map(|query| (0..24).flat_map(move |key| cell(query, key).0)).collect()
    };
    for heatmap in &figure.heatmaps {
        let expected = cells(heatmap);
        let close = |picture: &Vec<u8>| {
            picture.len() == expected.len() && picture.iter().zip(&expected).all(|(a, b)| a.abs_diff(*b) <= 4)
        };
        assert!(pictures.iter().any(|picture| close(picture)), "a heatmap without its picture");
    }
    let fonts: BTreeSet<&str> =
        text.split("/BaseFont/").skip(1).map(|rest| rest.split(['/', '-', '>']).next().unwrap()).collect();
    assert_eq!(fonts.len(), 1, "{fonts:?}");
    assert!(text.contains("/FontFile2") && text.contains("/ToUnicode"), "embedded, and to be searched");

    let outlined = FigureStyle { text: TextMode::Paths, ..style };
    let pdf = draw(&support::captured(), &outlined, FileFormat::Pdf, None).unwrap();
    assert!(!String::from_utf8_lossy(&pdf).contains("/FontFile2"));
}

/// The XMP packets of a PDF.
fn packets(pdf: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(pdf);
    let packets = text.split("<?xpacket begin=").skip(1).map(|rest| rest.split("<?xpacket end=").next().unwrap());
    packets.map(|packet| packet.split_once("?>").unwrap().1.to_owned()).collect()
}

#[test]
fn a_pdf_has_a_title_a_description_and_no_time() {
    let draw = |style: &FigureStyle, payload| draw(&support::captured(), style, FileFormat::Pdf, payload).unwrap();
    let style = FigureStyle { title: Some("Query & Key <Ω> ‖v‖".to_owned()), ..FigureStyle::default() };
    let pdf = draw(&style, Some(r#"{"a":"<&>"}"#));
    let text = String::from_utf8_lossy(&pdf);
    for part in ["/StructTreeRoot", "/Marked true", "/Lang(en)", "/DisplayDocTitle true", "/S/Figure", "/Alt"] {
        assert!(text.contains(part), "{part}");
    }
    for time in ["CreationDate", "ModDate", "CreateDate", "ModifyDate"] {
        assert!(!text.contains(time), "{time}: it names no time");
    }
    let packets = packets(&pdf);
    assert_eq!(packets.len(), 2, "the document's own, and the session's");
    let read = |packet: &str, name: &str| {
        let document = roxmltree::Document::parse(packet.trim()).unwrap();
        let element = document.descendants().find(|node| node.tag_name().name() == name);
        element.map(|node| {
            node.descendants().filter_map(|part| part.text().filter(|_| part.is_text())).collect::<String>()
        })
    };
    let found = |name: &str| packets.iter().find_map(|packet| read(packet, name)).map(|text| text.trim().to_owned());
    assert_eq!(found("title").unwrap(), "Query & Key <Ω> ‖v‖");
    let description = found("description").unwrap();
    assert!(description.contains("Attention Weight") && description.contains("Modifying Key with ε = 1e-10"));
    assert_eq!(found("part").unwrap(), "1", "PDF/UA-1");
    assert_eq!(found("session").unwrap(), r#"{"a":"<&>"}"#);

    let untitled = FigureStyle { title: Some(String::new()), ..FigureStyle::default() };
    assert!(String::from_utf8_lossy(&draw(&untitled, None)).contains("Attention Weight"), "it has a name all the same");
}

#[test]
fn a_pdf_is_the_same_bytes_on_every_run_whatever_fonts_have() {
    let mut outcome = support::captured();
    let mut tokens = outcome.tokens.to_vec();
    tokens[3].text = "‖ → ✓".to_owned();
    outcome.tokens = tokens.into();
    let own = FigureStyle { fonts: Fonts::own(), ..FigureStyle::default() };
    let draw = || draw(&outcome, &own, FileFormat::Pdf, None).unwrap();
    let first = draw();
    assert!(String::from_utf8_lossy(&first).matches("/FontFile2").count() == 2);
    assert!((0..6).all(|_| draw() == first));

    // A character that no font has: its code point stands there, and the document is accessible all the same.
    let mut tokens = outcome.tokens.to_vec();
    tokens[4].text = "猫".to_owned();
    outcome.tokens = tokens.into();
    let style = FigureStyle { fonts: Fonts::own(), ..FigureStyle::default() };
    let draw = || attenuate::figure::draw(&outcome, &style, FileFormat::Pdf, None).unwrap();
    let pdf = draw();
    assert!(String::from_utf8_lossy(&pdf).contains("pdfuaid"));
    assert!(String::from_utf8_lossy(&pdf).contains("/StructTreeRoot"));
    assert!(draw() == pdf);
}

/// Above a size a heatmap is a picture in a vector file too: it stays sharp, and the file stays small.
#[test]
fn large_heatmaps_are_pictures_in_vector_files() {
    let outcome = support::synthetic(300, Mask::CAUSAL);
    let figure = figure(&outcome, &FigureStyle::default()).unwrap();
    assert_eq!(figure.heatmaps.len(), 9);
    let svg = draw(&outcome, &FigureStyle::default(), FileFormat::Svg, None).unwrap();
    let svg = String::from_utf8(svg).unwrap();
    assert_eq!(svg.matches("<image").count(), 9);
    assert!(svg.contains("image-rendering"), "nearest, never smoothed");
    assert!(svg.len() < 3_000_000, "{}", svg.len());
}

/// Tall enough for several bands, each of which is drawn as it would be in one picture.
#[test]
fn bands_meet_without_a_seam() {
    let style = FigureStyle { page: "3000x3000px".parse().unwrap(), ..FigureStyle::default() };
    let figure = figure(&support::captured(), &style).unwrap();
    let Picture { width, height, rgba } = render(&figure, style.dpi).unwrap();
    let png = draw(&support::captured(), &style, FileFormat::Png, None).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    assert_eq!((width, height), (3000, 3000));
    // Bands take 32 MB: `figure/png.rs`.
    assert!(rgba.len() > 32 << 20, "more than one band");
    assert!(rgba.chunks_exact(4).zip(pixels.chunks_exact(3)).all(|(whole, banded)| whole[..3] == *banded));
    assert!(figure.items.iter().any(|item| matches!(item, Item::Text(_))));
}
