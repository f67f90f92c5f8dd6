//! What `quantization_config` says of weights that are not plain numbers.

use crate::model::{
    ModelError,
    config::{Config, wrong},
};

const KEY: &str = "quantization_config";

/// Passes weights in FP8 and MXFP4, whose tensors tell by themselves how they are scaled.
///
/// # Errors
/// When they are quantized otherwise.
pub fn check_quantization(config: Config<'_>) -> Result<(), ModelError> {
    const BLOCK: &str = "weight_block_size";
    let Some(quantization) = config.object(KEY)? else { return Ok(()) };
    match quantization.text("quant_method")? {
        Some("mxfp4") => Ok(()),
        Some("fp8") => {
            if let Some(block) = quantization.counts(BLOCK)?
                && block != [128, 128]
            {
                return Err(wrong(BLOCK, "[128, 128]", format!("{block:?}")));
            }
            match quantization.text("activation_scheme")? {
                None | Some("dynamic") => Ok(()),
                Some(other) => Err(ModelError::Unsupported {
                    what: "activation_scheme",
                    found: other.to_owned(),
                    supported: "dynamic is",
                }),
            }
        }
        _ => config.refuse(&[KEY], "unquantized weights, quant_method fp8 and quant_method mxfp4 are"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fp8_in_blocks_and_mxfp4_are_read() {
        let check = |quantization| {
            let config = json!({ KEY: quantization });
            check_quantization(Config::new(config.as_object().unwrap())).map_err(|error| error.to_string())
        };
        assert_eq!(check(json!(null)), Ok(()));
        assert_eq!(check(json!({"quant_method": "mxfp4", "modules_to_not_convert": ["lm_head"]})), Ok(()));
        let fp8 = |block| json!({"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": block});
        assert_eq!(check(fp8(json!([128, 128]))), Ok(()));
        assert_eq!(check(fp8(json!(null))), Ok(()));
        let refusal = |quantization| check(quantization).unwrap_err();
        assert!(refusal(fp8(json!([64, 128]))).contains("weight_block_size must be [128, 128], found [64, 128]"));
        assert!(
            refusal(json!({"quant_method": "fp8", "activation_scheme": "static"})).contains("activation_scheme static")
        );
        assert!(refusal(json!({"quant_method": "gptq"})).starts_with("quantization_config {"));
        assert!(refusal(json!({"bits": 4})).starts_with("quantization_config {"));
        assert!(refusal(json!(4)).contains("quantization_config must be an object"));
    }
}
