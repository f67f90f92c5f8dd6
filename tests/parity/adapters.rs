//! Adapters over their models, beside transformers and peft (`tests/parity/adapters/make.py`).

use std::{fs, path::Path};

use attenuate::{
    attention::{Epsilon, PanelId},
    engine::{Bundled, Engine, Prompt, Reference, RunSpec, SourceSpec},
    session::Session,
};
use safetensors::SafeTensors;

use crate::support::grids::all_at;

const IDS: [u32; 8] = [0, 5, 17, 40, 99, 250, 5, 17];

#[test]
fn an_adapter_is_merged_as_peft_merges_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    // alpha/r; alpha/√r; ranks and alphas of their own; modules that are saved whole; weights that lie [in, out].
    for (case, base) in
        [("plain", "llama"), ("stabilized", "llama"), ("patterns", "llama"), ("saved", "llama"), ("turned", "gpt2")]
    {
        let adapter = root.join("parity/adapters").join(case);
        let folder = tempfile::tempdir().unwrap();
        for (from, name) in [
            (root.join("goldens").join(base), "config.json"),
            (root.join("goldens").join(base), "model.safetensors"),
            (adapter.clone(), "adapter_config.json"),
            (adapter.clone(), "adapter_model.safetensors"),
        ] {
            fs::copy(from.join(name), folder.path().join(name)).unwrap();
        }
        let bytes = fs::read(adapter.join("golden.safetensors")).unwrap();
        let golden = SafeTensors::deserialize(&bytes).unwrap();
        let shape = golden.tensor("attn").unwrap().shape().to_vec();
        let &[n_layers, n_heads, n, _] = shape.as_slice() else { panic!("{shape:?}") };
        let [expected, of_base] = ["attn", "base"].map(|name| {
            let tensor = golden.tensor(name).unwrap();
            tensor.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect::<Vec<f32>>()
        });
        let source = SourceSpec::Folder(folder.path().to_owned());
        let (prompt, reference) = (Prompt::TokenIds(IDS.to_vec()), Reference::Base);
        let spec = RunSpec { source, prompt, reference, ..Session::example(Bundled::Austen).run_spec() }
            .with(|experiment| experiment.epsilon = all_at(Epsilon::ONE));
        let mut engine = Engine::default();
        for (layer, head) in (0..n_layers).flat_map(|layer| (0..n_heads).map(move |head| (layer, head))) {
            let spec = spec.clone().with(|experiment| (experiment.layer, experiment.head) = (layer, head));
            let outcome = engine.run(&spec, &|| false).unwrap();
            assert!(outcome.facts.notices.iter().any(|notice| notice.brief == "with its adapter"));
            for (query, key) in (0..n).flat_map(|query| (0..=query).map(move |key| (query, key))) {
                let at = ((layer * n_heads + head) * n + query) * n + key;
                let base = outcome.compared_with(PanelId::FIRST);
                for (panel, own) in [(&outcome.baseline, expected[at]), (base, of_base[at])] {
                    let weight = panel.pattern.exact_cell(query, key).unwrap().weight;
                    assert!((weight - own).abs() < 1e-5, "{case} {layer}:{head} [{query}, {key}]: {weight} for {own}");
                }
            }
        }
    }
}
