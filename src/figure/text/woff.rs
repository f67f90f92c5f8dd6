//! A font as WOFF 1.0 (<https://www.w3.org/TR/WOFF/>): its tables, each compressed by itself.

use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};

use super::truetype::Tables;

const HEADER: usize = 44;
const RECORD: usize = 20;
/// Of `head`, the sum over the whole font, which begins at this byte.
const ADJUSTMENT: usize = 8;

/// The tables as a file; `None` where one is too long for it.
pub fn write(mut tables: Tables<'_>) -> Option<Vec<u8>> {
    tables.get_mut(b"head")?.to_mut().get_mut(ADJUSTMENT..ADJUSTMENT + 4)?.fill(0);
    let adjustment = 0xB1B0_AFBA_u32.wrapping_sub(sum_of_font(&tables)?);
    let records_end = HEADER + RECORD * tables.len();
    let (mut records, mut data) = (Vec::new(), Vec::new());
    for (name, table) in &tables {
        let sum = checksum(table);
        let mut table = table.to_vec();
        if name == b"head" {
            table.get_mut(ADJUSTMENT..ADJUSTMENT + 4)?.copy_from_slice(&adjustment.to_be_bytes());
        }
        let packed = Some(deflate(&table)?).filter(|packed| packed.len() < table.len());
        let stored = packed.as_ref().unwrap_or(&table);
        records.extend(name);
        for number in [records_end + data.len(), stored.len(), table.len()] {
            records.extend(u32::try_from(number).ok()?.to_be_bytes());
        }
        records.extend(sum.to_be_bytes());
        data.extend(stored);
        data.resize(data.len().next_multiple_of(4), 0);
    }
    let mut file = Vec::with_capacity(records_end + data.len());
    file.extend(b"wOFF");
    file.extend([0, 1, 0, 0]);
    file.extend(u32::try_from(records_end + data.len()).ok()?.to_be_bytes());
    file.extend(u16::try_from(tables.len()).ok()?.to_be_bytes());
    file.extend([0, 0]);
    file.extend(u32::try_from(font_length(&tables)).ok()?.to_be_bytes());
    // Version 1.0, and neither metadata nor private data.
    file.extend([0, 1, 0, 0]);
    file.resize(HEADER, 0);
    file.extend(records);
    file.extend(data);
    Some(file)
}

/// Length of the font as a file of its own.
fn font_length(tables: &Tables<'_>) -> usize {
    12 + tables.values().map(|table| 16 + table.len().next_multiple_of(4)).sum::<usize>()
}

/// Checksum of the font as a file of its own, whose own `checkSumAdjustment` is 0.
fn sum_of_font(tables: &Tables<'_>) -> Option<u32> {
    let count = u16::try_from(tables.len()).ok()?;
    let power = count.ilog2();
    let search = 16_u16.checked_shl(power)?;
    let mut header = vec![0, 1, 0, 0];
    for number in [count, search, u16::try_from(power).ok()?, 16 * count - search] {
        header.extend(number.to_be_bytes());
    }
    let mut at = 12 + 16 * tables.len();
    for (name, table) in tables {
        header.extend(name);
        for number in [checksum(table), u32::try_from(at).ok()?, u32::try_from(table.len()).ok()?] {
            header.extend(number.to_be_bytes());
        }
        at += table.len().next_multiple_of(4);
    }
    Some(tables.values().fold(checksum(&header), |sum, table| sum.wrapping_add(checksum(table))))
}

/// Sum of a table's big-endian words.
fn checksum(table: &[u8]) -> u32 {
    let word = |bytes: &[u8]| {
        let mut word = [0; 4];
        word[..bytes.len()].copy_from_slice(bytes);
        u32::from_be_bytes(word)
    };
    table.chunks(4).map(word).fold(0, u32::wrapping_add)
}

fn deflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, io::Read as _};

    use super::*;
    use crate::figure::text::truetype;

    #[test]
    fn every_table_is_in_the_file_as_it_was() {
        let tables =
            truetype::subset(epaint_default_fonts::UBUNTU_LIGHT, &(36..90).collect::<BTreeSet<u16>>()).unwrap();
        let file = write(tables.clone()).unwrap();
        let number = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!((&file[..4], number(8)), (&b"wOFF"[..], file.len()));
        assert_eq!((number(16), file.len() % 4), (font_length(&tables), 0));
        for (index, (name, table)) in tables.iter().enumerate() {
            let record = HEADER + RECORD * index;
            let [start, stored, length] = [4, 8, 12].map(|at| number(record + at));
            assert_eq!((&file[record..record + 4], length), (&name[..], table.len()));
            let mut read = file[start..start + stored].to_vec();
            if stored < length {
                read.clear();
                flate2::read::ZlibDecoder::new(&file[start..start + stored]).read_to_end(&mut read).unwrap();
            }
            if name == b"head" {
                read[ADJUSTMENT..ADJUSTMENT + 4].copy_from_slice(&table[ADJUSTMENT..ADJUSTMENT + 4]);
            }
            assert!(read == **table, "{name:?}");
        }
    }
}
