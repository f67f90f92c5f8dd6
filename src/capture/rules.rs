//! The attention rule of each layer of a capture, from what is written beside its tensors.

use std::sync::Arc;

use ndarray::Array2;

use super::{
    entry::{Entries, Entry, Numbers},
    error::Problem,
};
use crate::{
    attention::{Mask, Rule},
    base::Excerpt,
};

/// Entries that say by which rule scores become weights.
pub(super) const NAMES: [&str; 8] =
    ["scale", "causal", "window", "softcap", "sinks", "alibi", "attention_mask", "layers"];

/// How many layers, heads, tokens and dimensions there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) n_layers: usize,
    pub(super) n_heads: usize,
    /// The last so many positions have queries.
    pub(super) n_queries: usize,
    pub(super) n_positions: usize,
    pub(super) head_dim: usize,
}

/// The sink logits of one layer, `[n_heads]`, where it has any.
type Sinks = Option<Arc<[f32]>>;

/// The rules of all layers.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    layers: Vec<Rule>,
    /// The model's own number of each layer, where they are not 0, 1, 2, …
    pub(super) numbers: Option<Vec<usize>>,
}

impl Rules {
    /// Reads, each a number or a list of one for each layer unless said otherwise:
    ///
    /// - `scale`: what multiplies q·k. Default 1/√d.
    /// - `causal`: whether a token sees no later one. Default `is_causal`.
    /// - `window` w: |i − j| < w; 0 for none, the default.
    /// - `softcap`: what scores are bent towards; 0 for none, the default.
    /// - `sinks [layers, heads]`: logits that take part in the softmax; a layer without has −∞.
    /// - `alibi [heads, keys]`: what is added to the scores of each key.
    /// - `attention_mask [T]`: 0 for padding, wherever it stands.
    /// - `layers [layers]`: the model's own numbers of them.
    ///
    /// # Errors
    /// When an entry says something else.
    pub(super) fn parse(entries: &Entries, sizes: Sizes, is_causal: bool) -> Result<Self, Problem> {
        let of = Reader { entries, sizes };
        let default_scale = 1.0 / (sizes.head_dim as f64).sqrt();
        let scales = of.layers("scale", "a finite number, or one for each layer", default_scale, f64::is_finite)?;
        let is_flag = |x| x == 0.0 || x == 1.0;
        let default = f64::from(u8::from(is_causal));
        let causal = of.layers("causal", "true or false, or one of them for each layer", default, is_flag)?;
        let first_query = of.first_query(causal.iter().all(|&causal| causal == 1.0))?;
        let is_window = |x: f64| x >= 0.0 && x.fract() == 0.0 && x <= f64::from(u32::MAX);
        let windows = of.layers("window", "a number of keys (0: no window), or one for each layer", 0.0, is_window)?;
        let is_cap = |x: f64| x >= 0.0 && x.is_finite();
        let caps = of.layers("softcap", "a number of at least 0 (0: no cap), or one for each layer", 0.0, is_cap)?;
        let sinks = of.sinks()?;
        let bias =
            of.table("alibi", "finite numbers [heads, keys]", [sizes.n_heads, sizes.n_positions], f64::is_finite)?;
        let bias = bias.map(Arc::new);
        let tokens = of.tokens()?;

        let layers = (0..sizes.n_layers).map(|layer| {
            let direction = if causal[layer] == 1.0 { Mask::CAUSAL } else { Mask::BIDIRECTIONAL };
            let mask = match &tokens {
                Some(tokens) => direction.over_tokens(tokens),
                None => direction,
            };
            let mask = mask.from_query(first_query);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number of keys")]
            let window = windows[layer] as usize;
            Rule {
                scale: scales[layer],
                mask: if window == 0 { mask } else { mask.within(window) },
                softcap: Some(caps[layer]).filter(|&cap| cap > 0.0),
                sinks: sinks.as_ref().and_then(|sinks| sinks[layer].clone()),
                bias: bias.clone(),
            }
        });
        Ok(Self { layers: layers.collect(), numbers: of.numbers_of_layers()? })
    }

    /// The rules of all layers, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.layers.iter()
    }

    /// The rule of a layer, 0-based.
    pub(super) fn layer(&self, layer: usize) -> Option<&Rule> {
        self.layers.get(layer)
    }
}

struct Reader<'a> {
    entries: &'a Entries,
    sizes: Sizes,
}

impl Reader<'_> {
    /// The numbers of an entry, all of which must be `valid`; `None` where it is not there.
    fn numbers(
        &self,
        key: &'static str,
        expected: &'static str,
        valid: impl Fn(f64) -> bool,
    ) -> Result<Option<(&Entry, Numbers)>, Problem> {
        let Some(entry) = self.entries.get(key) else { return Ok(None) };
        let numbers = entry.numbers().filter(|numbers| numbers.values.iter().all(|&value| valid(value)));
        match numbers {
            Some(numbers) => Ok(Some((entry, numbers))),
            None => Err(unexpected(key, expected, entry)),
        }
    }

    /// The position of the first query: query i stands at i + T − `T_q`, where a token sees no later one.
    fn first_query(&self, is_causal: bool) -> Result<usize, Problem> {
        let Sizes { n_queries, n_positions, .. } = self.sizes;
        let first = n_positions.checked_sub(n_queries).filter(|&first| first == 0 || is_causal);
        first.ok_or(Problem::Queries { n_queries, n_keys: n_positions, is_causal })
    }

    /// A number for each layer.
    fn layers(
        &self,
        key: &'static str,
        expected: &'static str,
        default: f64,
        valid: impl Fn(f64) -> bool,
    ) -> Result<Vec<f64>, Problem> {
        let n_layers = self.sizes.n_layers;
        match self.numbers(key, expected, valid)? {
            None => Ok(vec![default; n_layers]),
            Some((_, Numbers { shape, values })) if shape.is_empty() || shape == [1] => Ok(vec![values[0]; n_layers]),
            Some((_, Numbers { shape, values })) if shape == [n_layers] => Ok(values),
            Some((entry, _)) => Err(unexpected(key, expected, entry)),
        }
    }

    /// Numbers of exactly this shape.
    fn table(
        &self,
        key: &'static str,
        expected: &'static str,
        shape: [usize; 2],
        valid: impl Fn(f64) -> bool,
    ) -> Result<Option<Array2<f32>>, Problem> {
        let Some((entry, numbers)) = self.numbers(key, expected, valid)? else { return Ok(None) };
        // One layer or one head may leave out its axis.
        let fits = numbers.shape == shape || (shape[0] == 1 && numbers.shape == [shape[1]]);
        #[expect(clippy::cast_possible_truncation, reason = "f32 is the precision of what a model holds")]
        let values = numbers.values.into_iter().map(|value| value as f32).collect();
        match Array2::from_shape_vec(shape, values) {
            Ok(table) if fits => Ok(Some(table)),
            _ => Err(unexpected(key, expected, entry)),
        }
    }

    /// The sink logits of each layer, `None` for a layer that has −∞ for all heads.
    fn sinks(&self) -> Result<Option<Vec<Sinks>>, Problem> {
        const EXPECTED: &str = "finite numbers [layers, heads] (a layer without sinks: −∞ for all its heads)";
        let Sizes { n_layers, n_heads, .. } = self.sizes;
        let valid = |x: f64| x.is_finite() || x == f64::NEG_INFINITY;
        let Some(table) = self.table("sinks", EXPECTED, [n_layers, n_heads], valid)? else { return Ok(None) };
        let layers = table.outer_iter().map(|row| {
            if row.iter().all(|sink| sink.is_finite()) {
                Some(Some(row.to_vec().into()))
            } else {
                row.iter().all(|sink| sink.is_infinite()).then_some(None)
            }
        });
        match layers.collect::<Option<_>>() {
            Some(layers) => Ok(Some(layers)),
            None => {
                Err(Problem::Metadata {
                    key: "sinks", expected: EXPECTED, found: Excerpt::new("−∞ for some heads")
                })
            }
        }
    }

    /// Which positions are no padding, `[T]`, at least one of them; `None` where nothing is said.
    fn tokens(&self) -> Result<Option<Vec<bool>>, Problem> {
        const EXPECTED: &str = "a 1 for each token, of which there is one, and a 0 for each position of padding";
        let n_positions = self.sizes.n_positions;
        let Some((entry, numbers)) = self.numbers("attention_mask", EXPECTED, |x| x == 0.0 || x == 1.0)? else {
            return Ok(None);
        };
        let has_shape = numbers.shape == [n_positions] || numbers.shape == [1, n_positions];
        let is_token: Vec<bool> = numbers.values.iter().map(|&x| x == 1.0).collect();
        if !has_shape || !is_token.contains(&true) {
            return Err(unexpected("attention_mask", EXPECTED, entry));
        }
        Ok(Some(is_token))
    }

    /// The model's own numbers of the layers.
    fn numbers_of_layers(&self) -> Result<Option<Vec<usize>>, Problem> {
        const EXPECTED: &str = "the model’s number of each layer, in ascending order";
        let valid = |x: f64| x >= 0.0 && x.fract() == 0.0 && x <= f64::from(u32::MAX);
        let Some((entry, numbers)) = self.numbers("layers", EXPECTED, valid)? else { return Ok(None) };
        let ascends = numbers.values.windows(2).all(|pair| pair[0] < pair[1]);
        if numbers.shape != [self.sizes.n_layers] || !ascends {
            return Err(unexpected("layers", EXPECTED, entry));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers of layers")]
        let numbers: Vec<usize> = numbers.values.into_iter().map(|number| number as usize).collect();
        let are_as_in_the_file = numbers.iter().enumerate().all(|(index, &number)| index == number);
        Ok(if are_as_in_the_file { None } else { Some(numbers) })
    }
}

fn unexpected(key: &'static str, expected: &'static str, entry: &Entry) -> Problem {
    Problem::Metadata { key, expected, found: Excerpt::new(&entry.found()) }
}
