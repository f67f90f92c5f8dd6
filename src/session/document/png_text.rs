//! The text chunk of a PNG that holds a session: `iTXt`, or what other programs make of it when they write the picture
//! again: compressed, `zTXt` or `tEXt`.
//!
//! The chunks are walked over and no pixel is looked at: a picture of any size costs its few chunks.

use std::io::{BufReader, ErrorKind, Read, Seek};

use flate2::{Crc, read::ZlibDecoder};

use super::{
    error::Problem,
    format::{KEYWORD, MOST_BYTES},
};

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// Ours has a few dozen; a picture in pieces of 8 KiB would have 800 MB.
const MOST_CHUNKS: usize = 100_000;
/// Around the text: keyword, flags, language, and the keyword in that language.
const MOST_AROUND: u64 = 4096;

/// The text, as it stands there.
pub fn session(file: impl Read + Seek) -> Result<Vec<u8>, Problem> {
    let mut file = BufReader::new(file);
    if read::<8>(&mut file)? != SIGNATURE {
        return Err(Problem::Picture("it does not begin as a PNG does"));
    }
    for _ in 0..MOST_CHUNKS {
        let length = u32::from_be_bytes(read(&mut file)?);
        let kind = read::<4>(&mut file)?;
        match &kind {
            b"IEND" => return Err(Problem::None),
            b"iTXt" | b"zTXt" | b"tEXt" => {
                if let Some(text) = text_chunk(&mut file, kind, length)? {
                    return Ok(text);
                }
            }
            // Contents and checksum.
            _ => file.seek_relative(i64::from(length) + 4).map_err(Problem::Read)?,
        }
    }
    Err(Problem::Picture("it has too many chunks"))
}

fn read<const N: usize>(file: &mut impl Read) -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes).map_err(cut_off)?;
    Ok(bytes)
}

fn cut_off(error: std::io::Error) -> Problem {
    if error.kind() == ErrorKind::UnexpectedEof { Problem::Picture("it is cut off") } else { Problem::Read(error) }
}

/// The session of the chunk behind `kind`; `None` where the chunk is another's, which is then behind us.
fn text_chunk<F: Read + Seek>(file: &mut BufReader<F>, kind: [u8; 4], length: u32) -> Result<Option<Vec<u8>>, Problem> {
    let length = u64::from(length);
    let keyword_length = KEYWORD.len() as u64 + 1;
    let mut chunk = Vec::new();
    file.by_ref().take(length.min(keyword_length)).read_to_end(&mut chunk).map_err(Problem::Read)?;
    if chunk.strip_suffix(b"\0") != Some(KEYWORD.as_bytes()) {
        let rest = length - chunk.len() as u64 + 4;
        file.seek_relative(rest.cast_signed()).map_err(Problem::Read)?;
        return Ok(None);
    }
    if length > MOST_BYTES + MOST_AROUND {
        return Err(Problem::TooLarge { most: MOST_BYTES, found: length });
    }
    file.by_ref().take(length - keyword_length).read_to_end(&mut chunk).map_err(Problem::Read)?;
    let stored = u32::from_be_bytes(read(file)?);
    if chunk.len() as u64 != length {
        return Err(Problem::Picture("it is cut off"));
    }
    let mut crc = Crc::new();
    crc.update(&kind);
    crc.update(&chunk);
    if crc.sum() != stored {
        return Err(Problem::Picture("the checksum of the session’s chunk is wrong"));
    }
    text(kind, &chunk[KEYWORD.len() + 1..]).map(Some)
}

/// What stands behind the keyword.
fn text(kind: [u8; 4], rest: &[u8]) -> Result<Vec<u8>, Problem> {
    const MALFORMED: Problem = Problem::Picture("the session’s chunk is malformed");
    match (&kind, rest) {
        (b"tEXt", text) => Ok(text.to_vec()),
        (b"zTXt", [0, deflated @ ..]) => inflated(deflated),
        (b"iTXt", [flag @ (0 | 1), method, rest @ ..]) if *flag == 0 || *method == 0 => {
            // The language and the keyword in that language.
            let mut parts = rest.splitn(3, |&byte| byte == 0);
            let text = parts.nth(2).ok_or(MALFORMED)?;
            if *flag == 0 { Ok(text.to_vec()) } else { inflated(text) }
        }
        _ => Err(MALFORMED),
    }
}

fn inflated(deflated: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut text = Vec::new();
    let result = ZlibDecoder::new(deflated).take(MOST_BYTES + 1).read_to_end(&mut text);
    result.map_err(|_| Problem::Picture("the session’s chunk cannot be decompressed"))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(Problem::TooLarge { most: MOST_BYTES, found: text.len() as u64 });
    }
    Ok(text)
}
