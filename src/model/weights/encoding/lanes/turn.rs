//! Words of rows side by side, in registers of x86.

use pulp::{
    cast,
    x86::{V3, V4},
};

use super::by_lanes::Lanes;

impl Lanes<16> for V4 {
    #[inline(always)]
    fn turned_words(self, rows: [&[u8; 16]; 16]) -> [Self::u32s; 4] {
        let f = self.avx512f;
        let mut quarters = [f._mm512_setzero_si512(); 4];
        for (i, quarter) in quarters.iter_mut().enumerate() {
            let first = f._mm512_castsi128_si512(cast(*rows[i]));
            let two = f._mm512_inserti32x4::<1>(first, cast(*rows[i + 4]));
            let three = f._mm512_inserti32x4::<2>(two, cast(*rows[i + 8]));
            *quarter = f._mm512_inserti32x4::<3>(three, cast(*rows[i + 12]));
        }
        let [a, b, c, d] = quarters;
        let low = [f._mm512_unpacklo_epi32(a, b), f._mm512_unpacklo_epi32(c, d)];
        let high = [f._mm512_unpackhi_epi32(a, b), f._mm512_unpackhi_epi32(c, d)];
        [
            cast(f._mm512_unpacklo_epi64(low[0], low[1])),
            cast(f._mm512_unpackhi_epi64(low[0], low[1])),
            cast(f._mm512_unpacklo_epi64(high[0], high[1])),
            cast(f._mm512_unpackhi_epi64(high[0], high[1])),
        ]
    }

    #[inline(always)]
    fn words(self, words: [u32; 16]) -> Self::u32s {
        cast(words)
    }
}

impl Lanes<8> for V3 {
    #[inline(always)]
    fn turned_words(self, rows: [&[u8; 16]; 8]) -> [Self::u32s; 4] {
        let (avx, avx2) = (self.avx, self.avx2);
        let mut quarters = [avx._mm256_setzero_si256(); 4];
        for (i, quarter) in quarters.iter_mut().enumerate() {
            let first = avx._mm256_castsi128_si256(cast(*rows[i]));
            *quarter = avx2._mm256_inserti128_si256::<1>(first, cast(*rows[i + 4]));
        }
        let [a, b, c, d] = quarters;
        let low = [avx2._mm256_unpacklo_epi32(a, b), avx2._mm256_unpacklo_epi32(c, d)];
        let high = [avx2._mm256_unpackhi_epi32(a, b), avx2._mm256_unpackhi_epi32(c, d)];
        [
            cast(avx2._mm256_unpacklo_epi64(low[0], low[1])),
            cast(avx2._mm256_unpackhi_epi64(low[0], low[1])),
            cast(avx2._mm256_unpacklo_epi64(high[0], high[1])),
            cast(avx2._mm256_unpackhi_epi64(high[0], high[1])),
        ]
    }

    #[inline(always)]
    fn words(self, words: [u32; 8]) -> Self::u32s {
        cast(words)
    }
}
