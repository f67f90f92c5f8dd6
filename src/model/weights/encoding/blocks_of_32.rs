//! Quantized blocks of 32 numbers with one scale: `Q4_0`, `Q4_1`, `Q5_0`, `Q5_1`, `Q8_0`, `IQ4_NL`, `MXFP4`.
//!
//! Of bytes that hold two numbers, the low halves are the first 16 and the high halves the others.

#![expect(clippy::inline_always, reason = "what is called under a dispatch has to be compiled for its instructions")]

use super::floats::scale;

/// Of `IQ4_NL` and `IQ4_XS`: closer together about zero.
pub const UNEVEN: [f32; 16] =
    [-127.0, -104.0, -83.0, -65.0, -49.0, -35.0, -22.0, -10.0, 1.0, 13.0, 25.0, 38.0, 53.0, 69.0, 89.0, 113.0];

/// scale · (q − 8)
#[inline(always)]
pub fn q4_0([a, b, nibbles @ ..]: &[u8; 18], numbers: &mut [f32; 32]) {
    let d = scale(*a, *b);
    for (number, q) in numbers.iter_mut().zip(fours(nibbles)) {
        *number = d * (f32::from(q) - 8.0);
    }
}

/// scale · q + minimum
#[inline(always)]
pub fn q4_1([a, b, c, e, nibbles @ ..]: &[u8; 20], numbers: &mut [f32; 32]) {
    let (d, m) = (scale(*a, *b), scale(*c, *e));
    for (number, q) in numbers.iter_mut().zip(fours(nibbles)) {
        *number = d * f32::from(q) + m;
    }
}

/// scale · (q − 16), the fifth bits of all numbers in front of the others
#[inline(always)]
pub fn q5_0([a, b, e, f, g, h, nibbles @ ..]: &[u8; 22], numbers: &mut [f32; 32]) {
    let d = scale(*a, *b);
    for (number, q) in numbers.iter_mut().zip(fives(nibbles, [*e, *f, *g, *h])) {
        *number = d * (f32::from(q) - 16.0);
    }
}

/// scale · q + minimum, likewise
#[inline(always)]
pub fn q5_1([a, b, c, e, f, g, h, i, nibbles @ ..]: &[u8; 24], numbers: &mut [f32; 32]) {
    let (d, m) = (scale(*a, *b), scale(*c, *e));
    for (number, q) in numbers.iter_mut().zip(fives(nibbles, [*f, *g, *h, *i])) {
        *number = d * f32::from(q) + m;
    }
}

/// scale · q
#[inline(always)]
pub fn q8_0([a, b, bytes @ ..]: &[u8; 34], numbers: &mut [f32; 32]) {
    let d = scale(*a, *b);
    for (number, byte) in numbers.iter_mut().zip(*bytes) {
        *number = d * f32::from(byte.cast_signed());
    }
}

/// scale · one of sixteen uneven steps
#[inline(always)]
pub fn iq4_nl([a, b, nibbles @ ..]: &[u8; 18], numbers: &mut [f32; 32]) {
    let d = scale(*a, *b);
    for (number, q) in numbers.iter_mut().zip(fours(nibbles)) {
        *number = d * UNEVEN[usize::from(q)];
    }
}

/// 2ᵉ⁻¹²⁸ · twice E2M1
#[inline(always)]
pub fn mxfp4([e, nibbles @ ..]: &[u8; 17], numbers: &mut [f32; 32]) {
    let d = f32::from_bits(match u32::from(*e) {
        e @ 0..2 => 0x0020_0000 << e,
        e => (e - 1) << 23,
    });
    for (number, q) in numbers.iter_mut().zip(fours(nibbles)) {
        *number = d * twice_e2m1(q);
    }
}

/// Twice the numbers of E2M1: 0, 1, 2, 3, 4, 6, 8, 12, and the same below 0. Its −0 is 0 here, as in the reference.
#[inline(always)]
fn twice_e2m1(q: u8) -> f32 {
    let magnitude = i32::from(q & 7);
    let magnitude = if magnitude < 2 { magnitude } else { (magnitude & 1 | 2) << (magnitude / 2 - 1) };
    (if q < 8 { magnitude } else { -magnitude }) as f32
}

/// The four bits of each number.
#[inline(always)]
fn fours(nibbles: &[u8; 16]) -> [u8; 32] {
    let mut fours = [0; 32];
    for (i, &byte) in nibbles.iter().enumerate() {
        fours[i] = byte & 15;
        fours[i + 16] = byte >> 4;
    }
    fours
}

/// The five bits of each number.
#[inline(always)]
fn fives(nibbles: &[u8; 16], fifths: [u8; 4]) -> [u8; 32] {
    let mut fives = fours(nibbles);
    for (i, five) in fives.iter_mut().enumerate() {
        *five |= (fifths[i / 8] >> (i % 8) & 1) << 4;
    }
    fives
}
