/// Why a text or a pair of limits is not a colour norm.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NormError {
    #[error("the lower limit must be below the upper one and both finite, found {0}:{1}")]
    Limits(f32, f32),
    #[error("limits of a logarithm must be above zero, the lower below the upper and both finite, found {0}:{1}")]
    LogLimits(f32, f32),
    #[error("expected a number, found “{0}”")]
    Number(String),
    #[error(
        "expected linear, log, auto, symmetric, log-symmetric, limits LO:HI such as 0:0.5, or log:LO:HI, found “{0}”"
    )]
    Unknown(String),
}
