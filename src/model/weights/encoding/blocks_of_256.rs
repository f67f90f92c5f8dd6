//! Quantized blocks of 256 numbers, in groups of 16 or 32 with a small scale each: `Q2_K` to `Q6_K`, `IQ4_XS`.

#![expect(clippy::inline_always, reason = "what is called under a dispatch has to be compiled for its instructions")]

use std::hint::black_box;

use super::{blocks_of_32::UNEVEN, floats::scale};

/// Groups of 16: scale · q − minimum, both of four bits
#[inline(always)]
pub fn q2_k(block: &[u8; 84], numbers: &mut [f32; 256]) {
    let (scales, rest) = parts::<16>(block);
    let (twos, rest) = parts::<64>(rest);
    let (d, m) = (scale(rest[0], rest[1]), scale(rest[2], rest[3]));
    for (group, (numbers, &both)) in numbers.as_chunks_mut::<16>().0.iter_mut().zip(scales).enumerate() {
        let (d, m) = (d * f32::from(both & 15), m * f32::from(both >> 4));
        let (start, shift) = place_of_two_bits(group);
        for (number, &byte) in numbers.iter_mut().zip(&alone::<16>(twos, start)) {
            *number = d * f32::from(byte >> shift & 3) - m;
        }
    }
}

/// Groups of 16: scale · (q − 4), a scale of six bits less 32
#[inline(always)]
pub fn q3_k(block: &[u8; 110], numbers: &mut [f32; 256]) {
    let (thirds, rest) = parts::<32>(block);
    let (twos, rest) = parts::<64>(rest);
    let (scales, rest) = parts::<12>(rest);
    let d = scale(rest[0], rest[1]);
    for (group, numbers) in numbers.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let low = scales[group % 8] >> (group / 8 * 4) & 15;
        let high = scales[8 + group % 4] >> (group / 4 * 2) & 3;
        let d = d * (f32::from(low | high << 4) - 32.0);
        let (start, shift) = place_of_two_bits(group);
        let thirds = alone::<16>(thirds, group % 2 * 16);
        for ((number, &byte), &third) in numbers.iter_mut().zip(&alone::<16>(twos, start)).zip(&thirds) {
            let q = byte >> shift & 3 | (third >> (group / 2) & 1) << 2;
            *number = d * (f32::from(q) - 4.0);
        }
    }
}

/// Groups of 32: scale · q − minimum, both of six bits
#[inline(always)]
pub fn q4_k(block: &[u8; 144], numbers: &mut [f32; 256]) {
    let (head, nibbles) = parts::<16>(block);
    let groups = six_bits(head);
    for (group, (numbers, (d, m))) in numbers.as_chunks_mut::<32>().0.iter_mut().zip(groups).enumerate() {
        let nibbles = alone::<32>(nibbles, group / 2 * 32);
        let shift = group % 2 * 4;
        for (number, &byte) in numbers.iter_mut().zip(&nibbles) {
            *number = d * f32::from(byte >> shift & 15) - m;
        }
    }
}

/// Groups of 32: scale · q − minimum, both of six bits, the fifth bits of all numbers in front of the others
#[inline(always)]
pub fn q5_k(block: &[u8; 176], numbers: &mut [f32; 256]) {
    let (head, rest) = parts::<16>(block);
    let (fifths, nibbles) = parts::<32>(rest);
    let groups = six_bits(head);
    for (group, (numbers, (d, m))) in numbers.as_chunks_mut::<32>().0.iter_mut().zip(groups).enumerate() {
        let nibbles = alone::<32>(nibbles, group / 2 * 32);
        let shift = group % 2 * 4;
        for ((number, &byte), &fifth) in numbers.iter_mut().zip(&nibbles).zip(fifths) {
            let q = byte >> shift & 15 | (fifth >> group & 1) << 4;
            *number = d * f32::from(q) - m;
        }
    }
}

/// Groups of 16: scale · (q − 32), a scale of eight bits
#[inline(always)]
pub fn q6_k(block: &[u8; 210], numbers: &mut [f32; 256]) {
    let (nibbles, rest) = parts::<128>(block);
    let (twos, rest) = parts::<64>(rest);
    let (scales, rest) = parts::<16>(rest);
    let d = scale(rest[0], rest[1]);
    for (group, (numbers, &small)) in numbers.as_chunks_mut::<16>().0.iter_mut().zip(scales).enumerate() {
        let d = d * f32::from(small.cast_signed());
        let nibbles = alone::<16>(nibbles, group / 8 * 64 + group % 4 * 16);
        let shift_of_nibble = group / 4 % 2 * 4;
        let (start, shift) = place_of_two_bits(group);
        for ((number, &byte), &high) in numbers.iter_mut().zip(&nibbles).zip(&alone::<16>(twos, start)) {
            let q = byte >> shift_of_nibble & 15 | (high >> shift & 3) << 4;
            *number = d * (f32::from(q) - 32.0);
        }
    }
}

/// Groups of 32: scale · one of sixteen uneven steps, a scale of six bits less 32
#[inline(always)]
pub fn iq4_xs(block: &[u8; 136], numbers: &mut [f32; 256]) {
    let (&[a, b, c, e, ref lows @ ..], nibbles) = parts::<8>(block);
    let (d, highs) = (scale(a, b), u16::from_le_bytes([c, e]));
    for (group, numbers) in numbers.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let low = u16::from(lows[group / 2] >> (group % 2 * 4) & 15);
        let d = d * (f32::from(low | (highs >> (group * 2) & 3) << 4) - 32.0);
        let nibbles = alone::<16>(nibbles, group * 16);
        let (first, others) = numbers.split_at_mut(16);
        for ((low, high), &byte) in first.iter_mut().zip(others).zip(&nibbles) {
            *low = d * UNEVEN[usize::from(byte & 15)];
            *high = d * UNEVEN[usize::from(byte >> 4)];
        }
    }
}

/// The first `N` bytes, and the others. There are as many: blocks have a known length.
#[inline(always)]
fn parts<const N: usize>(bytes: &[u8]) -> (&[u8; N], &[u8]) {
    bytes.split_first_chunk().unwrap_or((&[0; N], &[]))
}

/// The bytes of one group by itself: the compiler would gather single bytes from several groups, which takes longer.
#[inline(always)]
fn alone<const N: usize>(bytes: &[u8], start: usize) -> [u8; N] {
    *black_box(parts::<N>(bytes.get(start..).unwrap_or_default()).0)
}

/// Where the two bits of each of a group's 16 numbers begin, and by how much they are shifted there: a byte has those of
/// four numbers, 32 apart.
#[inline(always)]
fn place_of_two_bits(group: usize) -> (usize, usize) {
    (group / 8 * 32 + group % 2 * 16, group / 2 % 4 * 2)
}

/// Scale and minimum of each of eight groups: those of the block, as f16, times 16 numbers of six bits in twelve bytes,
/// of which the upper two bits of the last eight are in the first eight bytes.
#[inline(always)]
fn six_bits(head: &[u8; 16]) -> [(f32, f32); 8] {
    let &[a, b, c, e, ref small @ ..] = head;
    let (d, m) = (scale(a, b), scale(c, e));
    std::array::from_fn(|group| {
        let (of_scale, of_minimum) = if group < 4 {
            (small[group] & 63, small[group + 4] & 63)
        } else {
            let low = small[group + 4];
            (low & 15 | small[group - 4] >> 2 & 0x30, low >> 4 | small[group] >> 2 & 0x30)
        };
        (d * f32::from(of_scale), m * f32::from(of_minimum))
    })
}
