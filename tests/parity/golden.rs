//! Reads `tests/goldens`: cases are discovered from the files, never listed here.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use attenuate::{
    attention::{
        Component, Epsilon, Heads, Intervention, LayerAttention, LayerQkv, Mask, Operation, Pattern, PositionScope,
        Reach,
    },
    model::{LanguageModel, ModelError, Residual, bundled, run},
};
use ndarray::{Array2, Array4, ArrayD, Ix2, Ix4};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::Value;

/// One folder of `tests/goldens`, and its model as we load it.
pub struct Golden {
    pub name: String,
    pub model: LanguageModel,
    pub token_ids: Vec<u32>,
    tensors: HashMap<String, ArrayD<f32>>,
    /// By the name of their case, `base` the unmodified model's; none in some files.
    pub continuations: HashMap<String, GoldenText>,
    pub cases: Vec<Case>,
    /// The largest difference between PyTorch's own patterns in f32 and in f64, where it is stored.
    pub rounding: f64,
}

const ENCODERS: [&str; 4] = ["roberta", "distilbert", "electra", "modernbert"];

/// A stored intervention; `name` is the prefix of its tensors.
pub struct Case {
    pub name: String,
    pub component: Component,
    pub operation: Operation,
    pub epsilon: Epsilon,
    pub reach: Reach,
}

/// What PyTorch wrote behind the prompt, greedily, and KL(baseline ‖ modified) of each step.
pub struct GoldenText {
    pub token_ids: Vec<u32>,
    pub kl: Option<Vec<f64>>,
}

/// Vectors of all layers and logits of all positions, under an intervention.
pub struct Run {
    intervention: Option<Intervention>,
    layers: Vec<Arc<LayerQkv>>,
    pub logits: Array2<f32>,
}

pub fn goldens_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens")
}

pub fn goldens() -> Vec<Golden> {
    let folders = fs::read_dir(goldens_folder()).unwrap().map(|entry| entry.unwrap().path());
    let folders: BTreeSet<PathBuf> = folders.filter(|path| path.join("golden.safetensors").exists()).collect();
    let loaded = |folder: PathBuf| load(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let goldens: Vec<Golden> = folders.into_iter().map(loaded).collect();
    assert!(goldens.iter().any(|golden| golden.name == "bundled"));
    assert!(goldens.iter().any(|golden| golden.mask() == Mask::BIDIRECTIONAL));
    goldens
}

/// Every family's, one folder each.
pub fn family_goldens() -> impl Iterator<Item = Golden> {
    let folders = fs::read_dir(goldens_folder().join("families")).unwrap().map(|entry| entry.unwrap().path());
    let folders: BTreeSet<PathBuf> = folders.collect();
    folders.into_iter().map(|folder| load(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())))
}

fn name_of(folder: &Path) -> String {
    folder.file_name().unwrap().to_string_lossy().into_owned()
}

pub fn load(folder: &Path) -> Result<Golden, ModelError> {
    let read = |file: &str| fs::read(folder.join(file)).unwrap();
    let model = if folder.join("config.json").exists() {
        LanguageModel::from_bytes(&read("config.json"), &read("model.safetensors"), None)?
    } else {
        bundled::load()?
    };
    let stored = read("golden.safetensors");
    let stored = SafeTensors::deserialize(&stored).unwrap();
    let token_ids = integers(&stored.tensor("input_ids").unwrap());
    let tensors: HashMap<String, ArrayD<f32>> = stored
        .iter()
        .filter(|(name, _)| name.ends_with(".attn") || name.ends_with(".logits"))
        .map(|(name, view)| (name.to_owned(), array(&view)))
        .collect();
    let text = |name: &str| {
        let case = name.strip_prefix("gen.")?.strip_suffix(".ids")?;
        let token_ids = integers(&stored.tensor(name).unwrap());
        let kl = stored.tensor(&format!("gen.{case}.kl")).ok().map(|view| doubles(&view));
        Some((case.to_owned(), GoldenText { token_ids, kl }))
    };
    let continuations = stored.names().into_iter().filter_map(text).collect();
    let meta: Value = serde_json::from_slice(&read("meta.json")).unwrap();
    let patterns = tensors.keys().filter_map(|name| name.strip_suffix(".attn")).collect::<BTreeSet<_>>();
    let cases: Vec<Case> =
        patterns.into_iter().filter(|name| *name != "base").map(|name| case(name, &meta, &model)).collect();
    assert!(cases.len() >= 6, "three components, at least two ε");
    if let Some(listed) = meta["cases"].as_array() {
        assert_eq!(listed.len(), cases.len(), "as many cases in meta.json as stored");
    }
    let rounding = meta["max_f32_vs_f64"].as_f64().unwrap_or(0.0);
    let golden = Golden { name: name_of(folder), model, token_ids, tensors, continuations, cases, rounding };
    let is_encoder = meta["model_type"].as_str().is_some_and(|model_type| ENCODERS.contains(&model_type));
    let causal = meta["causal"].as_bool().unwrap_or(!is_encoder);
    assert_eq!(golden.mask().is_causal(), causal);
    Ok(golden)
}

/// `{q|k|v}.{scope}.{ε}`, with the scope spelled out in `meta.json`, or else everything.
fn case(name: &str, meta: &Value, model: &LanguageModel) -> Case {
    let mut parts = name.splitn(3, '.');
    let (component, scope, epsilon) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let shape = model.shape();
    let all_heads = 0..shape.n_heads;
    let listed = meta["cases"].as_array().and_then(|cases| cases.iter().find(|case| case["name"] == name));
    let reach = match listed {
        None => {
            assert_eq!(scope, "all", "{name} is described nowhere");
            Reach { heads: Heads::block(0..shape.n_layers, all_heads), positions: PositionScope::All }
        }
        Some(case) => {
            let numbers = |value: &Value| -> Option<BTreeSet<usize>> {
                value.as_array()?.iter().map(|n| n.as_u64().and_then(|n| usize::try_from(n).ok())).collect()
            };
            let layers = numbers(&case["layers"]).unwrap();
            let layers = *layers.first().unwrap()..layers.last().unwrap() + 1;
            let per_group = shape.n_heads / shape.n_kv_heads;
            let number = |key: &str| case[key].as_u64().map(|number| usize::try_from(number).unwrap());
            let group = number("kv_head").map(|kv_head| kv_head * per_group..(kv_head + 1) * per_group);
            let head = number("head").map(|head| head..head + 1);
            Reach {
                heads: Heads::block(layers, head.or(group).unwrap_or(all_heads)),
                positions: numbers(&case["tokens"])
                    .map_or(PositionScope::All, |positions| PositionScope::Selection(positions.into())),
            }
        }
    };
    let component = match component {
        "q" => Component::Query,
        "k" => Component::Key,
        "v" => Component::Value,
        other => panic!("{other} is no component"),
    };
    Case { name: name.to_owned(), component, operation: Operation::Scale, epsilon: epsilon.parse().unwrap(), reach }
}

impl Case {
    pub fn intervention(&self) -> Intervention {
        Intervention::new(self.component, self.operation.clone(), self.epsilon, self.reach.clone())
    }
}

impl Golden {
    pub fn with_model(self, model: LanguageModel) -> Self {
        Self { model, ..self }
    }

    pub fn mask(&self) -> Mask {
        let transformer = self.model.transformer();
        transformer.qkv(0, &transformer.embed(&self.token_ids).unwrap()).unwrap().mask().clone()
    }

    pub fn run(&self, intervention: Option<Intervention>) -> Run {
        let (run, last) = self.headless_run(intervention);
        Run { logits: self.model.transformer().logits(&last).unwrap(), ..run }
    }

    /// A run without logits, and what they are made of.
    pub fn headless_run(&self, intervention: Option<Intervention>) -> (Run, Residual) {
        let transformer = self.model.transformer();
        let residual = transformer.embed(&self.token_ids).unwrap();
        let mut layers = Vec::new();
        let last = run::advance(
            transformer,
            0..self.model.shape().n_layers,
            residual,
            intervention.as_ref(),
            &|| false,
            &mut |_, _, qkv| layers.push(qkv.clone()),
        )
        .unwrap();
        (Run { intervention, layers, logits: Array2::zeros((0, 0)) }, last)
    }

    /// `[layers, heads, T, T]`
    pub fn patterns(&self, case: &str) -> Array4<f32> {
        self.tensors[&format!("{case}.attn")].clone().into_dimensionality::<Ix4>().unwrap()
    }

    /// `[T, vocab]`
    pub fn logits(&self, case: &str) -> Option<Array2<f32>> {
        Some(self.tensors.get(&format!("{case}.logits"))?.clone().into_dimensionality::<Ix2>().unwrap())
    }

    /// The baseline and every stored intervention.
    pub fn runs(&self) -> impl Iterator<Item = (&str, Run)> {
        let baseline = std::iter::once_with(|| ("base", self.run(None)));
        baseline.chain(self.cases.iter().map(|case| (case.name.as_str(), self.run(Some(case.intervention())))))
    }
}

pub fn array(view: &TensorView<'_>) -> ArrayD<f32> {
    assert_eq!(view.dtype(), Dtype::F32);
    let values = view.data().chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
    ArrayD::from_shape_vec(view.shape(), values).unwrap()
}

fn doubles(view: &TensorView<'_>) -> Vec<f64> {
    assert_eq!(view.dtype(), Dtype::F64);
    view.data().chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect()
}

fn integers(view: &TensorView<'_>) -> Vec<u32> {
    assert_eq!(view.dtype(), Dtype::I64);
    let numbers = view.data().chunks_exact(8).map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap()));
    numbers.map(|number| u32::try_from(number).unwrap()).collect()
}

impl Run {
    pub fn pattern(&self, layer: usize, head: usize) -> Pattern {
        let attention = LayerAttention::Vectors(self.layers[layer].clone());
        attention.pattern(layer, head, self.intervention.as_ref().unwrap_or(&Intervention::default()))
    }

    /// Every layer and head with its pattern.
    pub fn all(&self) -> impl Iterator<Item = (usize, usize, Pattern)> {
        let heads = self.layers.iter().enumerate().flat_map(|(layer, qkv)| (0..qkv.n_heads()).map(move |h| (layer, h)));
        heads.map(|(layer, head)| (layer, head, self.pattern(layer, head)))
    }

    /// Every weight of every layer and head, as bits.
    pub fn bits(&self) -> Vec<Vec<u32>> {
        self.all().map(|(_, _, pattern)| pattern.dense().iter().map(|weight| weight.to_bits()).collect()).collect()
    }
}
