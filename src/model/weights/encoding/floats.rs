//! Floating-point numbers of 4 to 32 bits.

#![expect(clippy::inline_always, reason = "what is called under a dispatch has to be compiled for its instructions")]

#[inline(always)]
pub fn f32(bytes: &[u8; 4], number: &mut [f32; 1]) {
    number[0] = f32::from_le_bytes(*bytes);
}

/// The bits of a bf16 are the upper half of an f32's.
#[inline(always)]
pub fn bf16(bytes: &[u8; 2], number: &mut [f32; 1]) {
    number[0] = f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16);
}

#[inline(always)]
pub fn f16(bytes: &[u8; 2], number: &mut [f32; 1]) {
    number[0] = scale(bytes[0], bytes[1]);
}

/// The f16 of two bytes, as blocks have it as their scale.
#[inline(always)]
pub fn scale(low: u8, high: u8) -> f32 {
    /// Where an f32 has the exponent of an f16.
    const EXPONENT: u32 = 0x7C00 << 13;
    /// 2⁻¹⁴, the least normal number.
    const LEAST: u32 = (127 - 14) << 23;
    let half = u32::from(u16::from_le_bytes([low, high]));
    let magnitude = (half & 0x7FFF) << 13;
    let magnitude = match magnitude & EXPONENT {
        // A subtraction, because processors are slow where an f32 itself is below its least normal number.
        0 => (f32::from_bits(magnitude + LEAST) - f32::from_bits(LEAST)).to_bits(),
        // Infinite or not a number.
        EXPONENT => magnitude + ((255 - 31) << 23),
        _ => magnitude + ((127 - 15) << 23),
    };
    f32::from_bits(magnitude | (half & 0x8000) << 16)
}

#[inline(always)]
pub fn f8_e4m3(byte: &[u8; 1], number: &mut [f32; 1]) {
    number[0] = E4M3[usize::from(byte[0])];
}

/// A table, because many weights are below the least normal number, where arithmetic is slow.
static E4M3: [f32; 256] = {
    let mut numbers = [0.0; 256];
    let mut byte = 0_u32;
    while byte < 256 {
        let (exponent, mantissa) = ((byte >> 3) & 15, byte & 7);
        let magnitude = match (exponent, mantissa) {
            (15, 7) => f32::NAN,
            (0, _) => mantissa as f32 / 512.0,
            _ => f32::from_bits((exponent + 127 - 7) << 23 | mantissa << 20),
        };
        numbers[byte as usize] = if byte < 128 { magnitude } else { -magnitude };
        byte += 1;
    }
    numbers
};

/// 2ⁿ⁻¹²⁷; 255 is not a number.
#[inline(always)]
pub fn f8_e8m0(byte: &[u8; 1], number: &mut [f32; 1]) {
    number[0] = f32::from_bits(match u32::from(byte[0]) {
        0 => 1 << 22,
        255 => f32::NAN.to_bits(),
        n => n << 23,
    });
}

#[inline(always)]
pub fn f4_e2m1(byte: &[u8; 1], numbers: &mut [f32; 2]) {
    const NUMBERS: [f32; 16] = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0];
    *numbers = [NUMBERS[usize::from(byte[0] & 15)], NUMBERS[usize::from(byte[0] >> 4)]];
}
