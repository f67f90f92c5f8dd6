//! From a configuration to the rotary embedding of its heads.

use crate::model::{
    ModelError,
    config::{
        Config,
        rope_config::{RopeConfig, RopeKeys, RopeScaling},
        wrong,
    },
    families::description::Rotary,
};

/// Of a share of each head's dimensions, the first ones.
///
/// # Errors
/// When the configuration is out of bounds or its kind of scaling is not computed.
pub fn partial(config: Config<'_>, keys: RopeKeys, head_dim: usize) -> Result<Rotary, ModelError> {
    let (rope, share) = RopeConfig::read(config, keys)?;
    // Rounded down, like the reference.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and head_dim")]
    let n_dims = (share.min(1.0) * head_dim as f64) as usize;
    if share <= 1.0 && n_dims > 0 && n_dims.is_multiple_of(2) {
        checked(Rotary::halves(rope, n_dims))
    } else {
        Err(wrong(keys.share, format!("a share that rotates an even number of {head_dim} dimensions"), share))
    }
}

/// Of whole heads: references of most families pass over a share, where nothing else is asked of the rotation.
///
/// # Errors
/// Those of [`partial`].
pub fn whole(config: Config<'_>, keys: RopeKeys, head_dim: usize) -> Result<Rotary, ModelError> {
    match RopeConfig::read(config, keys)? {
        (rope, share) if share == 1.0 || rope.scaling == RopeScaling::None => checked(Rotary::halves(rope, head_dim)),
        (_, found) => Err(ModelError::Unsupported {
            what: "partial_rotary_factor",
            found: found.to_string(),
            supported: "with this family's scaled rotation only 1 is",
        }),
    }
}

/// Of whole heads in the layers of one kind, whose object in `rope_parameters` has its name.
///
/// # Errors
/// Those of [`partial`].
pub fn of_layers(
    config: Config<'_>,
    kind: &'static str,
    keys: RopeKeys,
    head_dim: usize,
) -> Result<Rotary, ModelError> {
    const KEY: &str = "rope_parameters";
    let parameters = config.object(KEY)?;
    let of_kind = match parameters {
        Some(parameters) => parameters.object(kind)?,
        None => None,
    };
    if let Some(parameters) = parameters
        && parameters.get("rope_type").is_some()
    {
        return Err(wrong(KEY, "an object for each kind of layer", "one for all"));
    }
    let (rope, _) = RopeConfig::read_from(config, of_kind, keys)?;
    checked(Rotary::halves(rope, head_dim))
}

/// # Errors
/// When a list of factors has not one for each pair of dimensions.
pub fn checked(rotary: Rotary) -> Result<Rotary, ModelError> {
    let n_pairs = rotary.dims.n / 2;
    match rotary.rope.scaling.n_factors().into_iter().find(|&(_, found)| found != n_pairs) {
        Some((key, found)) => Err(wrong(key, format!("a list of {n_pairs} numbers"), format!("{found} numbers"))),
        None => Ok(rotary),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::parse_config;

    fn refusal(json: &str) -> String {
        let keys = parse_config(json.as_bytes()).unwrap();
        whole(Config::new(&keys), RopeKeys::USUAL, 4).unwrap_err().to_string()
    }

    #[test]
    fn a_share_of_scaled_heads_is_refused_where_the_reference_has_none() {
        let linear = r#""rope_type": "linear", "factor": 2, "partial_rotary_factor": 0.5"#;
        assert!(refusal(&format!(r#"{{"rope_scaling": {{{linear}}}}}"#)).starts_with("partial_rotary_factor 0.5 is"));
    }

    #[test]
    fn factors_are_as_many_as_pairs() {
        let long = r#""rope_type": "longrope", "short_factor": [1, 2], "long_factor": [1]"#;
        assert_eq!(
            refusal(&format!(r#"{{"max_position_embeddings": 8, "rope_scaling": {{{long}}}}}"#)),
            "config.json: long_factor must be a list of 2 numbers, found 1 numbers"
        );
    }
}
