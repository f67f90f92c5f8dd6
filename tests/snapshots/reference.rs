//! Reference pictures: read, compared, blessed.

use std::{
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
};

use crate::support::raster::Picture;

/// Most that a channel of a pixel may be off, of 255: what the rounding of another processor's vector instructions and
/// mathematical functions may change.
const CHANNEL: u8 = 10;
/// Most pixels that may be off by more: a last digit of a number.
const PIXELS: usize = 24;

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/references")
}

/// Compares with the reference of this name. Says what is wrong, and where what was found instead lies.
pub fn compare(name: &str, found: &Picture) -> Result<(), String> {
    let path = folder().join(name).with_extension("png");
    let reference = read(&path);
    let difference = match &reference {
        None => Some("there is no such reference".to_owned()),
        Some(reference) => difference(reference, found),
    };
    let Some(difference) = difference else { return Ok(()) };
    if std::env::var_os("ATTENUATE_BLESS").is_some() {
        write(&path, found);
        return Ok(());
    }
    let beside = |what: &str| Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.{what}.png"));
    write(&beside("found"), found);
    let mut message =
        format!("{name}: {difference}.\n  reference {}\n  found     {}", path.display(), beside("found").display());
    if let Some(reference) = reference.filter(|reference| reference.width == found.width) {
        write(&beside("difference"), &marked(&reference, found));
        message.push_str("\n  marked    ");
        message.push_str(&beside("difference").display().to_string());
    }
    Err(message)
}

fn difference(reference: &Picture, found: &Picture) -> Option<String> {
    let size = |picture: &Picture| format!("{}×{}", picture.width, picture.height());
    if size(reference) != size(found) {
        return Some(format!("it is {} pixels, not {}", size(found), size(reference)));
    }
    let off: Vec<usize> =
        (0..found.pixels.len()).filter(|&at| is_off(reference.pixels[at], found.pixels[at])).collect();
    let first = off.first().filter(|_| off.len() > PIXELS)?;
    Some(format!("{} pixels are others, the first at {}, {}", off.len(), first % found.width, first / found.width))
}

fn is_off(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).any(|(a, b)| a.abs_diff(b) > CHANNEL)
}

/// What was found, faint, with the pixels that are off in red.
fn marked(reference: &Picture, found: &Picture) -> Picture {
    let mark =
        |(&a, &b): (&[u8; 3], &[u8; 3])| if is_off(a, b) { [255, 0, 0] } else { b.map(|channel| 192 + channel / 4) };
    Picture { width: found.width, pixels: reference.pixels.iter().zip(&found.pixels).map(mark).collect() }
}

/// `None` where there is no file.
fn read(path: &Path) -> Option<Picture> {
    let mut reader = png::Decoder::new(BufReader::new(File::open(path).ok()?)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight), "{}", path.display());
    Some(Picture { width: info.width as usize, pixels: bytes.as_chunks().0.to_vec() })
}

/// As small as the encoder can make it, as references are kept for good.
pub fn write(path: &Path, picture: &Picture) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let filters = [png::Filter::NoFilter, png::Filter::Up, png::Filter::Adaptive];
    let smallest = filters.map(|filter| encoded(picture, filter)).into_iter().min_by_key(Vec::len);
    fs::write(path, smallest.unwrap()).unwrap();
}

fn encoded(picture: &Picture, filter: png::Filter) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width as u32, picture.height() as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(filter);
    encoder.write_header().unwrap().write_image_data(picture.pixels.as_flattened()).unwrap();
    bytes
}
