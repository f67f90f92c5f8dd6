//! Adapters over their models, beside transformers and peft (`tests/parity/adapters/make.py`).

use std::{fs, path::Path};

use attenuate::{
    engine::{Bundled, Engine, Prompt, RunSpec, SourceSpec},
    session::Session,
};
use safetensors::SafeTensors;

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
        let attn = golden.tensor("attn").unwrap();
        let &[n_layers, n_heads, n, _] = attn.shape() else { panic!("{:?}", attn.shape()) };
        let expected: Vec<f32> = attn.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        let source = SourceSpec::Folder(folder.path().to_owned());
        let spec =
            RunSpec { source, prompt: Prompt::TokenIds(IDS.to_vec()), ..Session::example(Bundled::Austen).run_spec() };
        let mut engine = Engine::default();
        for (layer, head) in (0..n_layers).flat_map(|layer| (0..n_heads).map(move |head| (layer, head))) {
            let spec = spec.clone().with(|experiment| (experiment.layer, experiment.head) = (layer, head));
            let outcome = engine.run(&spec, &|| false).unwrap();
            assert!(outcome.facts.notices.iter().any(|notice| notice.brief == "with its adapter"));
            for (query, key) in (0..n).flat_map(|query| (0..=query).map(move |key| (query, key))) {
                let weight = outcome.baseline.pattern.exact_cell(query, key).unwrap().weight;
                let own = expected[((layer * n_heads + head) * n + query) * n + key];
                assert!((weight - own).abs() < 1e-5, "{case} {layer}:{head} [{query}, {key}]: {weight} for {own}");
            }
        }
    }
}
