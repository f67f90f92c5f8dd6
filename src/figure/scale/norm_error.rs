/// Why a text or a pair of limits is not a colour norm.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NormError {
    /// Limits of a linear norm in the wrong order, equal, or not finite.
    #[error("the lower limit must be below the upper one and both finite, found {0}:{1}")]
    Limits(f32, f32),
    /// Limits of a logarithmic norm that are not above zero, in the wrong order, or not finite.
    #[error("limits of a logarithm must be above zero, the lower below the upper and both finite, found {0}:{1}")]
    LogLimits(f32, f32),
    /// A limit that is no number.
    #[error("expected a number, found “{0}”")]
    Number(String),
    /// A word that names no norm.
    #[error(
        "expected linear, log, auto, symmetric, log-symmetric, limits LO:HI such as 0:0.5, or log:LO:HI, found “{0}”"
    )]
    Unknown(String),
}
