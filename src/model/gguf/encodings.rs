//! Which number of a file means which encoding of a tensor.
//!
//! Reference: `ggml_type` in <https://github.com/ggml-org/ggml/blob/master/include/ggml.h>.

use crate::model::weights::encoding::Encoding;

pub const SUPPORTED: &str = "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K to Q6_K, IQ4_NL, IQ4_XS and MXFP4 are";

const READ: [(u32, Encoding); 16] = [
    (0, Encoding::F32),
    (1, Encoding::F16),
    (2, Encoding::Q4_0),
    (3, Encoding::Q4_1),
    (6, Encoding::Q5_0),
    (7, Encoding::Q5_1),
    (8, Encoding::Q8_0),
    (10, Encoding::Q2K),
    (11, Encoding::Q3K),
    (12, Encoding::Q4K),
    (13, Encoding::Q5K),
    (14, Encoding::Q6K),
    (20, Encoding::Iq4Nl),
    (23, Encoding::Iq4Xs),
    (30, Encoding::Bf16),
    (39, Encoding::Mxfp4),
];

/// What else may be met.
const KNOWN: [(u32, &str); 20] = [
    (9, "Q8_1"),
    (15, "Q8_K"),
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (24, "I8"),
    (25, "I16"),
    (26, "I32"),
    (27, "I64"),
    (28, "F64"),
    (29, "IQ1_M"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (40, "NVFP4"),
    (41, "Q1_0"),
    (4, "Q4_2"),
    (5, "Q4_3"),
];

/// # Errors
/// The encoding's name, or its code where it has none, when it cannot be read.
pub fn from_code(code: u32) -> Result<Encoding, String> {
    if let Some(&(_, encoding)) = READ.iter().find(|&&(known, _)| known == code) {
        return Ok(encoding);
    }
    let name = KNOWN.iter().find(|&&(known, _)| known == code);
    Err(name.map_or_else(|| code.to_string(), |&(_, name)| name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_has_a_name() {
        assert_eq!(from_code(12), Ok(Encoding::Q4K));
        assert_eq!(from_code(18).unwrap_err(), "IQ3_XXS");
        assert_eq!(from_code(4_000_000_000).unwrap_err(), "4000000000");
        assert!(KNOWN.iter().all(|&(code, name)| from_code(code).unwrap_err() == name));
    }
}
